# SPDX-License-Identifier: GPL-2.0-or-later
"""The names of the reductions, as `--no-reduce` takes them."""

AMPLE, CHAINS, DELIVERY = "ample", "chains", "delivery"
DEAD, SYMMETRY = "dead", "symmetry"
REDUCTIONS = (AMPLE, CHAINS, DELIVERY, DEAD, SYMMETRY)
"""`ample`: only the transitions of one CPU where no other can tell. `chains`: states with one such
transition are not stored (needs `ample`). `delivery`: no arrival before a step that cannot tell.
`dead`: memory that nobody reads before it is written is as at boot. `symmetry`: of states that
differ by a permutation of CPUs, one."""
EVERY = frozenset(REDUCTIONS)
"""To use none of them."""


def used(off: frozenset[str]) -> tuple[str, ...]:
    """The reductions that are in use without those in `off`."""
    needs = {CHAINS: AMPLE}
    return tuple(each for each in REDUCTIONS if not {each, needs.get(each)} & off)
