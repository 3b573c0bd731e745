"""The refinement tree and the strategies that decide which of its arms is pulled next."""
