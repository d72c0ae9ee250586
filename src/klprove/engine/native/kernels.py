# SPDX-License-Identifier: GPL-2.0-or-later
"""The loops of the search, in the part of Python that `engine/native/lowering.py` compiles.

Everything is an integer of 64 bits or an array that is passed in; every function here also runs
under CPython, which is how it is tested. The constants below the line are set for each program.

A state is a record of WORDS words. It is cut into PARTS parts of PART words, and each distinct part
is stored once and numbered; numbers are paired, and each distinct pair of them is stored once and
numbered, until two are left: they are the *key* of the state, one word. (Tree compression: Laarman,
van de Pol, Weber, "Parallel recursive state compression for free", SPIN 2011.) The set of states is
a table of keys, scrambled by a bijection, so it is exact. In a compact search there are no
parts: what stands for a state in the table is a fingerprint of 64 bits (hash compaction: Wolper
and Leroy, CAV 1993).

The table is open addressing with linear probing. A mark begins its search at a place proportional
to it, so the table may have any size, its content is nearly sorted, and it grows in place.

States are numbered in the order in which they are found, breadth first. How a state was found is
remembered in two small numbers, so that a run can be told again: how many states its parent has
found, and its place among the successors of the parent.
"""

from collections.abc import MutableSequence
from typing import TypeAlias

Bytes: TypeAlias = MutableSequence[int]
"""Unsigned bytes."""
Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

BATCH = 32
"""States expanded before their successors are looked up, so that the table is in the cache."""
TELL = 4096
"""Entries of the log after which it is read."""
TAIL = 1 << 16
"""Places behind the last of a table, for what does not find one before."""

# -- of the program ------------------------------------------------------------------

WORDS, PART, PARTS, NODES, LEFT, RIGHT, FANOUT, EXACT, TRAIL, SEEN = 2, 1, 2, 2, 0, 1, 1, 1, 1, 0
"""Words of a state; words of a part; parts; parts and pairs together; the two that are the key;
successors that a state may have; 0: compact; bytes of a number of the trail; where the flags of the
events begin."""
joins: Words = []
"""The two parts or pairs that each pair pairs."""
cut: Words = []
"""The words of the record that make up the parts, one part after the other. The last word of the
record is zero and may stand in many."""
HERE, REFS, IDS, COUNTS, KEYS, MARKS, OUT = 0, 2, 4, 6, 38, 70, 102
"""Where things begin in a work array: the state being expanded, the numbers of its parts and pairs,
those of a successor; for a batch: successors of each state, their keys, their marks, they."""

# -- places in the control array -------------------------------------------------------

COUNT, HEAD, UNTIL, TRANSITIONS, ROOM, ENTRIES, LOGGED = 0, 1, 2, 3, 4, 5, 6
"""States stored; states expanded; where to stop; transitions; states at which there must be more
room; places of the table; length of the log."""
PIECES, PAIRS = 7, 11
"""Four places each, for the parts and for the pairs: how many there are, at how many there must
be more room, places of their table; a number that this thread has taken and not used."""
BASE, KEY = 15, 16
"""Number of the first state that `order` still holds; key of the state that is being expanded."""
WANTED, CUT = 17, 18
"""What must be able to come, by place; set where a path from the state that is being expanded
ends, or goes on only after an arrival that a bound withholds."""
LOG = 19
"""Start of the log (three words an entry: event, state, choice or, where it is blocked, its
key)."""

BLOCKED = 0
LOW32 = 0xFFFFFFFF

REACHED, FULL, TOLD, CROWDED = 0, 1, 2, 3
"""Why `search` returns: it got to UNTIL; the table must grow; the log is full; there must be more
room for parts or pairs."""


# -- what is written in LLVM ------------------------------------------------------------


def mix(a: int, b: int) -> int:
    """Both halves of the product of 128 bits, folded (Wang Yi, wyhash)."""
    product = (a & 0xFFFFFFFFFFFFFFFF) * (b & 0xFFFFFFFFFFFFFFFF)
    return signed(product ^ (product >> 64))


def scramble(a: int) -> int:
    """A bijection of words that spreads neighbours (the finalizer of MurmurHash3); 0 stays 0."""
    a &= 0xFFFFFFFFFFFFFFFF
    a = (a ^ (a >> 33)) * 0xFF51AFD7ED558CCD & 0xFFFFFFFFFFFFFFFF
    a = (a ^ (a >> 33)) * 0xC4CEB9FE1A85EC53 & 0xFFFFFFFFFFFFFFFF
    return signed(a ^ (a >> 33))


