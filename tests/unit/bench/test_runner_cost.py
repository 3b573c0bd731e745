"""What a candidate costs: the meters, and the figures that are made of what they tell."""

import os
import subprocess
import sys
import time

import pytest

from coderepair.bench import suites
from coderepair.bench.runner import cost, edits, tables
from coderepair.bench.runner.cost import Plan, Spent, TaskFigures
from coderepair.bench.runner.usage import CpuMeter, memory_mb

LIVING = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ntime.sleep(600)"
GRANDCHILD = "import os, subprocess, sys, time\nsubprocess.run([sys.executable, '-c', sys.argv[1]])"
BURN = "import time\nwhile time.process_time() < 0.5: pass"


def test_the_meter_counts_children_that_live_and_those_that_have_ended():
    meter = CpuMeter()
    process = subprocess.Popen([sys.executable, "-c", LIVING], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        living = meter.seconds()
        assert living >= 0.45
    finally:
        process.kill()
        process.communicate()
    subprocess.run([sys.executable, "-c", GRANDCHILD, BURN], check=True)
    assert meter.seconds() >= living + 0.45


def test_the_meter_does_not_count_waiting():
    meter = CpuMeter()
    time.sleep(0.5)
    assert meter.seconds() < 0.4


@pytest.mark.skipif(os.geteuid() != 0, reason="other processes' memory needs their owner or root")
def test_memory_is_that_of_what_was_started():
    before = memory_mb()
    text = "x = b'1' * (64 << 20)\nprint(flush=True)\nimport time; time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert 64 <= memory_mb() - before < 128
    finally:
        process.kill()
        process.communicate()


def figures(two_ms: float, shared_ms: float) -> TaskFigures:
    """A task with these CPU ms a candidate, 200 for a subprocess, and half as much up to a failure."""
    cpu = {"subprocess": 200.0}
    for mode, ms in (("two-process", two_ms), ("shared-process", shared_ms)):
        cpu |= {mode: ms, mode + cost.BARE: ms - 1, mode + cost.STOPPING: ms / 2}
    spent = {
        way: {kind: Spent(10, ms / 100, [ms / 1000] * 10) for kind in (cost.GOOD, cost.BAD)}
        for way, ms in cpu.items()
    }
    batches = {mode: {1: Spent(8, 1.0, [2.0]), 2: Spent(8, 1.0, [1.0])} for mode in tables.MODES}
    setup = dict.fromkeys(tables.MODES, 0.5)
    return TaskFigures("t", 3, "two-process", spent, batches, setup)


def test_the_figures_are_ratios_of_sums():
    memory = dict.fromkeys(tables.MODES, (50.0, 20.0))
    told = tables.document([figures(4, 10), figures(6, 10)], memory, Plan("python"), "command")
    two, shared = told["summary"]["two-process"], told["summary"]["shared-process"]
    assert two["times_less_cpu"] == pytest.approx(40) and shared["times_less_cpu"] == pytest.approx(
        20
    )
    assert two["times_less_cpu_by_task"] == [50.0, 33.3]
    assert two["p50_ms"] == pytest.approx(5) and two["containment_cpu_ms"] == pytest.approx(1)
    assert two["all_against_stopping"] == pytest.approx(2)
    assert two["two_workers_against_one"] == pytest.approx(2)
    text = tables.markdown(told)
    assert "| two-process | 5.0 | 5.0 | 40.0 | 5.0 |" in text
    assert "| all tests against stopping at the first failure, CPU | +100 % | +100 % |" in text


def test_what_the_observed_run_saves():
    one = edits.EditCost("t", 100, 50, 25, observe_ms=10.0, forked=10, fork_ms=2.0, wrong=0)
    assert one.judged_ms == pytest.approx(0.2)
    assert one.saved == pytest.approx(100 / (10 + 50))
    text = edits.markdown([one, one])
    assert "| judged by one observed run | 100 (50 %) |" in text
    assert "| CPU ms an edit, observed | 0.20 (10 times less) |" in text
    assert "| CPU saved if those are not run | 1.7 times |" in text


@pytest.mark.slow
def test_edits_that_mend_nothing_are_seen_without_a_run():
    records = [each for each in suites.load().records if each.task_id == "humanevalfix/6"]
    [one] = edits.measure(records, sys.executable, 40, 0, lambda *_: None)
    assert one.edits > one.judged > one.dropped > 0
    assert one.forked == 40 and one.wrong == 0
    assert one.judged_ms < one.fork_ms


@pytest.mark.slow
def test_the_cost_of_a_task_is_measured_in_all_ways():
    plan = Plan(sys.executable, rounds=1, calls=4, batch=4)
    records = suites.load().records[:1]
    found = cost.measure(records, plan, lambda *_: None)
    told = tables.document(found, cost.memory(records, plan), plan, "command")
    assert told["tasks"][0]["integrity"] == "two-process"
    for mode in tables.MODES:
        assert told["summary"][mode]["times_less_cpu"] > 2
        assert told["summary"][mode]["memory_mb"]["first_worker"] > 5
    assert "times less CPU" in tables.markdown(told)
