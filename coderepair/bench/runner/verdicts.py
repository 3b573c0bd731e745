"""All programs of a suite file in both modes: references have to pass, failing programs have to fail."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from coderepair.bench import suites, testfiles
from coderepair.bench.runner.agreement import MODES, Comparison, Rows, compare
from coderepair.bench.runner.plain import PlainPytest
from coderepair.bench.suites import Record
from coderepair.bench.version import code_version
from coderepair.errors import CodeRepairError
from coderepair.runner import ForkRunner, open_runner
from coderepair.runner.reports import TWO_PROCESS

REFERENCE, BUGGY = "reference", "buggy"


def run(
    records: Sequence[Record],
    rows: Rows,
    python: str,
    on_record: Callable[[int, int, Record], None],
    seconds: float = float("inf"),
) -> list[Comparison]:
    """Compares what `rows` does not hold yet, for at most that many seconds, and returns what is known."""
    version, end = code_version(), time.monotonic() + seconds
    with ExitStack() as stack:
        plain = stack.enter_context(PlainPytest(python))
        runners = {
            mode: stack.enter_context(
                open_runner(1, integrity="auto" if mode == TWO_PROCESS else mode)
            )
            for mode in MODES
        }
        for number, record in enumerate(records, 1):
            missing = [mode for mode in MODES if not rows.has(record.task_id, mode)]
            if not missing:
                continue
            if time.monotonic() > end:
                break
            wanted = {mode: runners[mode] for mode in missing}
            rows.append(_record(record, plain, wanted, python, version))
            on_record(number, len(records), record)
    tasks = {record.task_id for record in records}
    return [row for row in rows.known.values() if row.task in tasks]


def _record(
    record: Record, plain: PlainPytest, runners: dict[str, ForkRunner], python: str, version: str
) -> Iterator[Comparison]:
    programs = {REFERENCE: record.reference}
    if record.buggy != record.reference:
        programs[BUGGY] = record.buggy
    tests = record.public + record.private + record.plus
    folder = Path(tempfile.mkdtemp(prefix="coderepair-verdicts-"))
    try:
        told = {}
        for label, source in programs.items():
            place = folder / label
            place.mkdir()
            files = testfiles.write(place, record, tests)
            (place / suites.PROGRAM_NAME).write_text(source, encoding="utf-8", newline="")
            told[label] = plain.run(place, [file.name for file in files])
        for mode, runner in runners.items():
            task = suites.write_task(
                folder / mode, record, tests, python=python, named=True, runner=runner
            )
            try:
                yield from compare(
                    runner, mode, task, programs, told, name=record.task_id, version=version
                )
            except CodeRepairError as error:
                yield _failed(record, mode, version, error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _failed(record: Record, mode: str, version: str, error: CodeRepairError) -> Comparison:
    text = f"{type(error).__name__}: {error}"
    return Comparison(record.task_id, mode, REFERENCE, 0, 0, 0, 0, version=version, error=text)
