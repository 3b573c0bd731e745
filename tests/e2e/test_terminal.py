"""A person at a terminal: the live view, the question, Ctrl-C."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pytest
from real_command import COMMAND, IMPOSSIBLE, LAST, LAST_FIXED, Project

HOPELESS = "def last(xs):\n    a = 1\n    b = 2\n    c = a + b\n    return [a, b, c, 'never']\n"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@contextmanager
def terminal(project: Project, *arguments: str) -> Iterator[pexpect.spawn[str]]:
    """The command at a terminal of 100 columns."""
    command = [*COMMAND[1:], *arguments]
    environ = {**project.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    child = pexpect.spawn(
        COMMAND[0],
        command,
        cwd=str(project.path),
        env=environ,  # type: ignore[arg-type]
        timeout=150,
        encoding="utf-8",
        dimensions=(30, 100),
    )
    try:
        yield child
    finally:
        child.close(force=True)


def _fix(project: Project, *more: str) -> tuple[str, ...]:
    return ("fix", "solution.py", "--tests", "test_solution.py", "--model", "none", *more)


def test_the_question_is_asked_and_yes_writes(last: Project) -> None:
    with terminal(last, *_fix(last)) as child:
        child.expect("3 of 3 checks fail")
        child.expect(re.escape("+    return xs[-1]"))
        child.expect("verified: 2 of 2 tests pass")
        child.expect(re.escape("write it to solution.py? [y/N]"))
        assert last.read() == LAST
        child.sendline("y")
        child.expect("runs undo")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert last.read() == LAST_FIXED


@pytest.mark.parametrize("answer", ["", "\x04", pytest.param("never", marks=pytest.mark.slow)])
def test_anything_but_yes_writes_nothing(last: Project, answer: str) -> None:
    before = last.snapshot()
    with terminal(last, *_fix(last)) as child:
        child.expect(re.escape("[y/N]"))
        child.send(answer) if answer == "\x04" else child.sendline(answer)
        child.expect("nothing was written")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 1
    assert last.snapshot() == before


def test_an_interrupt_at_the_question_writes_nothing(last: Project) -> None:
    before = last.snapshot()
    with terminal(last, *_fix(last)) as child:
        child.expect(re.escape("[y/N]"))
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert last.snapshot() == before


@pytest.mark.parametrize("flag", ["--write", "--diff"])
def test_with_a_choice_made_nobody_is_asked(last: Project, flag: str) -> None:
    with terminal(last, *_fix(last, flag)) as child:
        child.expect(pexpect.EOF)
        assert "[y/N]" not in child.before
        child.wait()
        assert child.exitstatus == (0 if flag == "--write" else 1)


def test_ctrl_c_shows_the_best_and_leaves_the_file(last: Project) -> None:
    last.write("solution.py", HOPELESS)
    last.write("test_solution.py", IMPOSSIBLE)
    before = last.snapshot()
    with terminal(last, *_fix(last, "--timeout", "60")) as child:
        child.expect("searching")
        child.sendintr()
        child.expect("stopping with the best so far")
        child.expect("interrupted")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert last.snapshot() == before


def test_the_live_view_is_calm_and_gone_at_the_end(last: Project) -> None:
    last.write("solution.py", HOPELESS)
    last.write("test_solution.py", IMPOSSIBLE)
    begin = time.monotonic()
    with terminal(last, *_fix(last, "--max-candidates", "100")) as child:
        child.expect(pexpect.EOF)
        shown = child.before
    assert 2 <= shown.count("s left") <= (time.monotonic() - begin) * 10
    assert "searching with operators | best 0/2" in shown
    after = _ESCAPES.sub("", shown[shown.rindex("s left") :])
    assert "raise --max-candidates" in after


def test_sigterm_is_an_interrupt(last: Project) -> None:
    last.write("solution.py", HOPELESS)
    last.write("test_solution.py", IMPOSSIBLE)
    before = last.snapshot()
    with terminal(last, *_fix(last, "--timeout", "60")) as child:
        child.expect("searching")
        child.kill(signal.SIGTERM)
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert last.snapshot() == before
