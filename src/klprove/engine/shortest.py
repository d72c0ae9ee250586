# SPDX-License-Identifier: GPL-2.0-or-later
"""Shortest traces after a reduced search: the same model unreduced, until all that was found is
found again.

Reductions keep the findings, not the lengths of the runs that lead to them. A breadth-first search
of every state meets each finding first on a shortest run, mostly long before it has seen all
states; where that takes too many, the run of the reduced search is kept and marked.
"""

from dataclasses import replace

from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native
from klprove.engine.search import Discovery, Search

STATES = 1_000_000
"""Stored states after which the search for shortest traces is given up."""


def shortened(
    machine: Machine, meter: Meter, search: Search, most: int = STATES
) -> list[Discovery]:
    """The discoveries of a reduced search, with shortest schedules where they are found within
    `most` states; all others are marked."""
    wanted = frozenset(each.notice for each in search.discoveries)
    if not wanted:
        return []
    if "interrupted" in search.reasons:
        return [replace(each, shortest=False) for each in search.discoveries]
    full = Native(machine, meter, wanted=wanted, most=most).run()
    if "interrupted" in full.reasons:
        search.reasons.append("interrupted")
    found = {each.notice: each for each in full.discoveries}
    return [found.get(each.notice, replace(each, shortest=False)) for each in search.discoveries]
