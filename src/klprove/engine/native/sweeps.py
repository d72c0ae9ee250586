# SPDX-License-Identifier: GPL-2.0-or-later
"""Which states can still reach what must be able to come, in the part of Python that `lowering.py`
compiles; see `engine/liveness.py` for what that means.

No transition is stored. Once every state is in the table, the states are gone through from the last
to the first, and expanded again: a state is good where it has what is wanted, or a good successor.
Most transitions lead to states that were found later, so that few sweeps are needed until one marks
nothing. A state's mark is a byte at the place of the state in the table.
"""

from klprove.engine.native.kernels import (
    CUT,
    ENTRIES,
    HEAD,
    HERE,
    LOGGED,
    OUT,
    UNTIL,
    WANTED,
    Bytes,
    Words,
    expand,
    fetch,
    fold,
    scale,
    scramble,
)

WORDS = 2


def holds(store: Words, at: int, wanted: int) -> int:
    """Whether a state has what is wanted: generated code."""
    raise NotImplementedError


def place_of(table: Words, entries: int, mark: int) -> int:
    """Where a mark stands that is in the table."""
    place = scale(mark, entries)
    while table[place] != mark:
        place = place + 1
    return place


def sweep(
    control: Words,
    order: Words,
    table: Words,
    births: Bytes,
    places: Bytes,
    pieces: Words,
    piece_slots: Words,
    pairs: Words,
    pair_slots: Words,
    work: Words,
    good: Bytes,
) -> int:
    """Go through the states before HEAD, down to UNTIL; how many were marked."""
    fresh = 0
    entries = control[ENTRIES]
    while control[HEAD] > control[UNTIL]:
        head = control[HEAD] - 1
        control[HEAD] = head
        own = place_of(table, entries, scramble(order[head]))
        if good[own] == 0:
            fetch(control, order, head, pieces, pairs, work)
            control[CUT] = 0
            found = expand(control, work, HERE, work, OUT)
            control[LOGGED] = 0
            hope = control[CUT] | holds(work, HERE, control[WANTED])
            to = OUT
            while hope == 0 and found > 0:
                key = fold(control, control, pieces, piece_slots, pairs, pair_slots, work, to)
                hope = good[place_of(table, entries, scramble(key))]
                to = to + WORDS
                found = found - 1
            if hope:
                good[own] = 1
                fresh = fresh + 1
    return fresh


def lost(order: Words, table: Words, good: Bytes, entries: int, count: int) -> int:
    """The number of the first state that is not marked; -1: there is none."""
    for n in range(0, count, 1):
        if good[place_of(table, entries, scramble(order[n]))] == 0:
            return n
    return -1
