"""`python -m coderepair` is the command line."""

from coderepair.cli.main import run

if __name__ == "__main__":
    run()