def scale(a: int, entries: int) -> int:
    """The place that belongs to mark `a` among so many: a * entries / 2**64, unsigned."""
    return (a & 0xFFFFFFFFFFFFFFFF) * entries >> 64


def below(a: int, b: int) -> bool:
    """a < b as unsigned integers."""
    return a & 0xFFFFFFFFFFFFFFFF < b & 0xFFFFFFFFFFFFFFFF


def prefetch(array: Words, index: int) -> int:
    """Ask for an entry before it is needed."""
    return 0


def acquire(array: Words, index: int) -> int:
    """An element that another thread may have set; what it wrote before is seen."""
    return array[index]


def claim(array: Words, index: int, value: int) -> int:
    """Set an element that is 0, at one blow; 0, or what another thread has set it to."""
    found = array[index]
    if found == 0:
        array[index] = value
    return found


def take(array: Words, index: int, more: int) -> int:
    """Add to an element, at one blow; what it was."""
    found = array[index]
    array[index] = found + more
    return found


def relax() -> int:
    """Let another thread have the CPU."""
    return 0


def expand(control: Words, store: Words, at: int, out: Words, to: int) -> int:
    """Write the successors of a state one after the other, and say how many: generated code."""
    raise NotImplementedError


def signed(a: int) -> int:
    """The low 64 bits of `a` as a signed integer; for the functions above."""
    a &= 0xFFFFFFFFFFFFFFFF
    return a - (1 << 64) if a >> 63 else a


# -- hashes ---------------------------------------------------------------------------------


def hashed(words: Words, at: int, width: int) -> int:
    """A hash of some words: independent products, so that they overlap."""
    total = 0x2D358DCCAA6C78A5
    key = 0x1E3779B97F4A7C15
    for i in range(0, width - 1, 2):
        other = key + 0x0F1BBCDCBFA53E0B & 0x3FFFFFFFFFFFFFFF
        total = total ^ mix(words[at + i] ^ key, words[at + i + 1] ^ other)
        key = other + 0x2545F4914F6CDD1D & 0x3FFFFFFFFFFFFFFF
    if width & 1:
        total = total ^ mix(words[at + width - 1] ^ 0x4B33A62ED433D4A3, 0x4D5A2DA51DE1AA47)
    return mix(total, 0x27BB2EE687B0B0FD)


def fingerprint(words: Words, at: int) -> int:
    """What stands for a state in a compact search: never 0."""
    found = hashed(words, at, WORDS)
    return found if found != 0 else 1


# -- parts and pairs ------------------------------------------------------------------------


def intern(
    own: Words,
    control: Words,
    counts: int,
    slots: Words,
    kept: Words,
    width: int,
    words: Words,
    at: int,
) -> int:
    """The number, from 1 on, of `width` words among those in `kept`, where they are put unless they
    are there. Several threads, each with a control array of its own, may do so at once; a number
    that one has taken in vain it uses next time. `slots` holds half a hash and half a number."""
    h = hashed(words, at, width)
    tag = h & ~LOW32
    place = (h >> 32 & LOW32) * control[counts + 2] >> 32
    mine = 0
    while 1:
        entry = acquire(slots, place)
        if entry == 0:
            if mine == 0:
                mine = own[counts + 3]
                own[counts + 3] = 0
                if mine == 0:
                    mine = take(control, counts, 1) + 1
                for i in range(0, width, 1):
                    kept[mine * width + i] = words[at + i]
            entry = claim(slots, place, tag | mine)
            if entry == 0:
                return mine
        if entry & ~LOW32 == tag:
            number = entry & LOW32
            difference = 0
            for i in range(0, width, 1):
                difference = difference | kept[number * width + i] ^ words[at + i]
            if difference == 0:
                if mine != 0:
                    own[counts + 3] = mine
                return number
        place = place + 1
    return 0


