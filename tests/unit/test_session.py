from __future__ import annotations

import pytest

from coderepair.budget import Budget
from coderepair.events import Asked, Improved, Rejected, Solved, Told
from coderepair.model import Program, Proposal, Refinement, Spent
from coderepair.search.flat import Flat
from coderepair.search.thompson import Thompson
from coderepair.search.tree import Tree
from coderepair.session import Session, asked
from tests.worlds import CHAT, OPERATORS, RandomWorld, drive, program, report


def new_session(*proposers: str, budget: Budget | None = None) -> Session:
    tree = Tree(program("root"), report(1), proposers or (OPERATORS,))
    return Session(
        tree,
        Flat(),
        budget or Budget(),
        samples=6,
        largest_pull=4,
        batched={CHAT},
        metered={CHAT},
    )


def told(name: str, passed: int) -> Refinement:
    return Refinement(Proposal(program(name), OPERATORS), report(passed))


def invalid(calls: int = 0) -> Refinement:
    return Refinement(Proposal(None, OPERATORS, error="no edit", calls=calls, tokens=10 * calls))


def test_pulls_start_small_and_grow() -> None:
    search = new_session()
    drive(search, RandomWorld(length=10**6).refine, 30)
    sizes = [expansion.k for expansion in search.tree.expansions]
    assert sizes[:8] == [1] * 8
    assert sizes == sorted(sizes)
    assert sizes[-1] == 4


def test_several_samples_of_one_prompt_are_drawn_from_the_start() -> None:
    search = new_session(CHAT)
    expansion = search.ask(0.0)
    assert expansion is not None
    assert expansion.k == 6


def test_events_of_a_pull() -> None:
    search = new_session()
    expansion = search.tree.ask(search.tree.arms()[0], 6)
    refinements = [
        told("a", 0),
        invalid(calls=2),
        told("b", 3),
        told("root", 1),
        told("c", 5),
        told("d", 5),
    ]
    events = search.tell(expansion.id, refinements, 2.5)
    spent = Spent(5, 2, 20, 2.5)
    assert events == [
        Told(expansion.id, tuple(refinements), spent, (1, -1, 3, -1, 5, 6)),
        Improved(3, report(3).score, 3, 5),
        Improved(5, 1.0, 5, 5),
        Solved(5, 4, 2.5),
    ]
    assert (search.solution, search.spent) == (5, spent)
    assert search.ask(3.0) is None
    assert search.stopped_by == "solved"


def test_the_next_solution_of_a_pull_takes_the_place_of_a_rejected_one() -> None:
    search = new_session()
    expansion = search.tree.ask(search.tree.arms()[0], 3)
    search.tell(expansion.id, [told("a", 5), told("b", 0), told("c", 5)], 1.0)
    assert search.reject(1, "overfit") == [Rejected(1, "overfit"), Solved(3, 3, 1.0)]
    assert search.reject(3, "overfit") == [Rejected(3, "overfit")]
    assert search.solution is None
    assert search.ask(1.0) is not None


def test_free_proposers_go_on_when_the_calls_are_spent() -> None:
    search = new_session(OPERATORS, CHAT, budget=Budget(calls=1))
    world = RandomWorld(length=10**6)
    arm = search.tree.arm(0, CHAT)
    assert arm is not None
    expansion = search.tree.ask(arm, 2)
    refinements = [invalid(calls=1), invalid()]
    search.tell(expansion.id, refinements, 0.0)
    drive(search, world.refine, 20)
    assert {each.proposer for each in search.tree.expansions[1:]} == {OPERATORS}
    assert search.stopped_by == ""


def test_calls_under_way_count() -> None:
    search = new_session(CHAT, budget=Budget(calls=1))
    assert search.ask(0.0) is not None
    assert search.ask(0.0) is None
    assert search.stopped_by == "calls"


def test_a_dropped_proposer_is_not_asked_again() -> None:
    search = new_session(OPERATORS, CHAT)
    assert search.drop(CHAT)
    drive(search, RandomWorld(length=10**6).refine, 10)
    assert {each.proposer for each in search.tree.expansions} == {OPERATORS}
    assert not search.drop(OPERATORS)
    assert search.ask(0.0) is None
    assert search.stopped_by == "exhausted"


@pytest.mark.parametrize(
    ("budget", "seconds", "stopped_by"),
    [
        (Budget(evaluations=0), 0.0, "evaluations"),
        (Budget(seconds=3.0), 3.0, "seconds"),
        (Budget(tokens=0), 0.0, "tokens"),
    ],
)
def test_what_ends_a_search(budget: Budget, seconds: float, stopped_by: str) -> None:
    search = new_session(CHAT, budget=budget)
    assert search.ask(seconds) is None
    assert search.stopped_by == stopped_by


def test_the_last_pull_is_cut_to_the_evaluations_left() -> None:
    search = new_session(CHAT, budget=Budget(evaluations=4))
    expansion = search.ask(0.0)
    assert expansion is not None
    assert expansion.k == 4


def test_a_rejected_solution_is_rejected_again_when_a_run_is_resumed() -> None:
    search, resumed = new_session(), new_session()
    expansion = search.ask(0.0)
    assert expansion is not None
    events = [asked(expansion), *search.tell(expansion.id, [told("a", 5)], 1.0)]
    events += search.reject(1, "overfit")
    resumed.replay(events)
    assert resumed.solution is None
    assert resumed.tree.rejected == {1}
    assert resumed.ask(1.0) == search.ask(1.0)


@pytest.mark.parametrize(
    "event",
    [
        Asked(0, 7, OPERATORS, 0, 1),
        Asked(0, 0, "unknown", 0, 1),
        Asked(0, 0, OPERATORS, 3, 1),
        Asked(5, 0, OPERATORS, 0, 1),
    ],
)
def test_a_log_of_another_search_is_refused(event: Asked) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        new_session().replay([event])


def test_the_next_ask_depends_on_the_seed() -> None:
    asked = set()
    for seed in range(20):
        tree = Tree(program("root"), report(1), (OPERATORS, CHAT))
        expansion = Session(tree, Thompson(), Budget(), seed=seed).ask(0.0)
        assert expansion is not None
        asked.add(expansion.proposer)
    assert asked == {OPERATORS, CHAT}


def test_a_program_is_compared_by_its_syntax() -> None:
    search = new_session()
    expansion = search.tree.ask(search.tree.arms()[0], 2)
    again = Refinement(Proposal(Program("x =  'a'  # again"), OPERATORS), report(2))
    (event, *_) = search.tell(expansion.id, [told("a", 2), again], 0.0)
    assert isinstance(event, Told)
    assert event.nodes == (1, -1)
