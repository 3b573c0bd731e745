"""`coderepair generate-tests`: a pytest file that pins down what functions do. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from coderepair.cli import options as o

if TYPE_CHECKING:
    from coderepair.testgen.generate import Generated

SCHEMA_VERSION = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("generate-tests")(generate_tests)


def generate_tests(
    file: Annotated[
        str,
        typer.Argument(
            help="The file to make tests for; ::QUALNAME names one function.",
            metavar="FILE[::QUALNAME]",
            show_default=False,
        ),
    ],
    function: Annotated[
        list[str] | None,
        o.option(
            "--function",
            panel=o.TESTS,
            metavar="QUALNAME",
            text="Make tests for this function; repeatable; default: all public ones of the file",
        ),
    ] = None,
    tests: Annotated[
        list[str] | None,
        o.option(
            "--tests",
            panel=o.TESTS,
            metavar="TEST",
            text="Existing tests whose calls are begun with; repeatable; default: those of FILE, if any",
        ),
    ] = None,
    most: Annotated[
        int, typer.Option("--max", min=1, help="Tests of one function", rich_help_panel=o.LIMITS)
    ] = 12,
    output: Annotated[
        Path | None,
        o.option("--output", panel=o.OUTPUT, metavar="PATH", text="Write the tests to a new file"),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="PATH may exist already", rich_help_panel=o.OUTPUT),
    ] = False,
    output_format: Annotated[
        Literal["text", "json"],
        o.option("--output-format", panel=o.OUTPUT, text="What goes to standard output"),
    ] = "text",
    seed: o.Seed = None,
    memory: o.Memory = None,
    python: o.Python = None,
    isolation: o.Isolation = None,
    integrity: o.Integrity = None,
) -> None:
    """Write tests that say what the functions of FILE do now.

    They say nothing of what is right, but for examples of the documentation
    and existing asserts, which are marked: no repair is judged by them.

    Exit code: 0 tests were made, 1 none that are stable and notice a change,
    2 usage, 3 internal, 4 the file cannot be imported or run.
    """
    given = dict(locals())
    from coderepair.cli import output as out
    from coderepair.errors import CodeRepairError

    try:
        generated = _generated(given, o.setting_flags(given))
        text = generated.text.encode("utf-8", "surrogatepass")
        if output is not None and generated.text:
            _write(output, text, overwrite)
    except CodeRepairError as error:
        if output_format == "json":
            out.emit(
                _json({"status": "error", "exit_code": error.exit_code, "message": str(error)})
            )
        raise
    if output_format == "json":
        out.emit(_json(_document(generated, output)))
    elif output is None:
        out.emit(text)
    out.say(_words(generated, output))
    raise typer.Exit(0 if generated.cases else 1)


def _generated(given: Mapping[str, Any], flags: Mapping[str, Any]) -> Generated:
    from coderepair.cli.inputs import find_tests, read_input
    from coderepair.cli.settings import configuration_for
    from coderepair.errors import UsageError
    from coderepair.testgen.cases import is_generated
    from coderepair.testgen.generate import generate

    output = given["output"]
    if output is not None:
        _check_free(output, given["overwrite"])
    inputs = read_input(given["file"], given["function"] or (), given["tests"] or (), ())
    tests = inputs.tests
    if not tests:
        try:
            tests = find_tests(inputs.file.path)
        except UsageError:
            tests = ()
    tests = tuple(each for each in tests if not is_generated(Path(each.partition("::")[0])))
    if output is not None and output.resolve() in [path.resolve() for path in inputs.protected]:
        raise UsageError(f"--output {output}: would overwrite an input")
    settings = configuration_for(inputs.file.path, flags).settings
    file = inputs.file
    return generate(file.path, file.source, inputs.functions, tests, settings, given["most"])


def _check_free(path: Path, overwrite: bool) -> None:
    from coderepair.errors import UsageError

    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists; --overwrite replaces it, or name another file")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"--output {path}: no file can be written there")


def _write(path: Path, text: bytes, overwrite: bool) -> None:
    from coderepair.errors import EngineError, UsageError

    try:
        with path.open("wb" if overwrite else "xb") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists; --overwrite replaces it, or name another file") from None
    except OSError as error:
        raise EngineError(f"{path} cannot be written: {error.strerror or error}") from None


def _words(generated: Generated, output: Path | None) -> str:
    if not generated.cases:
        return "no test was found that is stable and notices a change; nothing was written"
    meant = sum(bool(case.intent) for case in generated.cases)
    said = (
        f"{len(generated.cases)} tests, {meant} of them known intent, the others observed behaviour; "
        f"they notice {generated.noticed} of {generated.mutants} small changes"
    )
    if generated.failing:
        said += f"\nfails now, against what is documented: {', '.join(generated.failing)}"
    return said + ("" if output is None else f"\nwritten to {output}")


def _document(generated: Generated, output: Path | None) -> dict[str, Any]:
    cases = [
        {"name": case.name, "function": case.call.function, "intent": case.intent or None}
        for case in generated.cases
    ]
    return {
        "status": "generated" if generated.cases else "none",
        "exit_code": 0 if generated.cases else 1,
        "tests": cases,
        "failing": list(generated.failing),
        "unstable": generated.unstable,
        "mutants": generated.mutants,
        "noticed": generated.noticed,
        "written": None if output is None or not generated.cases else str(output),
        "text": generated.text,
    }


def _json(document: Mapping[str, Any]) -> bytes:
    import json

    return (json.dumps({"schema_version": SCHEMA_VERSION, **document}) + "\n").encode()
