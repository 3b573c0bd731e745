"""Shows a run on standard error while it goes on: a live tree on a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Protocol

from coderepair.cli.output import say
from coderepair.cli.progress import Progress
from coderepair.events import (
    Asked,
    Baseline,
    Event,
    Improved,
    Rejected,
    SearchStarted,
    Solved,
    Warned,
)
from coderepair.report.terminal import failure_text

if TYPE_CHECKING:
    from rich.live import Live

REDRAWS_PER_SECOND = 5
LINE_INTERVAL_S = 5.0
"""Without a terminal, a line of progress at most this often."""


class View(Protocol):
    """Shows events as they come."""

    def on_event(self, event: Event) -> None: ...

    def close(self) -> None: ...


def open_view(quiet: bool, limit_s: float) -> View:
    """The view that fits standard error."""
    if quiet:
        return QuietView()
    return LiveView(limit_s) if sys.stderr.isatty() else LineView(limit_s)


class QuietView:
    """Says nothing but warnings."""

    def on_event(self, event: Event) -> None:
        if isinstance(event, Warned):
            say(f"coderepair: {event.text}")

    def close(self) -> None:
        return


class LineView:
    """Plain lines: what fails, each new best, who is asked first, and signs of life."""

    def __init__(self, limit_s: float) -> None:
        self.progress = Progress(limit_s)
        self._asked = {"operators"}
        self._last = time.monotonic()

    def on_event(self, event: Event) -> None:
        self.progress.take(event)
        text = note(event)
        if isinstance(event, Asked) and event.proposer not in self._asked:
            # Its model is loaded now, which may take a while.
            self._asked.add(event.proposer)
            text = f"asking the {event.proposer} model"
        if not text and time.monotonic() - self._last >= LINE_INTERVAL_S:
            text = self.progress.headline()
        if text:
            self._last = time.monotonic()
            say(text)

    def close(self) -> None:
        return


class LiveView:
    """A block that is redrawn in place and vanishes at the end; notes scroll by above it."""

    def __init__(self, limit_s: float) -> None:
        self.progress = Progress(limit_s)
        self._live: Live | None = None

    def on_event(self, event: Event) -> None:
        self.progress.take(event)
        text = note(event)
        if isinstance(event, Improved):
            text = ""
        if text:
            self._print(text)
        if self._live is None and isinstance(event, SearchStarted):
            self._start()

    def close(self) -> None:
        if self._live is not None:
            with contextlib.suppress(OSError):
                self._live.stop()
            self._live = None

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True, highlight=False)

        def draw() -> Text:
            width = max(console.width - 1, 20)
            lines = [line[:width] for line in self.progress.lines()]
            return Text("\n".join(lines[: max(console.height - 2, 2)]), no_wrap=True)

        self._live = Live(
            get_renderable=draw,
            console=console,
            refresh_per_second=REDRAWS_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def _print(self, text: str) -> None:
        if self._live is None:
            say(text)
        else:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)


def note(event: Event) -> str:
    """What a person is told of an event, empty for most."""
    match event:
        case Baseline() if not event.report.solved:
            return failure_text(event.report)
        case Warned():
            return f"coderepair: {event.text}"
        case Improved():
            return f"best so far: {event.passed} of {event.total} checks (score {event.score:.3f})"
        case Solved():
            return f"solved after {event.evaluations} programs and {event.seconds:.1f} s"
        case Rejected():
            return f"not a repair after all: {event.reason}"
        case _:
            return ""
