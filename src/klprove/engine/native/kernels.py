"""The loops of the search, in the part of Python that `engine/native/lowering.py` compiles.

Everything is an integer of 64 bits or an array that is passed in; every function here also runs
under CPython, which is how it is tested. WORDS, SEEN and `objects` are set for each program.

The table of states is open addressing with linear probing: the upper half of an entry is the upper
half of the state's hash, the lower half its index plus one, zero is empty. The place where probing
begins comes from the upper half, so the table grows without a look at the states.
"""

from collections.abc import MutableSequence
from typing import TypeAlias

Bytes: TypeAlias = MutableSequence[int]
"""Unsigned bytes."""
Cells: TypeAlias = MutableSequence[int]
"""Unsigned integers of 32 bits."""
Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

WORDS = 1
"""Words of a state."""
SEEN = 1
"""Where the flags of the events begin in the control array."""
BATCH = 32
"""States expanded before their successors are looked up, so that the table is in the cache."""
objects: Words = []
"""How many objects, then six words for each, by address: start, length, position (-1: it never
changes), granule, first flag, whether it is read only."""

COUNT, HEAD, UNTIL, TRANSITIONS, ROOM, MASK, LOGGED, LOG = 0, 1, 2, 3, 4, 5, 6, 7
"""Places in the control array: states stored; states expanded; where to stop; transitions; states
at which there must be more room; entries of the table less one; length of the log; start of the log
(three words an entry: event, state, choice)."""
TELL = 4096
"""Entries of the log after which it is read; it has room for what one batch may add."""

BLOCKED = 0
NULL, WILD, BOUNDS, FREED = -1, -2, -3, -4
LOW32 = 0xFFFFFFFF

REACHED, FULL, TOLD = 0, 1, 2
"""Why `search` returns: it got to UNTIL; the store or the table must grow; the log is full."""


def mix(a: int, b: int) -> int:
    """Both halves of the product of 128 bits, folded (Wang Yi, wyhash)."""
    product = (a & 0xFFFFFFFFFFFFFFFF) * (b & 0xFFFFFFFFFFFFFFFF)
    folded = (product ^ (product >> 64)) & 0xFFFFFFFFFFFFFFFF
    return folded - (1 << 64) if folded >> 63 else folded


def below(a: int, b: int) -> bool:
    """a < b as unsigned integers."""
    return a & 0xFFFFFFFFFFFFFFFF < b & 0xFFFFFFFFFFFFFFFF


def prefetch(array: Words, index: int) -> int:
    """Ask for an entry before it is needed."""
    return 0


def expand(control: Words, store: Words, at: int, out: Words, to: int) -> int:
    """Write the successors of a state one after the other, and say how many: generated code."""
    raise NotImplementedError


def hashed(store: Words, at: int) -> int:
    """The hash of the state at a place in words: independent products, so that they overlap."""
    total = 0x2D358DCCAA6C78A5
    key = 0x1E3779B97F4A7C15
    for i in range(0, WORDS - 1, 2):
        other = key + 0x0F1BBCDCBFA53E0B & 0x3FFFFFFFFFFFFFFF
        total = total ^ mix(store[at + i] ^ key, store[at + i + 1] ^ other)
        key = other + 0x2545F4914F6CDD1D & 0x3FFFFFFFFFFFFFFF
    if WORDS & 1:
        total = total ^ mix(store[at + WORDS - 1] ^ 0x4B33A62ED433D4A3, 0x4D5A2DA51DE1AA47)
    return mix(total, 0x27BB2EE687B0B0FD)


def same(store: Words, at: int, out: Words, to: int) -> int:
    """1 where two states are equal."""
    difference = 0
    for i in range(0, WORDS, 1):
        difference = difference | store[at + i] ^ out[to + i]
    return 1 if difference == 0 else 0


def insert(
    control: Words, store: Words, parents: Cells, table: Words, out: Words, to: int, h: int, by: int
) -> int:
    """Store the state at `to` unless it is there already; 1 where it is new."""
    mask = control[MASK]
    place = h >> 32 & mask
    while table[place] != 0:
        entry = table[place]
        if (entry ^ h) >> 32 == 0 and same(store, ((entry & LOW32) - 1) * WORDS, out, to) == 1:
            return 0
        place = place + 1 & mask
    count = control[COUNT]
    for i in range(0, WORDS, 1):
        store[count * WORDS + i] = out[to + i]
    parents[count] = by
    table[place] = h & ~LOW32 | count + 1
    control[COUNT] = count + 1
    return 1


