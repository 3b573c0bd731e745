"""Tests of containment that need another system than the one this is developed on. Nobody has run them yet."""
