"""`python -m coderepair_lsp`: the server on standard input and output."""

from coderepair_lsp.server import main

if __name__ == "__main__":
    main()
