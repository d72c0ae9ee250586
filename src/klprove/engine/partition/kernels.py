# SPDX-License-Identifier: GPL-2.0-or-later
"""The loops of a part, in the Python that `engine/native/lowering.py` compiles.

They are compiled together with `engine/native/kernels.py`, whose `hashed`, `expand` and control
array they use. While a state is expanded, its hash stands for its number in that array (HEAD): so
what is noted is noted with the least hash of a level, whatever the number of parts.

Items are the words of a record and the hash of its parent. The table of states is open addressing:
the upper half of an entry is that of the hash, the lower half the number of the state plus one.
"""

from collections.abc import MutableSequence
from typing import TypeAlias

from klprove.engine.native.kernels import expand, hashed

Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

WORDS, FANOUT, TELL = 2, 1, 4096
COUNT, HEAD, TRANSITIONS, ROOM, LOGGED, KEY = 0, 1, 3, 4, 6, 16
"""Places in the control array, as `engine/native/kernels.py` has them."""
LOW32 = 0xFFFFFFFF
HASH = 0x3FFFFFFFFFFFFFFF
CACHE = 0x3FFF
"""Places, less one, for what was sent last."""


def named(words: Words, at: int) -> int:
    """The hash that names a state: 62 bits, never negative."""
    return hashed(words, at, WORDS) & HASH


def equal(a: Words, at: int, b: Words, to: int) -> int:
    """1 where two records are equal."""
    difference = 0
    for i in range(0, WORDS, 1):
        difference = difference | a[at + i] ^ b[to + i]
    return 1 if difference == 0 else 0


def spread(
    control: Words,
    store: Words,
    first: int,
    last: int,
    out: Words,
    batches: Words,
    fills: Words,
    cache: Words,
    parts: int,
    room: int,
) -> int:
    """Expand states `first` to `last` and put every successor into the batch of its owner; where
    it stopped, since a batch or the log is full."""
    for i in range(first, last, 1):
        if control[LOGGED] > TELL:
            return i
        for p in range(0, parts, 1):
            if fills[p] + FANOUT * (WORDS + 1) > room:
                return i
        h = named(store, i * WORDS)
        control[HEAD] = h
        control[KEY] = i
        found = expand(control, store, i * WORDS, out, 0)
        control[TRANSITIONS] = control[TRANSITIONS] + found
        for k in range(0, found, 1):
            send(out, k * WORDS, h, batches, fills, cache, parts, room)
    return last


def send(
    out: Words,
    at: int,
    parent: int,
    batches: Words,
    fills: Words,
    cache: Words,
    parts: int,
    room: int,
) -> int:
    """Put a state into the batch of its owner, unless it stands there from a moment ago."""
    h = named(out, at)
    slot = h & CACHE
    known = cache[slot] - 1
    if known >= 0 and equal(batches, known, out, at) == 1:
        if parent < batches[known + WORDS]:
            batches[known + WORDS] = parent
        return 0
    p = (h >> 32) * parts >> 30
    to = p * room + fills[p]
    for i in range(0, WORDS, 1):
        batches[to + i] = out[at + i]
    batches[to + WORDS] = parent
    fills[p] = fills[p] + WORDS + 1
    cache[slot] = to + 1
    return 1


def admit(
    control: Words,
    store: Words,
    parents: Words,
    table: Words,
    mask: int,
    items: Words,
    at: int,
    until: int,
    old: int,
) -> int:
    """Store the items that are not there; where it stopped, since there must be more room. Of those
    that are not among the first `old` states, the least parent is kept."""
    while at < until:
        count = control[COUNT]
        if count >= control[ROOM]:
            return at
        h = named(items, at)
        place = h & mask
        here = 0
        while here == 0:
            entry = table[place]
            if entry == 0:
                here = 0 - 1
            else:
                number = (entry & LOW32) - 1
                if (entry ^ h) >> 32 == 0 and equal(store, number * WORDS, items, at) == 1:
                    here = number + 1
                else:
                    place = place + 1 & mask
        if here < 0:
            for i in range(0, WORDS, 1):
                store[count * WORDS + i] = items[at + i]
            parents[count] = items[at + WORDS]
            table[place] = h & ~LOW32 | count + 1
            control[COUNT] = count + 1
        else:
            if here > old and items[at + WORDS] < parents[here - 1]:
                parents[here - 1] = items[at + WORDS]
        at = at + WORDS + 1
    return until


def enter(store: Words, first: int, last: int, table: Words, mask: int) -> int:
    """Enter stored states into a table that does not have them."""
    for i in range(first, last, 1):
        h = named(store, i * WORDS)
        place = h & mask
        while table[place] != 0:
            place = place + 1 & mask
        table[place] = h & ~LOW32 | i + 1
    return 0


def find(store: Words, first: int, last: int, h: int) -> int:
    """The first of some states that has a hash; -1: none."""
    for i in range(first, last, 1):
        if named(store, i * WORDS) == h:
            return i
    return 0 - 1
