from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair import store
from coderepair.compact import Packer, Unpacker, applied, difference
from coderepair.errors import StoreError, UsageError
from coderepair.events import Baseline, Event, Finished, RunStarted, Solved, Told
from coderepair.model import (
    CheckResult,
    Failure,
    Outcome,
    Program,
    Proposal,
    Refinement,
    Spent,
    Status,
    Task,
    TestReport,
)
from coderepair.search.thompson import Thompson
from coderepair.session import Session
from tests.worlds import RandomWorld, drive, report, session, state

TASK = Task("/p/m.py", "x = 'root'\n", (), (), "/p", "/usr/bin/python")
WORLD = RandomWorld(4)


def started(run_id: str = "20260101-000000-abcdef", created: float = 1.0) -> RunStarted:
    return RunStarted(run_id, TASK, "0", created)


def new_session() -> Session:
    return session(WORLD.tree(), Thompson(), seed=3)


def write_run(folder: Path, pulls: int) -> list[Event]:
    search = new_session()
    events: list[Event] = [started(folder.name), Baseline(report(1))]
    events += drive(search, WORLD.refine, pulls)
    with store.RunLog(folder) as log:
        for event in events:
            log.append(event)
    return events


def test_a_log_holds_the_events(tmp_path: Path) -> None:
    assert write_run(tmp_path / "r", 10) == store.load(tmp_path / "r")


def test_every_event_is_there_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    with store.RunLog(tmp_path / "r") as log:
        for count, event in enumerate([started("r"), Baseline(report(0))], 1):
            log.append(event)
            assert len(store.load(tmp_path / "r")) == count


def test_a_run_killed_at_any_byte_is_read_and_resumed(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    events = write_run(whole, 5)
    target = new_session()
    target.replay(events)
    data = (whole / store.LOG).read_bytes()
    assert len(data) > 1000
    for size in range(len(data) + 1):
        folder = tmp_path / "cut"
        folder.mkdir(exist_ok=True)
        (folder / store.LOG).write_bytes(data[:size])
        kept = store.load(folder)
        assert kept == events[: data[:size].count(b"\n")]
        if size % 53:  # resuming is dearer than reading
            continue
        resume_and_compare(folder, kept, target)


def resume_and_compare(folder: Path, kept: list[Event], target: Session) -> None:
    search = new_session()
    search.replay(kept)
    with store.RunLog(folder) as log:
        for event in ([started("whole")], [Baseline(report(1))])[len(kept) :]:
            log.append(*event)
        for event in drive(search, WORLD.refine, target.asks - search.asks):
            log.append(event)
    assert state(search.tree) == state(target.tree)
    again = new_session()
    again.replay(store.load(folder))
    assert state(again.tree) == state(target.tree)


def test_a_damaged_line_is_an_error_that_names_it(tmp_path: Path) -> None:
    write_run(tmp_path / "r", 3)
    path = tmp_path / "r" / store.LOG
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"{]\n", *lines[4:]]))
    with pytest.raises(StoreError, match="line 4 is damaged"):
        store.load(tmp_path / "r")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with (
        store.RunLog(tmp_path / "r"),
        pytest.raises(StoreError, match="in use"),
    ):
        store.RunLog(tmp_path / "r")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="runs_dir"):
        store.RunLog(tmp_path / "file" / "r")


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    for name, created in (("b", 1.0), ("a", 3.0), ("c", 2.0)):
        with store.RunLog(tmp_path / name) as log:
            log.append(started(name, created))
            if name == "a":
                log.append(Finished(Status.NOT_REPAIRED, "exhausted", Spent(3)))
    (tmp_path / "no run").mkdir()
    (tmp_path / "stray file").write_text("")
    found = store.runs(tmp_path)
    assert [run.run_id for run in found] == ["a", "c", "b"]
    assert found[0].finished == Finished(Status.NOT_REPAIRED, "exhausted", Spent(3))
    assert found[1].finished is None


def test_a_run_is_found_by_the_start_of_its_id(tmp_path: Path) -> None:
    for created, name in enumerate(("20260101-a", "20260102-b", "20260102-bc")):
        with store.RunLog(tmp_path / name) as log:
            log.append(started(name, float(created)))
    assert store.find(tmp_path, "20260101").name == "20260101-a"
    assert store.find(tmp_path, "20260102-b").name == "20260102-b"
    assert store.find(tmp_path, "last").name == "20260102-bc"
    for name in ("2026", "x", ""):
        with pytest.raises(UsageError, match="run"):
            store.find(tmp_path, name)


