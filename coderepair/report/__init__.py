"""Reports of a run: patch, terminal text, JSON, tree."""
