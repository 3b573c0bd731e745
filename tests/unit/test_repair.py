"""One repair with everything real but the model."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from coderepair import store
from coderepair.baseline import (
    baseline_limits,
    candidate_limits,
    check_baseline,
    verification_limits,
)
from coderepair.compact import root_program
from coderepair.config import Settings
from coderepair.errors import FlakyTests, PolicyError, SandboxError, StoreError, UsageError
from coderepair.events import (
    Asked,
    Event,
    Finished,
    Minimised,
    Rejected,
    Resumed,
    SearchStarted,
    Solved,
    Told,
    Warned,
)
from coderepair.model import CheckResult, Limits, Outcome, Result, Status, Task, TestReport
from coderepair.policy.scripted import ScriptedPolicy
from coderepair.propose.edits import EditProposer
from coderepair.repair import repair, resume
from coderepair.search.tree import Tree
from coderepair.task import make_task

SPAN = """\
def span(xs):
    \"\"\"Difference of largest and smallest; 0 for an empty list.\"\"\"
    if not xs:
        return 1
    return max(xs) + min(xs)
"""
SPAN_TESTS = """\
from solution import span

def test_empty():
    assert span([]) == 0

def test_some():
    assert span([3, 1, 8]) == 7
    assert span([-3, 4]) == 7
