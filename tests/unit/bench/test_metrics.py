"""Figures against values worked out by hand or published."""

import itertools
import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.bench import metrics


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_intervals(successes, n, low, high):
    assert metrics.wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_symmetric_and_certain_of_nothing_without_data():
    low, high = metrics.wilson(3, 10)
    assert metrics.wilson(7, 10) == pytest.approx((1 - high, 1 - low))
    assert metrics.wilson(0, 0) == (0.0, 1.0)
    assert metrics.wilson(5, 5)[1] == 1.0
    with pytest.raises(ValueError, match="6 successes of 5"):
        metrics.wilson(6, 5)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_rate_and_stays_in_range(case):
    successes, n = case
    low, high = metrics.wilson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0


@pytest.mark.parametrize(
    ("n", "correct", "k"), [(5, 2, 1), (5, 2, 3), (6, 1, 4), (4, 0, 2), (4, 4, 1), (7, 3, 7)]
)
def test_pass_at_k_is_the_share_of_k_subsets_with_a_correct_one(n, correct, k):
    subsets = list(itertools.combinations([True] * correct + [False] * (n - correct), k))
    assert metrics.pass_at_k(n, correct, k) == pytest.approx(fmean(map(any, subsets)))


def test_pass_at_k_refuses_more_draws_than_samples():
    with pytest.raises(ValueError, match="pass@6 of 5"):
        metrics.pass_at_k(5, 1, 6)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    # Binomial tails: 2 * (1 + 8 + 28) / 2**8 and 2 * 1 / 2**5.
    [(0, 0, 1.0), (2, 6, 74 / 256), (6, 2, 74 / 256), (0, 5, 1 / 16), (4, 4, 1.0)],
)
def test_mcnemar_is_the_exact_binomial_test(only_a, only_b, p):
    assert metrics.mcnemar(only_a, only_b) == pytest.approx(p)


def test_area_of_one_record():
    assert metrics.area(1, 200) == 1.0
    assert metrics.area(200, 200) == pytest.approx(0.0)
    assert metrics.area(None, 200) == 0.0
    assert metrics.area(201, 200) == 0.0
    assert metrics.area(10, 1000) == pytest.approx(2 / 3)
    assert metrics.area(1, 1) == 1.0


def test_area_is_the_integral_of_the_curve_over_log_evaluations():
    solved_at = [1, 3, 3, 40, None, 150]
    budget, steps = 200, 20_000
    grid = (math.exp((i + 0.5) / steps * math.log(budget)) for i in range(steps))
    integral = fmean(sum(s is not None and s <= e for s in solved_at) / 6 for e in grid)
    assert fmean(metrics.area(s, budget) for s in solved_at) == pytest.approx(integral, abs=1e-3)


def test_bootstrap_of_a_mean_agrees_with_the_normal_interval():
    rng = random.Random(5)
    values = [rng.gauss(0.3, 1.0) for _ in range(400)]
    low, high = metrics.bootstrap(values, seed=1)
    assert (low, high) == pytest.approx((fmean(values) - 0.098, fmean(values) + 0.098), abs=0.02)
    assert metrics.bootstrap(values, seed=1) == (low, high)
    assert metrics.bootstrap([]) == (0.0, 0.0)


def test_rate_of_single_records_is_wilsons():
    estimate = metrics.rate([True, False, True], ["a", "b", "c"])
    assert (estimate.value, estimate.n, estimate.method) == (pytest.approx(2 / 3), 3, "wilson")
    assert (estimate.low, estimate.high) == metrics.wilson(2, 3)


def test_rate_averages_inside_a_problem_first():
    hits = [True] * 9 + [False]
    estimate = metrics.rate(hits, ["easy"] * 9 + ["hard"])
    assert (estimate.value, estimate.n, estimate.method) == (0.5, 2, "bootstrap")
    assert (estimate.low, estimate.high) == (0.0, 1.0)


def test_paired_counts_the_discordant_records():
    a = [True, True, False, False, False]
    b = [True, False, True, True, False]
    difference = metrics.paired(a, b, range(5))
    assert (difference.only_a, difference.only_b, difference.n) == (1, 2, 5)
    assert difference.value == pytest.approx(0.2)
    assert difference.low <= 0.0 <= difference.high
    with pytest.raises(ValueError, match="shorter"):
        metrics.paired(a, b[:4], range(5))


def test_paired_is_narrower_than_two_separate_intervals():
    """Settings that agree on most records differ reliably though their own intervals overlap."""
    a = [True] * 40 + [False] * 60
    b = [True] * 50 + [False] * 50
    difference = metrics.paired(a, b, range(100), seed=3)
    assert difference.low > 0.0
    assert metrics.wilson(40, 100)[1] > metrics.wilson(50, 100)[0]
