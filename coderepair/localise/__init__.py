"""Fault localisation: which functions, and which lines of one, are to blame for failing checks."""
