"""Where results go: the result on standard output, everything else on standard error, reports to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coderepair.errors import EngineError, UsageError
from coderepair.model import Status
from coderepair.report import json, terminal
from coderepair.report.document import RunReport

_TEXT_FORMATS: dict[str, Callable[[RunReport], str]] = {
    "text": terminal.render,
    "concise": terminal.concise,
    "json": json.render,
    "jsonl": json.render_line,
}
FORMATS = (*_TEXT_FORMATS, "diff")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One `--report FORMAT=PATH`."""

    format: str
    path: Path


def parse_reports(given: Sequence[str], protected: Sequence[Path]) -> list[ReportFile]:
    """The `--report` options. Raises `UsageError` for an unknown format or a path that must not be written."""
    reports = []
    for text in given:
        name, equals, file = text.partition("=")
        if not equals or not file or name not in FORMATS:
            raise UsageError(
                f"--report {text}: write FORMAT=PATH, FORMAT one of {', '.join(FORMATS)}"
            )
        path = Path(file)
        if not path.absolute().parent.is_dir():
            raise UsageError(f"--report {text}: there is no folder {path.absolute().parent}")
        if path.resolve() in [other.resolve() for other in protected]:
            raise UsageError(f"--report {text}: would overwrite an input of the run")
        reports.append(ReportFile(name, path))
    return reports


def render(name: str, report: RunReport) -> bytes:
    """The report in that format. A patch is rendered only for a verified repair."""
    if name == "diff":
        verified = report.status in (Status.REPAIRED, Status.REPAIR_AVAILABLE)
        return report.patch if verified else b""
    return _TEXT_FORMATS[name](report).encode("utf-8", "surrogateescape")


def write_report(file: ReportFile, report: RunReport, events: Sequence[str]) -> None:
    """Writes one report file; JSON Lines has the events of the run before its last line."""
    lines = "".join(events).encode() if file.format == "jsonl" else b""
    try:
        file.path.write_bytes(lines + render(file.format, report))
    except OSError as error:
        raise EngineError(f"{file.path} cannot be written: {error.strerror}") from None


def emit(data: bytes) -> None:
    """Puts the result on standard output, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Puts a remark on standard error."""
    sys.stderr.write(text if text.endswith("\n") else f"{text}\n")
    sys.stderr.flush()


def is_interactive() -> bool:
    """Whether a person can be asked: input, output and errors are all a terminal."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def show_patch(patch: str) -> None:
    """Prints a patch on standard output, coloured as git does; for terminals."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in patch.encode("utf-8", "replace").decode().splitlines():
        console.print(Text(line, style=_style(line)))


def ask(question: str) -> bool:
    """Asks on standard error; only y or yes is a yes, the end of input is a no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        sys.stderr.write(os.linesep)
    return answer.strip().lower() in ("y", "yes")


def _style(line: str) -> str:
    if line.startswith(("+++", "---", "diff --git")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