def respace(
    slots: Words, entries: int, kept: Words, width: int, count: int, unused: Words, some: int
) -> int:
    """Enter all that is kept into an empty table of so many places, but for `some` numbers that
    are not in use."""
    for number in range(1, count + 1, 1):
        used = 1
        for i in range(0, some, 1):
            if unused[i] == number:
                used = 0
        if used:
            h = hashed(kept, number * width, width)
            place = (h >> 32 & LOW32) * entries >> 32
            while slots[place] != 0:
                place = place + 1
            slots[place] = h & ~LOW32 | number
    return 0


def fold(
    own: Words,
    control: Words,
    pieces: Words,
    piece_slots: Words,
    pairs: Words,
    pair_slots: Words,
    work: Words,
    at: int,
) -> int:
    """The key of the record at `at` in the work array, which follows on the one at HERE: only
    where it differs from that are parts and pairs looked up. REFS of 0 are not known."""
    for p in range(0, PARTS, 1):
        difference = 0
        for i in range(0, PART, 1):
            word = cut[p * PART + i]
            difference = difference | work[HERE + word] ^ work[at + word]
        known = work[REFS + p]
        if difference != 0 or known == 0:
            for i in range(0, PART, 1):
                work[IDS + NODES + i] = work[at + cut[p * PART + i]]
            known = intern(own, control, PIECES, piece_slots, pieces, PART, work, IDS + NODES)
        work[IDS + p] = known
    for n in range(PARTS, NODES, 1):
        left = joins[2 * (n - PARTS)]
        right = joins[2 * (n - PARTS) + 1]
        a = work[IDS + left]
        b = work[IDS + right]
        known = work[REFS + n]
        if a != work[REFS + left] or b != work[REFS + right]:
            work[IDS + NODES] = a | b << 32
            known = intern(own, control, PAIRS, pair_slots, pairs, 1, work, IDS + NODES)
        work[IDS + n] = known
    return work[IDS + LEFT] | work[IDS + RIGHT] << 32


def unfold(pieces: Words, pairs: Words, key: int, work: Words) -> int:
    """The record of a key to HERE, and the numbers of its parts and pairs to REFS."""
    work[REFS + LEFT] = key & LOW32
    work[REFS + RIGHT] = key >> 32 & LOW32
    for k in range(0, NODES - PARTS, 1):
        n = NODES - 1 - k
        pair = pairs[work[REFS + n]]
        work[REFS + joins[2 * (n - PARTS)]] = pair & LOW32
        work[REFS + joins[2 * (n - PARTS) + 1]] = pair >> 32 & LOW32
    for p in range(0, PARTS, 1):
        for i in range(0, PART, 1):
            work[HERE + cut[p * PART + i]] = pieces[work[REFS + p] * PART + i]
    return 0


# -- the table ------------------------------------------------------------------------------


def insert(table: Words, entries: int, mark: int) -> int:
    """Enter a mark unless it is there already; 1 where it is new."""
    place = scale(mark, entries)
    while table[place] != 0:
        if table[place] == mark:
            return 0
        place = place + 1
    table[place] = mark
    return 1


def stretch(table: Words, before: int, entries: int) -> int:
    """Move what is in a table to where it belongs when the table has more places.

    From the last to the first, so that nothing lands on what is still to be moved: marks are
    nearly sorted, and go up further than probing had put them off. Only at the bottom need that
    not be so; what is there is taken out first, to the far end, which is empty (`before` + TAIL
    and two TAIL more lie below `entries`).
    """
    aside = entries + TAIL
    for i in range(0, TAIL, 1):
        table[aside + i] = table[i]
        table[i] = 0
    for k in range(0, before, 1):
        i = before + TAIL - 1 - k
        mark = table[i]
        if mark != 0:
            if scale(mark, entries) < i:
                return 1
            table[i] = 0
            insert(table, entries, mark)
    for i in range(0, TAIL, 1):
        mark = table[aside + i]
        table[aside + i] = 0
        if mark != 0:
            insert(table, entries, mark)
    return 0


def refill(keys: Words, count: int, table: Words, entries: int) -> int:
    """Enter states by their keys, or their fingerprints; how many were not there."""
    fresh = 0
    for i in range(0, count, 1):
        fresh = fresh + insert(table, entries, scramble(keys[i]) if EXACT else keys[i])
    return fresh


def fingerprints(order: Words, first: int, count: int, marks: Words) -> int:
    """The fingerprints of some states of a compact search."""
    for i in range(0, count, 1):
        marks[i] = fingerprint(order, (first + i) * WORDS)
    return 0