"""
RIGHT = "def span(xs):\n    return max(xs) - min(xs) if xs else 0\n"
OVERFIT = "def span(xs):\n    return 7 if xs else 0\n"
EXTRA_TEST = "\ndef test_extra():\n    assert span([2, 2]) == 4 or span([2, 2]) == 0\n"


@dataclass
class Project:
    folder: Path
    events: list[Event] = field(default_factory=list)

    def task(self, source: str = SPAN, tests: str = SPAN_TESTS, node: str = "") -> Task:
        (self.folder / "solution.py").write_text(source)
        path = self.folder / "test_solution.py"
        path.write_text(tests)
        return make_task(
            self.folder / "solution.py", [f"{path}{node}"], function="span", python=sys.executable
        )

    def settings(self, **changes: Any) -> Settings:
        given = {"model": "none", "timeout": 60.0, "runs_dir": self.folder / "runs", **changes}
        return Settings(**given)

    def chat(self, *replies: str, **changes: Any) -> Settings:
        """Settings with a model that says these functions, one after the other."""
        script = self.folder / "replies.json"
        script.write_text(json.dumps([f"```python\n{reply}```" for reply in replies]))
        chat = {"model": f"scripted:{script}", "proposers": ("chat",), "samples": 1}
        return self.settings(rewrite_arm="off", **chat, **changes)

    def repair(self, task: Task, settings: Settings | None = None) -> Result:
        return repair(task, settings or self.settings(), self.events.append)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_operators_repair_two_edits_and_the_repair_is_verified(project: Project) -> None:
    result = project.repair(project.task())
    assert result.status is Status.REPAIR_AVAILABLE
    assert result.verification is not None
    assert result.verification.ok
    assert result.after is not None
    assert result.after.solved
    assert len(result.path_in_tree) == 3
    assert len(result.descriptions) == 2
    assert "+        return 0\n+    return max(xs) - min(xs)\n" in result.diff
    assert result.stopped_by == "solved"
    assert (project.folder / "solution.py").read_text() == SPAN
    logged = store.load(project.folder / "runs" / result.run_id)
    assert [type(event) for event in logged] == [type(event) for event in project.events]


def test_nothing_is_searched_or_logged_when_the_tests_pass(project: Project) -> None:
    result = project.repair(project.task(RIGHT))
    assert (result.status, result.program, result.run_id) == (Status.ALREADY_PASSING, None, "")
    assert project.of(SearchStarted) == []
    assert not (project.folder / "runs").exists()


def test_tests_that_disagree_with_themselves_are_flaky(project: Project) -> None:
    flaky = "import os\nfrom solution import span\n\ndef test_it():\n    assert os.getpid() % 2\n"
    with pytest.raises(FlakyTests, match=r"disagree on .*test_it"):
        for _ in range(20):  # two processes may both be odd or both be even
            project.repair(project.task(tests=flaky), project.settings(max_candidates=1))


def test_the_search_goes_on_behind_a_solution_that_is_not_verified(project: Project) -> None:
    task = project.task(tests=SPAN_TESTS + EXTRA_TEST, node="::test_some")
    result = project.repair(task, project.chat(OVERFIT, RIGHT))
    assert [event.node for event in project.of(Rejected)] == [1]
    assert [event.node for event in project.of(Solved)] == [1, 2]
    assert result.status is Status.REPAIR_AVAILABLE
    assert "max(xs) - min(xs)" in result.diff


def test_what_is_never_verified_is_said_to_be_unverified(project: Project) -> None:
    task = project.task(tests=SPAN_TESTS + EXTRA_TEST, node="::test_some")
    result = project.repair(task, project.chat(OVERFIT, budget=1))
    assert result.status is Status.UNVERIFIED
    assert result.stopped_by == "calls"
    assert result.verification is not None
    assert result.verification.reason
    assert result.program is not None
    assert "return 7" in result.program.source


def test_the_best_attempt_is_kept_when_the_budget_is_spent(project: Project) -> None:
    partly = "def span(xs):\n    return max(xs) - min(xs)\n"
    result = project.repair(project.task(), project.chat("nonsense", partly, SPAN, budget=3))
    assert (result.status, result.stopped_by) == (Status.BUDGET_EXHAUSTED, "calls")
    assert (result.spent.calls, result.spent.evaluations) == (3, 1)
    assert result.path_in_tree == (0, 2)
    assert result.after is not None
    assert result.before is not None
    assert result.after.score > result.before.score


def test_max_candidates_is_exact(project: Project) -> None:
    source = "def span(xs):\n    text = repr(xs)\n    return text * 3 + 'x'\n"
    result = project.repair(project.task(source), project.settings(max_candidates=7))
    assert (result.status, result.stopped_by) == (Status.BUDGET_EXHAUSTED, "evaluations")
    assert result.spent.evaluations == 7


def test_time_counts_from_the_given_beginning(project: Project) -> None:
    result = repair(project.task(), project.settings(), begun=time.monotonic() - 1000)
    assert (result.status, result.stopped_by) == (Status.BUDGET_EXHAUSTED, "seconds")
    assert result.spent.evaluations == 0
    assert result.spent.seconds >= 1000


def test_programs_run_to_make_a_repair_smaller_are_counted_apart(project: Project) -> None:
    wordy = "def span(xs):\n    xs = list(xs)\n    if not xs:\n        return 0\n    return max(xs) - min(xs)\n"
    result = project.repair(project.task(), project.chat(wordy))
    assert "xs = list(xs)" not in result.diff
    (minimised,) = project.of(Minimised)
    assert result.spent.minimisation == minimised.runs > 0
    assert result.spent.evaluations == 1


def test_an_interrupt_keeps_the_best_so_far(project: Project) -> None:
    task = project.task("def span(xs):\n    return sorted(xs)[0] * 1000\n")

    def told_enough() -> bool:
        return len(project.of(Told)) >= 3

    result = repair(task, project.settings(), project.events.append, told_enough)
    assert (result.status, result.stopped_by) == (Status.INTERRUPTED, "interrupt")
    assert len(project.of(Told)) == 3
    assert result.program is not None
    assert isinstance(project.events[-1], Finished)


@pytest.mark.parametrize("keep", [0.3, 0.7])
def test_a_cut_run_goes_on_as_it_would_have(project: Project, keep: float) -> None:
    source = "def span(xs):\n    return sorted(xs)[0] * 1000\n"
    settings = project.settings(max_candidates=40, seed=5, timeout=3000.0)
    whole = project.repair(project.task(source), settings)
    log = project.folder / "runs" / whole.run_id / store.LOG
    data = log.read_bytes()
    log.write_bytes(data[: round(len(data) * keep)])
    events: list[Event] = []
    resumed = resume(log.parent, on_event=events.append)
    pulls = [event for event in events if isinstance(event, Asked)]
    assert pulls == project.of(Asked)
    assert sum(isinstance(event, Resumed) for event in events) == 1
    assert resumed.spent.evaluations == whole.spent.evaluations
    assert resumed.path_in_tree == whole.path_in_tree
    assert [e for e in store.load(log.parent) if isinstance(e, Asked)] == pulls


def test_a_finished_run_resumes_to_its_result(project: Project) -> None:
    whole = project.repair(project.task())
    again = resume(project.folder / "runs" / whole.run_id)
    assert (again.status, again.diff) == (Status.REPAIR_AVAILABLE, whole.diff)
    assert again.spent.evaluations == whole.spent.evaluations


def test_a_run_whose_file_changed_is_not_resumed(project: Project) -> None:
    whole = project.repair(project.task(), project.settings(max_candidates=1))
    (project.folder / "solution.py").write_text(SPAN + "\n# edited\n")
    with pytest.raises(UsageError, match="changed since"):
        resume(project.folder / "runs" / whole.run_id)


def test_a_run_cut_before_its_baseline_is_not_resumed(project: Project) -> None:
    with pytest.raises(StoreError, match="before its RunStarted"):
        resume(project.folder / "runs" / "nothing")


def test_settings_are_in_the_log(project: Project) -> None:
    settings = project.settings(max_candidates=1, c=3.0)
    whole = project.repair(project.task(), settings)
    started = store.summarise(project.folder / "runs" / whole.run_id).started
    assert store.logged_settings(started) == settings


def test_a_missing_embedded_model_is_a_warning(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    result = project.repair(project.task(), project.settings(model="embedded"))
    (warning,) = project.of(Warned)
    assert "embedded model" in warning.text
    assert "\n" not in warning.text
    assert result.status is Status.REPAIR_AVAILABLE


def test_a_model_that_breaks_is_dropped_and_the_others_go_on(project: Project) -> None:
    settings = replace(project.chat(), proposers=("operators", "chat"))
    result = project.repair(project.task(), settings)
    assert [event.text[:24] for event in project.of(Warned)] == ["going on without chat: t"]
    assert result.status is Status.REPAIR_AVAILABLE


def test_operators_go_on_when_their_model_breaks(project: Project) -> None:
    policy = ScriptedPolicy(dialect="edit-v1")
    policy.close()
    task = project.task()
    failing = TestReport((check("a", Outcome.FAIL),))
    tree = Tree(root_program(task), failing, ("operators",))
    with_it = EditProposer(policy).propose(task, tree, tree.root, 0, 60)
    assert with_it == EditProposer().propose(task, tree, tree.root, 0, 60)


def test_a_run_that_has_nothing_but_a_broken_model_fails(project: Project) -> None:
    with pytest.raises(PolicyError):
        project.repair(project.task(), project.chat())


def test_no_proposer_at_all_is_a_usage_error(project: Project) -> None:
    settings = project.settings(proposers=("embedded",))
    with pytest.raises(UsageError, match="none of the proposers embedded"):
        project.repair(project.task(), settings)


def check(name: str, outcome: Outcome, seconds: float = 0.0) -> CheckResult:
    return CheckResult(name, outcome, seconds=seconds)


def test_a_baseline_that_broke_the_sandbox_is_an_error() -> None:
    good = TestReport((check("a", Outcome.FAIL),))
    with pytest.raises(SandboxError, match="it broke"):
        check_baseline(good, TestReport((), infra_error="it broke"))
    check_baseline(good, good)


def test_running_out_of_time_is_not_flaky() -> None:
    reports = [
        TestReport((check("a", Outcome.PASS), check("b", outcome)))
        for outcome in (Outcome.TIMEOUT, Outcome.NOT_RUN, Outcome.PASS)
    ]
    for first in reports:
        for second in reports:
            check_baseline(first, second)


def test_the_users_program_may_not_use_up_the_whole_run() -> None:
    assert baseline_limits(Settings(timeout=30.0)).total_timeout_s == pytest.approx(10.0)
    assert baseline_limits(Settings(timeout=6.0)).total_timeout_s == pytest.approx(5.0)
    assert baseline_limits(Settings(timeout=3600.0)).total_timeout_s == 60.0
    assert verification_limits(Settings(timeout=1.0)).total_timeout_s == 60.0


def test_candidates_get_time_in_proportion_to_the_original() -> None:
    limits = Limits(total_timeout_s=60.0)
    hanging = check("b", Outcome.TIMEOUT, 5.0)
    quick = TestReport((check("a", Outcome.FAIL, 0.01), hanging))
    slow = TestReport((check("a", Outcome.PASS, 2.0), hanging))
    endless = TestReport((check("a", Outcome.PASS, 20.0),))
    slow_import = TestReport((check("a", Outcome.FAIL, 0.01),), seconds=1.0)
    assert candidate_limits(limits, quick).total_timeout_s == pytest.approx(1.6)
    assert candidate_limits(limits, slow).total_timeout_s == pytest.approx(21.5)
    assert candidate_limits(limits, endless) == limits
    assert candidate_limits(limits, slow_import).total_timeout_s == pytest.approx(11.5)
