"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

import typer

from coderepair.config import Settings, key_of

TESTS = "Tests"
LIMITS = "Limits"
SEARCH = "Search"
MODELS = "Models"
OUTPUT = "Output"
PROJECT = "Project"

_FIELDS = {field.name: field for field in fields(Settings)}


def option(*names: str, panel: str, text: str, metavar: str | None = None) -> Any:
    """An option that is None where it is not given, so that the other sources of settings count."""
    return typer.Option(
        *names, help=text, rich_help_panel=panel, metavar=metavar, show_default=False
    )


def setting(name: str, panel: str, metavar: str, text: str, flag: str = "") -> Any:
    """The option of a setting, with the setting's default in its help unless that is empty."""
    default = _FIELDS[name].default
    shown = ",".join(default) if isinstance(default, tuple) else default
    text = text if shown == "" else f"{text} (default: {shown})"
    return option(flag or f"--{key_of(name)}", panel=panel, metavar=metavar, text=text)


File = Annotated[
    str,
    typer.Argument(
        help="The file to repair, or - for standard input; ::QUALNAME names one function.",
        metavar="FILE[::QUALNAME]",
        show_default=False,
    ),
]
MoreTests = Annotated[list[str] | None, typer.Argument(hidden=True, metavar="[TEST]...")]
Tests = Annotated[
    list[str] | None,
    option(
        "--tests",
        panel=TESTS,
        metavar="TEST...",
        text="Test files or pytest node ids; default: test_FILE.py beside FILE or in tests/",
    ),
]
IoTests = Annotated[
    list[str] | None,
    option(
        "--io-tests",
        panel=TESTS,
        metavar="DIR|FILE.jsonl",
        text="FILE reads standard input: NAME.in with NAME.out or NAME.ans, or lines of "
        '{"input": ..., "output": ...}; white space at line ends does not count; repeatable',
    ),
]
TestCommand = Annotated[
    str | None,
    setting(
        "test_command",
        TESTS,
        "COMMAND",
        "Shell command that tests a copy of the project; its exit code counts, and its results "
        "where it prints those of pytest -rA, unittest -v, TAP or JUnit XML",
    ),
]
Functions = Annotated[
    list[str] | None,
    option(
        "--function", panel=TESTS, metavar="QUALNAME", text="Change only this function; repeatable"
    ),
]
Keyword = Annotated[
    str,
    option("-k", panel=TESTS, metavar="EXPRESSION", text="pytest's -k: run only tests that match"),
]
Python = Annotated[
    str | None,
    setting(
        "python",
        PROJECT,
        "PATH",
        "The project's interpreter; default: the active environment, .venv, then those that poetry, "
        "hatch, conda, pixi and uv keep",
    ),
]
Isolation = Annotated[
    str | None,
    setting(
        "isolation",
        PROJECT,
        "LEVEL",
        "Least isolation that will do: L0 process, L1 memory, L2 network, L3 files, L4 namespaces, "
        "L5 virtual machine (default: L3 on Linux)",
    ),
]
Integrity = Annotated[
    str | None,
    setting(
        "integrity",
        PROJECT,
        "MODE",
        "two-process: tests run where no candidate can reach them, or not at all; "
        "shared-process: in the candidate's process; auto: the first as far as each test allows",
    ),
]
TestTimeout = Annotated[
    float | None, setting("test_timeout", LIMITS, "SECONDS", "Time for one check")
]
Memory = Annotated[
    int | None, setting("memory", LIMITS, "MIB", "Memory of one candidate's process")
]
Workers = Annotated[int | None, setting("workers", LIMITS, "N", "Processes that run candidates")]
Timeout = Annotated[float | None, setting("timeout", LIMITS, "SECONDS", "Time for the whole run")]
MaxCandidates = Annotated[
    int | None, setting("max_candidates", LIMITS, "N", "Programs to run against the tests")
]
Rivals = Annotated[
    int | None,
    setting("rivals", SEARCH, "N", "Programs run behind the first that passes, to compare it with"),
]
NoRivals = Annotated[
    bool,
    typer.Option(
        "--no-rivals",
        help="Show the first program that passes; the same as --rivals 0",
        rich_help_panel=SEARCH,
        show_default=False,
    ),
]
Prefer = Annotated[
    str | None,
    setting("prefer", SEARCH, "first|agreement", "Which of several programs that pass is shown"),
]
CallBudget = Annotated[int | None, setting("budget", LIMITS, "N", "Calls of a chat model")]
MaxTokens = Annotated[
    int | None, setting("max_tokens_total", LIMITS, "N", "Tokens that models read and write")
]
Strategy = Annotated[
    str | None,
    setting(
        "strategy",
        SEARCH,
        "NAME",
        "thompson, greedy, bfs, fixed-width, best-of-n, linear, flat, or a class by its dotted path",
    ),
]
C = Annotated[
    float | None,
    setting("c", SEARCH, "C", "How strongly Thompson sampling trusts the score", "--C"),
]
Seed = Annotated[int | None, setting("seed", SEARCH, "N", "The same seed repeats a run")]
ProposerNames = Annotated[str | None, setting("proposers", SEARCH, "NAMES", "Who proposes changes")]
RewriteArm = Annotated[
    str | None,
    setting("rewrite_arm", SEARCH, "auto|on|off", "Whether a model may also rewrite from scratch"),
]
Model = Annotated[
    str | None, setting("model", MODELS, "NAME|PATH.gguf", "embedded, none, or a model file")
]
Endpoint = Annotated[
    str | None, setting("endpoint", MODELS, "URL", "An OpenAI-compatible server to ask")
]
EndpointModel = Annotated[
    str | None,
    setting("endpoint_model", MODELS, "NAME", "Which of the server's models to ask"),
]
Samples = Annotated[int | None, setting("samples", MODELS, "K", "Samples drawn from one prompt")]
FeedbackNames = Annotated[
    str | None,
    setting(
        "feedback", MODELS, "NAMES", "What a chat model is shown, such as failures,ldb,cocogen"
    ),
]
TraceLevel = Annotated[
    str | None,
    setting(
        "trace_level",
        MODELS,
        "block|line|function",
        "Units of the trace that the feedback ldb shows",
    ),
]
Offline = Annotated[
    bool | None,
    typer.Option(
        "--offline",
        help="Refuse endpoints outside this machine.",
        rich_help_panel=MODELS,
        show_default=False,
    ),
]

Write = Annotated[
    bool, typer.Option("--write", "-w", help="Write a verified repair", rich_help_panel=OUTPUT)
]
Diff = Annotated[
    bool,
    typer.Option(
        "--diff",
        help="Only print the patch, as without a terminal; git apply takes it",
        rich_help_panel=OUTPUT,
    ),
]
OutputFormat = Annotated[
    Literal["text", "concise", "json", "jsonl", "diff"] | None,
    option("--output-format", panel=OUTPUT, text="What goes to standard output (default: text)"),
]
Reports = Annotated[
    list[str] | None,
    option(
        "--report",
        panel=OUTPUT,
        metavar="FORMAT=PATH",
        text="Also write a report to a file; repeatable",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no summary", rich_help_panel=OUTPUT)
]


def setting_flags(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a command's parameters that are settings and were given."""
    flags = {name: value for name, value in given.items() if name in _FIELDS and value is not None}
    if given.get("no_rivals"):
        flags["rivals"] = 0
    for name in ("proposers", "feedback"):
        if name in flags:
            flags[name] = [part.strip() for part in flags[name].split(",") if part.strip()]
    return flags
