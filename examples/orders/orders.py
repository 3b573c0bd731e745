"""Totals and summaries for a small shop."""

from __future__ import annotations


def order_total(items: list[tuple[str, int, float]], free_shipping_from: float = 50.0) -> float:
    """Total price of an order, shipping included.

    Each item is (name, quantity, unit price). Ten or more pieces of one item cost 10 % less.
    Shipping is 4.90, and free for orders worth `free_shipping_from` or more. An empty order
    costs nothing.
    """
    if not items:
        return 0.0
    total = 0.0
    for _name, quantity, price in items:
        line = quantity * price
        if quantity > 10:
            line *= 0.9
        total += line
    if total <= free_shipping_from:
        total += 4.90
    return round(total, 2)


def longest_streak(days: list[bool]) -> int:
    """Length of the longest run of consecutive days with an order."""
    best = 0
    current = 0
    for ordered in days:
        if ordered:
            current += 1
        else:
            best = max(best, current)
            current = 0
    return best
