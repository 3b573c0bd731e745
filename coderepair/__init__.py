"""Repairs a failing Python function against its tests, on the developer's own machine."""

__version__ = "0.1.0"
