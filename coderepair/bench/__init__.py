"""Benchmarks: suites of bugs run through the product's own repair, with intervals and curves."""