# -- the search -----------------------------------------------------------------------------


def begin(
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
) -> int:
    """Store the first state, which stands at OUT in the work array."""
    if EXACT:
        order[0] = fold(control, control, pieces, piece_slots, pairs, pair_slots, work, OUT)
        insert(table, control[ENTRIES], scramble(order[0]))
    else:
        for i in range(0, WORDS, 1):
            order[i] = work[OUT + i]
        insert(table, control[ENTRIES], fingerprint(work, OUT))
    control[COUNT] = 1
    return 0


def fetch(control: Words, order: Words, at: int, pieces: Words, pairs: Words, work: Words) -> int:
    """The state at a place of `order` to HERE."""
    if EXACT:
        control[KEY] = order[at]
        return unfold(pieces, pairs, order[at], work)
    for i in range(0, WORDS, 1):
        work[HERE + i] = order[at * WORDS + i]
    return 0


def remember(trail: Bytes, at: int, number: int) -> int:
    """Put a number of the trail to its place."""
    trail[at * TRAIL] = number & 255
    if TRAIL == 2:
        trail[at * 2 + 1] = number >> 8
    return 0


def search(
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
) -> int:
    """Expand states in order until UNTIL; see REACHED, FULL, TOLD, CROWDED."""
    while control[HEAD] < control[UNTIL]:
        if control[COUNT] >= control[ROOM]:
            return FULL
        if control[PIECES] >= control[PIECES + 1] or control[PAIRS] >= control[PAIRS + 1]:
            return CROWDED
        if control[LOGGED] > TELL:
            return TOLD
        entries = control[ENTRIES]
        made = 0
        first = control[HEAD]
        last = first + BATCH
        if last > control[UNTIL]:
            last = control[UNTIL]
        for head in range(first, last, 1):
            control[HEAD] = head
            fetch(control, order, head - control[BASE], pieces, pairs, work)
            to = OUT if EXACT else OUT + made * WORDS
            found = expand(control, work, HERE, work, to)
            for i in range(made, made + found, 1):
                if EXACT:
                    key = fold(control, control, pieces, piece_slots, pairs, pair_slots, work, to)
                    work[KEYS + i] = key
                    mark = scramble(key)
                else:
                    mark = fingerprint(work, to)
                to = to + WORDS
                work[MARKS + i] = mark
                prefetch(table, scale(mark, entries))
            work[COUNTS + head - first] = found
            made = made + found
        at = 0
        count = control[COUNT]
        for head in range(first, last, 1):
            before = count
            found = work[COUNTS + head - first]
            for i in range(0, found, 1):
                if insert(table, entries, work[MARKS + at + i]) == 1:
                    place = count - control[BASE]
                    if EXACT:
                        order[place] = work[KEYS + at + i]
                    else:
                        for j in range(0, WORDS, 1):
                            order[place * WORDS + j] = work[OUT + (at + i) * WORDS + j]
                    remember(places, count, i)
                    count = count + 1
            remember(births, head, count - before)
            at = at + found
        control[HEAD] = last
        control[COUNT] = count
        control[TRANSITIONS] = control[TRANSITIONS] + made
    return REACHED


def climb(births: Bytes, control: Words, head: int, total: int, wanted: int) -> int:
    """The parent of state `wanted`, given that states up to `head` have found those up to `total`;
    what the ones before it have found goes to control[UNTIL]."""
    born = births[head * TRAIL]
    if TRAIL == 2:
        born = born + (births[head * 2 + 1] << 8)
    while total - born >= wanted:
        total = total - born
        head = head - 1
        born = births[head * TRAIL]
        if TRAIL == 2:
            born = born + (births[head * 2 + 1] << 8)
    control[UNTIL] = total - born
    return head


def note(control: Words, number: int, choice: int) -> int:
    """Log an event with the state that is being expanded: each once, with the first state that has
    it, but every blocked state."""
    seen = control[SEEN + number]
    now = control[HEAD] + 1
    if number == BLOCKED or seen == 0 or now < seen:
        control[SEEN + number] = now
        at = LOG + 3 * control[LOGGED]
        control[at] = number
        control[at + 1] = control[HEAD]
        control[at + 2] = control[KEY] if number == BLOCKED else choice
        control[LOGGED] = control[LOGGED] + 1
    return 0