def test_no_runs_at_all(tmp_path: Path) -> None:
    assert store.runs(tmp_path / "missing") == []
    with pytest.raises(UsageError, match="no runs"):
        store.find(tmp_path / "missing", "last")


def test_undo(tmp_path: Path) -> None:
    undo = store.Undo("/p/m.py", "ab" * 32, b"x = 1\r\n\xff")
    assert store.load_undo(tmp_path) is None
    store.keep_undo(tmp_path, undo)
    assert store.load_undo(tmp_path) == undo


def test_run_ids_differ_and_sort_by_time() -> None:
    ids = [store.new_run_id(1e9), store.new_run_id(1e9), store.new_run_id(2e9)]
    assert len(set(ids)) == 3
    assert ids[2] > max(ids[:2])


def test_thousands_of_evaluations_fit_in_a_small_log(tmp_path: Path) -> None:
    source = "def f(xs):\n" + "".join(f"    y{i} = xs[{i}] + {i}\n" for i in range(300))
    task = Task("/p/m.py", source, ("f",), (), "/p", "/usr/bin/python")
    failure = Failure("assertion", "a long message " * 30, "f([1])", "[1, 2]", "[3]")
    checks = [CheckResult(f"t.py::test_{i}", Outcome.FAIL, 0.5, failure) for i in range(30)]
    world = RandomWorld(length=10**6, duplicates=False)
    search = session(world.tree(), Thompson(), samples=8)
    with store.RunLog(tmp_path / "r") as log:
        log.append(RunStarted("r", task, "0", 1.0))
        log.append(Baseline(TestReport(tuple(checks))))
        for number in range(60):
            for event in drive(search, world.refine, 1):
                log.append(with_source(event, source, checks, number))
    assert search.spent.evaluations > 400
    size = (tmp_path / "r" / store.LOG).stat().st_size
    assert size / search.spent.evaluations < 400


def with_source(event: Event, source: str, checks: list[CheckResult], number: int) -> Event:
    if not isinstance(event, Told):
        return event
    edited = []
    for i, _ in enumerate(event.refinements):
        text = source.replace(f"xs[{i}]", f"xs[{number}]")
        program = Program(text, ((0, len(text) - 1),))
        timed = [replace(check, seconds=number + i / 100) for check in checks]
        result = TestReport(tuple(timed), 0.01)
        edited.append(Refinement(Proposal(program, "operators", f"line {i}", 0.01), result))
    return Told(event.expansion, tuple(edited), event.spent, event.nodes)


spans = st.lists(st.integers(0, 12), min_size=2, max_size=6, unique=True).map(sorted)
regions = spans.map(lambda xs: tuple(zip(xs[::2], xs[1::2], strict=False)))
programs = st.builds(Program, st.text("ab\n", max_size=12), regions)


@given(base=programs, other=programs)
def test_any_program_is_found_again_from_its_difference(base: Program, other: Program) -> None:
    assert applied(base, json.loads(json.dumps(difference(base, other)))) == other


def test_all_but_the_seconds_of_checks_is_kept() -> None:
    slow = CheckResult("a", Outcome.FAIL, 0.25, Failure("assertion", "1 != 2"), seconds=1.5)
    packer, unpacker = Packer(), Unpacker()
    unpacker.unpack(packer.pack(started()))
    told = Baseline(TestReport((slow,), 1.75), "L3")
    quick = replace(slow, seconds=0.0)
    assert unpacker.unpack(packer.pack(told)) == Baseline(TestReport((quick,), 1.75), "L3")


def test_solved_and_unknown_events_pass_through() -> None:
    packer, unpacker = Packer(), Unpacker()
    for event in (started(), Solved(3, 2, 1.0)):
        assert unpacker.unpack(packer.pack(event)) == event
    with pytest.raises(ValueError, match="event"):
        unpacker.unpack({"event": "New"})
    with pytest.raises(ValueError, match="KeyError"):
        unpacker.unpack({"event": "Told", "expansion": 7, "refinements": [{}]})
