"""Formulas over spectra and their laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.localise.spectrum import Spectrum, dstar, ochiai, spectrum_of
from coderepair.model import CheckResult, Outcome

COUNTS = st.integers(0, 50)


def test_known_values() -> None:
    assert ochiai(2, 0, 2) == 1.0
    assert ochiai(0, 3, 2) == 0.0
    assert ochiai(1, 3, 4) == pytest.approx(0.25)
    assert dstar(2, 0, 2) == 1.0
    assert dstar(2, 3, 3) == pytest.approx(4 / 8)  # 2 ** 2 / (3 + 1) = 1, and 1 / (1 + 1)
    assert dstar(2, 3, 3, exponent=3) == pytest.approx(8 / 12)


@pytest.mark.parametrize("formula", [ochiai, dstar])
@given(hits=COUNTS, misses=COUNTS, passing=COUNTS)
def test_laws_of_the_formulas(formula, hits: int, misses: int, passing: int) -> None:  # type: ignore[no-untyped-def]
    """In [0, 1]; more failing checks raise it, more passing ones lower it; 1 for a perfect match."""
    failing = hits + misses
    value = formula(hits, passing, failing)
    assert 0.0 <= value <= 1.0
    assert formula(hits, passing + 1, failing) <= value
    if hits:
        assert formula(hits, passing + 1, failing) < value
    if misses:
        assert formula(hits + 1, passing, failing) > value
    if failing and not misses and not passing:
        assert value == 1.0
    assert (value > 0.0) == (hits > 0)


@given(hits=COUNTS, misses=COUNTS, passing=COUNTS)
def test_a_larger_exponent_of_dstar_favours_hits(hits: int, misses: int, passing: int) -> None:
    assert dstar(hits, passing, hits + misses, 3.0) >= dstar(hits, passing, hits + misses, 2.0)


def test_checks_that_ran_nothing_say_nothing() -> None:
    checks = [CheckResult("a", Outcome.FAIL), CheckResult("b", Outcome.PASS)]
    found = spectrum_of(checks, {"a": frozenset({1, 2})})
    assert found == Spectrum((frozenset({1, 2}),), ())
    assert found.suspicion(frozenset({2, 9}), ochiai) == 1.0
    assert found.suspicion(frozenset({9}), ochiai) == 0.0
