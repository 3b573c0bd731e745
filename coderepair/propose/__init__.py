"""Who proposes refinements of a node."""
