"""Which lines of the user's file run, told to the recorder, which attaches them to its next event."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, List, Set

from .recorder import Recorder, Watcher


class Lines(Watcher):
    """Numbers of the lines that ran."""

    def __init__(self) -> None:
        self.numbers: Set[int] = set()

    def told(self) -> List[int]:
        found = sorted(self.numbers)
        self.numbers.clear()
        return found


def start(path: str, recorder: Recorder) -> None:
    """Traces from now on. The recorder forgets the lines that ran while the file was imported."""
    recorder.watcher = watcher = Lines()
    lines = watcher.numbers
    if sys.version_info >= (3, 12):
        _start_monitoring(path, lines)
    else:
        _start_tracing(path, lines)


def _start_tracing(path: str, lines: Set[int]) -> None:
    def local(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            lines.add(frame.f_lineno)
        return local

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != path:
            return None
        lines.add(frame.f_lineno)
        return local

    sys.settrace(trace)


def _start_monitoring(path: str, lines: Set[int]) -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    tool, events = 3, monitoring.events

    def entered(code: Any, _offset: int) -> Any:
        if code.co_filename != path:
            return monitoring.DISABLE
        lines.add(code.co_firstlineno)
        return None

    def line(code: Any, number: int) -> Any:
        if code.co_filename != path:
            return monitoring.DISABLE
        lines.add(number)
        return None

    monitoring.use_tool_id(tool, "coderepair")
    monitoring.register_callback(tool, events.PY_START, entered)
    monitoring.register_callback(tool, events.LINE, line)
    monitoring.set_events(tool, events.PY_START | events.LINE)
