"""Tests for a function that has few: what it does now, and what its documentation says it should do."""
