"""Entry point: finds the command's module, runs it, and turns errors into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

import coderepair
from coderepair.errors import (
    EXIT_ENGINE,
    EXIT_FAILING,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    CodeRepairError,
)

COMMANDS: dict[str, tuple[str, str]] = {
    "fix": ("coderepair.cli.fix", "Repair the failing functions of FILE against its tests."),
    "check": ("coderepair.cli.check", "Run the tests only: graded checks, and why each one fails."),
    "generate-tests": ("coderepair.cli.generate_tests", "Write tests that say what the functions of FILE do now."),
    "explain": ("coderepair.cli.explain", "Why the tests fail: values, steps and lines; no model."),
    "runs": ("coderepair.cli.runs", "The run log: list, show, tree, resume, undo."),
    "model": ("coderepair.cli.model", "Model files: list, info."),
    "bench": ("coderepair.cli.bench", "Measure strategies and proposers on suites of bugs."),
    "doctor": ("coderepair.cli.doctor", "What works here, and the command that mends the rest."),
    "config": ("coderepair.cli.config", "Every setting, its value and where it came from."),
}  # fmt: skip
"""Command -> its module, which has `register(app)`, and the line shown in the list of commands."""

# Typer has click built in since 0.26, and the class has no public name.
_ClickError: type[Exception] = next(
    cls for cls in typer.BadParameter.__mro__ if cls.__name__ == "ClickException"
)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits with the code that `docs` promises."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given or os.environ.get("CODEREPAIR_DEBUG", "") not in ("", "0")
    code = _guarded([a for a in given if a != "--debug"], debug)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
    sys.exit(code)


def build(wanted: str | None) -> typer.Typer:
    """The application with the modules of the wanted command behind it (None: of all commands)."""
    # Rich's panels group the many options of a command; the list of commands does without the import.
    app = typer.Typer(
        name="coderepair",
        help="Repairs a failing Python function against its tests, on your own machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if wanted in COMMANDS else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, (module, help_line) in COMMANDS.items():
        if wanted in (None, name):
            importlib.import_module(module).register(app)
        else:
            app.command(name, help=help_line)(_placeholder)
    return app


def _guarded(arguments: list[str], debug: bool) -> int:
    try:
        return _run(arguments)
    except CodeRepairError as error:
        return _failed(error, debug, error.exit_code, str(error))
    except KeyboardInterrupt as error:
        return _failed(error, debug, EXIT_INTERRUPTED, "interrupted")
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_FAILING
    except _ClickError as error:
        return _usage(error)
    except typer.Abort:
        return EXIT_INTERRUPTED
    except Exception as error:
        kind = f"{type(error).__name__}: {error}".rstrip(": ")
        return _failed(error, debug, EXIT_ENGINE, f"internal error: {kind}; --debug shows where")


def _run(arguments: list[str]) -> int:
    wanted = next((a for a in arguments if not a.startswith("-")), "")
    result: Any = build(wanted)(arguments, prog_name="coderepair", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _failed(error: BaseException, debug: bool, code: int, message: str) -> int:
    if debug:
        traceback.print_exception(error)
    _complain(" ".join(message.split()))
    return code


def _usage(error: Any) -> int:
    """Click's own complaint (`No such option`) on one line."""
    if type(error).__name__.startswith("NoArgsIsHelp"):
        sys.stderr.write(error.format_message() + "\n")
        return EXIT_USAGE
    message = " ".join(error.format_message().split()).rstrip(".?").replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "coderepair"
    _complain(f"{message}; see {command} --help")
    return EXIT_USAGE


def _complain(message: str) -> None:
    try:
        sys.stderr.write(f"coderepair: {message}\n")
    except OSError:
        return


def _silence_stdout() -> None:
    """The reader is gone: what is still buffered goes nowhere, and Python's exit stays quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"coderepair {coderepair.__version__}\n")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks; may stand anywhere."),
) -> None:
    pass


def _placeholder() -> None:
    """Stands in the list of commands for a module that is not imported."""
