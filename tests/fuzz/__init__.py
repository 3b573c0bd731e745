"""Fuzz targets that are guided by coverage: `python -m tests.fuzz.codec --help`."""
