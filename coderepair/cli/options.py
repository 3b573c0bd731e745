"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

import typer

from coderepair.config import Settings

TESTS = "Tests"
LIMITS = "Limits"
SEARCH = "Search"
MODELS = "Models"
OUTPUT = "Output"
PROJECT = "Project"

_FIELDS = {field.name: field for field in fields(Settings)}


def option(
    *names: str, panel: str, text: str, setting: str = "", metavar: str | None = None
) -> Any:
    """An option that is None where it is not given, so that the other sources of settings count."""
    if setting:
        default = _FIELDS[setting].default
        shown = ",".join(default) if isinstance(default, tuple) else default
        text = f"{text} (default: {shown})"
    return typer.Option(
        *names, help=text, rich_help_panel=panel, metavar=metavar, show_default=False
    )


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
    option(
        "--python",
        panel=PROJECT,
        metavar="PATH",
        text="The project's interpreter; default: the active environment, then .venv",
    ),
]
Isolation = Annotated[
    str | None,
    option(
        "--isolation",
        panel=PROJECT,
        metavar="LEVEL",
        text="Least isolation that will do: L0 process, L1 memory, L2 network, L3 files "
        "(default: L3 on Linux)",
    ),
]
TestTimeout = Annotated[
    float | None,
    option(
        "--test-timeout",
        setting="test_timeout",
        panel=LIMITS,
        metavar="SECONDS",
        text="Time for one check",
    ),
]
Memory = Annotated[
    int | None,
    option(
        "--memory",
        setting="memory",
        panel=LIMITS,
        metavar="MIB",
        text="Memory of one candidate's process",
    ),
]
Workers = Annotated[
    int | None,
    option(
        "--workers",
        setting="workers",
        panel=LIMITS,
        metavar="N",
        text="Processes that run candidates",
    ),
]
Timeout = Annotated[
    float | None,
    option(
        "--timeout",
        setting="timeout",
        panel=LIMITS,
        metavar="SECONDS",
        text="Time for the whole run",
    ),
]
MaxCandidates = Annotated[
    int | None,
    option(
        "--max-candidates",
        setting="max_candidates",
        panel=LIMITS,
        metavar="N",
        text="Programs to run against the tests",
    ),
]
CallBudget = Annotated[
    int | None,
    option("--budget", setting="budget", panel=LIMITS, metavar="N", text="Calls of a chat model"),
]
MaxTokens = Annotated[
    int | None,
    option(
        "--max-tokens-total",
        setting="max_tokens_total",
        panel=LIMITS,
        metavar="N",
        text="Tokens that models read and write",
    ),
]
Strategy = Annotated[
    str | None,
    option(
        "--strategy",
        setting="strategy",
        panel=SEARCH,
        metavar="NAME",
        text="thompson, greedy, bfs, fixed-width, best-of-n, linear or flat",
    ),
]
C = Annotated[
    float | None,
    option(
        "--C",
        setting="c",
        panel=SEARCH,
        metavar="C",
        text="How strongly Thompson sampling trusts the score",
    ),
]
Seed = Annotated[
    int | None,
    option("--seed", setting="seed", panel=SEARCH, metavar="N", text="The same seed repeats a run"),
]
ProposerNames = Annotated[
    str | None,
    option(
        "--proposers",
        setting="proposers",
        panel=SEARCH,
        metavar="NAMES",
        text="Who proposes changes",
    ),
]
RewriteArm = Annotated[
    str | None,
    option(
        "--rewrite-arm",
        setting="rewrite_arm",
        panel=SEARCH,
        metavar="auto|on|off",
        text="Whether a model may also rewrite from scratch",
    ),
]
Model = Annotated[
    str | None,
    option(
        "--model",
        setting="model",
        panel=MODELS,
        metavar="NAME|PATH.gguf",
        text="embedded, none, or a model file",
    ),
]
Endpoint = Annotated[
    str | None,
    option("--endpoint", panel=MODELS, metavar="URL", text="An OpenAI-compatible server to ask"),
]
EndpointModel = Annotated[
    str | None,
    option(
        "--endpoint-model",
        panel=MODELS,
        metavar="NAME",
        text="Which of the server's models to ask",
    ),
]
Samples = Annotated[
    int | None,
    option(
        "--samples",
        setting="samples",
        panel=MODELS,
        metavar="K",
        text="Samples drawn from one prompt",
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
    if "proposers" in flags:
        flags["proposers"] = [
            part.strip() for part in flags["proposers"].split(",") if part.strip()
        ]
    return flags
