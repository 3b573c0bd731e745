"""Rows to figures, tables and curves."""

import json
from dataclasses import replace

import pytest

from coderepair.bench.plot import curve
from coderepair.bench.report import render
from coderepair.bench.results import Row
from coderepair.bench.settings import Plan, parse_all
from coderepair.bench.suites import Protocol, Record, Suite
from coderepair.bench.summary import measures, summarise

PLAN = Plan(Protocol.ALL, 200, 30.0)
SETTINGS = parse_all(["base", "greedy=strategy:greedy"])


def row(setting, task, solved_at, *, correct=True, seed=0, kind="", problem="", seconds=2.0):
    solved = solved_at is not None
    return Row(
        fingerprint=setting,
        setting=setting,
        suite="s",
        task_id=task,
        problem_id=problem or task,
        bug_type=kind,
        seed=seed,
        version="0.1.0+abc",
        status="repaired" if solved else "budget_exhausted",
        solved=solved,
        verified=solved,
        correct=solved and correct,
        solved_at=solved_at,
        solved_seconds=seconds / 2 if solved else None,
        evaluations=solved_at or 200,
        seconds=seconds,
    )


def suite(*tasks):
    records = tuple(Record(task, task, "f", "", "", ("assert f()",)) for task in tasks)
    return Suite("s", "0" * 64, len(tasks), records, "all 4")


BASE = [
    row("base", "a", 1, kind="operator"),
    row("base", "b", 11, kind="operator", correct=False),
    row("base", "c", 120, kind="value", seconds=8.0),
    row("base", "d", None, kind="value", seconds=30.0),
]


def report(rows, tasks="abcd", seeds=(0,)):
    return summarise(suite(*tasks), PLAN, SETTINGS, rows, seeds=seeds, command="coderepair bench s")


def test_marks_beyond_the_budget_are_left_out():
    assert list(measures(PLAN)) == [
        *("solved", "verified", "correct"),
        *("solved@1", "solved@10", "solved@50", "solved@200"),
        *("solved<=1s", "solved<=3s", "solved<=10s", "solved<=30s"),
    ]
    assert list(measures(Plan(Protocol.ALL, 1, 0.5)))[3:] == ["solved@1"]


def test_figures_of_one_setting():
    figures = report(BASE).figures["base"]
    rates = {name: estimate.value for name, estimate in figures.rates.items()}
    assert rates == {
        "solved": 0.75,
        "verified": 0.75,
        "correct": 0.5,
        "solved@1": 0.25,
        "solved@10": 0.25,
        "solved@50": 0.5,
        "solved@200": 0.75,
        "solved<=1s": 0.5,
        "solved<=3s": 0.5,
        "solved<=10s": 0.75,
        "solved<=30s": 0.75,
    }
    assert (figures.records, figures.median_seconds, figures.median_solved_seconds) == (4, 5.0, 2.0)
    assert figures.statuses == {"budget_exhausted": 1, "repaired": 3}
    assert figures.mean_evaluations == (1 + 11 + 120 + 200) / 4
    assert figures.correct_at_runs == {}


def test_differences_are_paired_on_the_records_of_both():
    greedy = [row("greedy", "a", 1), row("greedy", "b", None), row("greedy", "d", 3)]
    difference = report([*BASE, *greedy]).differences["greedy"]["solved"]
    assert (difference.n, difference.only_a, difference.only_b) == (3, 1, 1)
    assert difference.value == 0.0


def test_problems_count_once_however_many_records_they_have():
    rows = [row("base", f"a{i}", 1, problem="a") for i in range(9)] + [row("base", "b", None)]
    estimate = report(rows, tasks=[r.task_id for r in rows]).figures["base"].rates["solved"]
    assert (estimate.value, estimate.n, estimate.method) == (0.5, 2, "bootstrap")


def test_several_seeds_give_pass_at_k():
    rows = [row("base", task, at, seed=seed) for seed, at in ((0, 1), (1, None)) for task in "ab"]
    figures = report(rows, tasks="ab", seeds=(0, 1)).figures["base"]
    assert figures.correct_at_runs == {"1": 0.5, "2": 1.0}


def test_bug_types_are_reported_apart():
    types = report(BASE).by_bug_type
    assert {kind: f["base"].rates["solved"].value for kind, f in types.items()} == {
        "operator": 1.0,
        "value": 0.5,
    }


def test_text_says_what_was_measured_and_what_is_missing():
    text = render(report([*BASE, row("greedy", "a", 1)]))
    assert "coderepair bench s" in text
    assert "0.1.0+abc" in text
    assert "cores, " in text
    assert "protocol  all: the tool sees public and private tests" in text
    assert "75.0 [30.1, 95.4]" in text  # Wilson's interval of 3 of 4
    assert "greedy: strategy=greedy" in text
    assert "greedy: 3 of 4 records are not measured yet" in text
    assert "base: " not in text.split("Outcome")[1]


def test_nothing_measured_is_a_report_too():
    assert "nothing measured yet" in render(report([]))


def test_json_is_plain_and_complete():
    document = json.loads(json.dumps(report(BASE).to_json()))
    assert document["schema_version"] == 1
    assert document["plan"] == {
        "protocol": "all",
        "evaluations": 200,
        "seconds": 30.0,
        "named": False,
        "references": False,
        "jobs": 1,
    }
    assert document["figures"]["base"]["rates"]["solved"]["value"] == 0.75
    assert (document["command"], document["seeds"]) == ("coderepair bench s", [0])


def test_curve_steps_up_at_each_solution():
    assert curve([1, 120, None, 11, 500], 1, 200) == [(1, 1), (11, 2), (120, 3), (200, 3)]
    assert curve([None], 1, 200) == [(1, 0), (200, 0)]


def test_plot_is_an_image(tmp_path):
    pytest.importorskip("matplotlib")
    from coderepair.bench.plot import save

    path = tmp_path / "out.png"
    save(report(BASE), path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_repairs_are_held_against_the_size_of_the_reference():
    sized = [replace(each, changed=2, reference_changed=2) for each in BASE[:2]]
    sized.append(replace(BASE[2], changed=3, reference_changed=2))
    found = report([*sized, BASE[3]])
    share = found.figures["base"].no_larger
    assert (share.value, share.n) == (pytest.approx(2 / 3), 3)
    assert "no more words than the reference: 66.7" in render(found)
    assert report(BASE).figures["base"].no_larger is None