def begin(control: Words, store: Words, parents: Cells, table: Words, out: Words) -> int:
    """Store the first state, which stands in `out`."""
    return insert(control, store, parents, table, out, 0, hashed(out, 0), 0)


def search(
    control: Words,
    store: Words,
    parents: Cells,
    table: Words,
    out: Words,
    hashes: Words,
    origins: Words,
) -> int:
    """Expand states in order until UNTIL; see REACHED, FULL, TOLD."""
    while control[HEAD] < control[UNTIL]:
        if control[COUNT] >= control[ROOM]:
            return FULL
        if control[LOGGED] > TELL:
            return TOLD
        made = 0
        last = control[HEAD] + BATCH
        if last > control[UNTIL]:
            last = control[UNTIL]
        while control[HEAD] < last:
            head = control[HEAD]
            found = expand(control, store, head * WORDS, out, made * WORDS)
            for i in range(made, made + found, 1):
                h = hashed(out, i * WORDS)
                hashes[i] = h
                origins[i] = head
                prefetch(table, h >> 32 & control[MASK])
            made = made + found
            control[HEAD] = head + 1
        for i in range(0, made, 1):
            insert(control, store, parents, table, out, i * WORDS, hashes[i], origins[i])
        control[TRANSITIONS] = control[TRANSITIONS] + made
    return REACHED


def rebuild(old: Words, entries: int, table: Words, mask: int) -> int:
    """Enter everything that is in one table into a larger one, so far empty."""
    for i in range(0, entries, 1):
        entry = old[i]
        if entry != 0:
            place = entry >> 32 & mask
            while table[place] != 0:
                place = place + 1 & mask
            table[place] = entry
    return 0


def note(control: Words, number: int, choice: int) -> int:
    """Log an event with the state that is being expanded: each once, but every blocked state."""
    if control[SEEN + number] == 0:
        if number != BLOCKED:
            control[SEEN + number] = 1
        at = LOG + 3 * control[LOGGED]
        control[at] = number
        control[at + 1] = control[HEAD]
        control[at + 2] = choice
        control[LOGGED] = control[LOGGED] + 1
    return 0


def holder(addr: int) -> int:
    """Where in `objects` the last object that begins at or before an address stands; -1: none."""
    low = 0
    high = objects[0]
    while low < high:
        middle = (low + high) // 2
        if below(addr, objects[1 + 6 * middle]):
            high = middle
        else:
            low = middle + 1
    return 6 * low - 5 if low > 0 else -1


def freed(m: Bytes, at: int, offset: int, size: int) -> int:
    """1 where a flag of the bytes at an offset of the object at `at` is set."""
    first = objects[at + 4]
    last = first + (offset + size - 1) // objects[at + 3]
    for i in range(first + offset // objects[at + 3], last + 1, 1):
        if m[i] != 0:
            return 1
    return 0


def locate(m: Bytes, addr: int, size: int, writes: int) -> int:
    """Position of the bytes at a computed address, or a fault: as Image.locate()."""
    if below(addr, 0x1000):
        return NULL
    at = holder(addr)
    if at < 0:
        return WILD
    offset = addr - objects[at]
    outside = objects[at + 2] < 0 or not below(offset, objects[at + 1])
    if outside or (writes != 0 and objects[at + 5] != 0):
        return WILD
    if offset + size > objects[at + 1]:
        return BOUNDS
    if objects[at + 3] != 0 and freed(m, at, offset, size) != 0:
        return FREED
    return objects[at + 2] + offset


def free(m: Bytes, addr: int, size: int) -> int:
    """Free the bytes at an address: 0, or a fault. As Image.free()."""
    if addr == 0:
        return 0
    if below(addr, 0x1000):
        return NULL
    at = holder(addr)
    if at < 0:
        return WILD
    offset = addr - objects[at]
    if not below(offset, objects[at + 1]):
        return WILD
    if offset + size > objects[at + 1]:
        return BOUNDS
    if objects[at + 2] < 0 or objects[at + 3] == 0:
        return WILD
    if freed(m, at, offset, size) != 0:
        return FREED
    first = objects[at + 4]
    last = first + (offset + size - 1) // objects[at + 3]
    for i in range(first + offset // objects[at + 3], last + 1, 1):
        m[i] = 1
    return 0
