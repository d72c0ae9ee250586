"""The names of the reductions, as `--no-reduce` takes them."""

AMPLE, CHAINS, DELIVERY = "ample", "chains", "delivery"
REDUCTIONS = (AMPLE, CHAINS, DELIVERY)
"""`ample`: only the transitions of one CPU where no other can tell. `chains`: states with one such
transition are not stored (needs `ample`). `delivery`: no arrival before a step that cannot tell."""
EVERY = frozenset(REDUCTIONS)
"""To use none of them."""


def used(off: frozenset[str]) -> tuple[str, ...]:
    """The reductions that are in use without those in `off`."""
    needs = {CHAINS: AMPLE}
    return tuple(each for each in REDUCTIONS if not {each, needs.get(each)} & off)
