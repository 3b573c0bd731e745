from __future__ import annotations

import pytest

from coderepair.budget import Budget
from coderepair.model import Spent


def test_no_limits_by_default() -> None:
    spent = Spent(10**9, 10**9, 10**9, 10.0**9)
    assert Budget().evaluations_left(spent, 0) is None
    assert not Budget().out_of_time(spent.seconds)
    assert Budget().models_stopped_by(spent, 0) == ""


@pytest.mark.parametrize(("spent", "pending", "left"), [(0, 0, 5), (3, 1, 1), (3, 2, 0), (9, 0, 0)])
def test_evaluations_under_way_are_counted(spent: int, pending: int, left: int) -> None:
    assert Budget(evaluations=5).evaluations_left(Spent(spent), pending) == left


@pytest.mark.parametrize(
    ("spent", "pending", "stopped_by"),
    [
        (Spent(calls=1), 0, ""),
        (Spent(calls=1), 1, "calls"),
        (Spent(calls=2), 0, "calls"),
        (Spent(tokens=99), 0, ""),
        (Spent(tokens=100), 0, "tokens"),
    ],
)
def test_what_stops_the_models(spent: Spent, pending: int, stopped_by: str) -> None:
    assert Budget(calls=2, tokens=100).models_stopped_by(spent, pending) == stopped_by


def test_time_is_up_at_the_limit() -> None:
    assert not Budget(seconds=1.0).out_of_time(0.99)
    assert Budget(seconds=1.0).out_of_time(1.0)


@pytest.mark.parametrize("name", ["evaluations", "calls", "tokens", "seconds"])
def test_limits_are_not_negative(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Budget(**{name: -1})
