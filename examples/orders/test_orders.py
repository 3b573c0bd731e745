import pytest
from orders import longest_streak, order_total


@pytest.mark.parametrize(
    ("items", "total"),
    [
        ([], 0.0),
        ([("pen", 2, 1.5)], 7.9),
        ([("pen", 9, 2.0)], 22.9),
        ([("pen", 10, 2.0)], 22.9),
        ([("lamp", 1, 50.0)], 50.0),
        ([("lamp", 1, 49.99)], 54.89),
        ([("pen", 20, 2.0), ("lamp", 1, 30.0)], 66.0),
    ],
)
def test_order_total(items, total):
    assert order_total(items) == pytest.approx(total)


def test_streak_of_nothing():
    assert longest_streak([]) == 0
    assert longest_streak([False, False]) == 0


def test_streak_in_the_middle():
    assert longest_streak([False, True, True, False, True, False]) == 2


def test_streak_at_the_end():
    assert longest_streak([True, False, True, True, True]) == 3
    assert longest_streak([True]) == 1
