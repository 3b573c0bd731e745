"""Drawing tokens."""

from __future__ import annotations

import math

import pytest

from coderepair.errors import PolicyError

np = pytest.importorskip("numpy")

from coderepair.policy.sampling import draw, generators, log_normaliser  # noqa: E402

ROW = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32)) + 3


def drawn(u: float, temperature: float = 1.0, top_p: float = 1.0) -> tuple[int, float]:
    tokens, logprobs = draw(ROW, np.array([u]), temperature, top_p)
    return tokens[0], logprobs[0]


def test_uniform_numbers_choose_by_probability() -> None:
    assert [drawn(u)[0] for u in (0.0, 0.49, 0.51, 0.79, 0.81, 0.94, 0.96, 0.999)] == [
        *(0, 0, 1, 1, 2, 2, 3, 3)
    ]


def test_log_probabilities_are_of_the_model_whatever_the_temperature() -> None:
    for temperature in (0.0, 0.5, 1.0, 2.0):
        token, logprob = drawn(0.6, temperature)
        assert logprob == pytest.approx(math.log([0.5, 0.3, 0.15, 0.05][token]), abs=1e-5)


def test_zero_is_greedy_and_heat_flattens() -> None:
    assert drawn(0.99, temperature=0.0)[0] == 0
    assert drawn(0.45, temperature=0.25)[0] == 0
    assert drawn(0.45, temperature=100.0)[0] == 1


def test_the_nucleus_cuts_the_tail() -> None:
    assert {drawn(u / 100, top_p=0.6)[0] for u in range(100)} == {0, 1}
    assert {drawn(u / 100, top_p=0.1)[0] for u in range(100)} == {0}


def test_rows_are_drawn_apart() -> None:
    rows = np.concatenate([ROW, ROW[:, ::-1]])
    assert draw(rows, np.array([0.1, 0.1]), 1.0, 1.0)[0] == [0, 3]


def test_the_first_samples_do_not_depend_on_how_many_there_are() -> None:
    few = [each.random() for each in generators(5, 2)]
    many = [each.random() for each in generators(5, 9)]
    assert many[:2] == few
    assert len(set(many)) == 9
    assert generators(-1, 1)[0].random() != few[0]


def test_numbers_that_are_none() -> None:
    with pytest.raises(PolicyError, match="NaN"):
        log_normaliser(np.array([[1.0, math.nan]], np.float32))
