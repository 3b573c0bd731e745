"""The refinement tree and the strategies that decide which of its arms is pulled next.

tree.py           nodes, arms, ask and tell; the only state of a search
outlook.py        how promising an arm is, from its proposer
base.py           strategies by name, and what they share
thompson.py       REx's Thompson sampling, the default
greedy.py         the best program so far
breadth_first.py  every program equally often
fixed_width.py    parallel chains
best_of_n.py      independent attempts
linear.py         one chain
flat.py           ranked enumeration without a tree, the baseline
"""
