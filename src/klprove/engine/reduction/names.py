"""The names of the reductions, as `--no-reduce` takes them."""

AMPLE, CHAINS, DELIVERY = "ample", "chains", "delivery"
REDUCTIONS = (AMPLE, CHAINS, DELIVERY)
"""`ample`: only the transitions of one CPU where no other can tell. `chains`: states with one such
transition are not stored (needs `ample`). `delivery`: no arrival before a step that cannot tell."""
EVERY = frozenset(REDUCTIONS)
"""To use none of them."""
