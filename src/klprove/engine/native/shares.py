# SPDX-License-Identifier: GPL-2.0-or-later
"""The loops of a search by several threads, in the part of Python that `lowering.py` compiles.

Threads work in rounds of three phases, on one share of the states of the round each. *Gather*: a
thread expands its share and writes down the candidates, in order, and who owns each. *Settle*: the
marks of states are divided among owners, one a thread; each enters its candidates into the table,
share by share, in order, so that of equal candidates it is always the first that is new. *Append*:
the new ones of a share are numbered, after those of the shares before it. States thus have the
numbers that one thread alone would give them, and everything that follows is the same.

Threads meet after the first and after the second phase. What they decide there they decide from the
same figures, so each decides for itself and all do the same. All functions also run under CPython.
"""

from klprove.engine.native.kernels import (
    BASE,
    BATCH,
    COUNT,
    CROWDED,
    ENTRIES,
    EXACT,
    FULL,
    HEAD,
    HERE,
    LOGGED,
    OUT,
    PAIRS,
    PIECES,
    REACHED,
    ROOM,
    TELL,
    TOLD,
    TRANSITIONS,
    UNTIL,
    Bytes,
    Words,
    acquire,
    claim,
    expand,
    fetch,
    fingerprint,
    fold,
    prefetch,
    relax,
    remember,
    scale,
    scramble,
    take,
)

WORDS = 2
SHARE, CAP, THREADS = 4096, 8192, 2
"""Most states of a share; most candidates; threads."""
PATIENCE = 2000
"""Looks at the others before a thread that waits gives its CPU away."""


def labour(
    own: Words,
    thread: int,
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
    found: Words,
    keys: Words,
    marks: Words,
    fresh: Bytes,
    lists: Words,
    sizes: Words,
    born: Words,
    made: Words,
    out: Words,
    meeting: Words,
) -> int:
    """The part of one thread in expanding states until UNTIL; as `search`, what it returns. `own`
    is a control array for what it notes; `made` and `meeting` begin as zeros."""
    head = control[HEAD]
    count = control[COUNT]
    transitions = control[TRANSITIONS]
    outcome = REACHED
    while head < control[UNTIL] and outcome == REACHED:
        states = control[UNTIL] - head
        if states > SHARE * THREADS:
            states = SHARE * THREADS
        first = head + states * thread // THREADS
        last = head + states * (thread + 1) // THREADS
        made[thread] = gather(
            own,
            thread,
            first,
            last,
            control,
            order,
            pieces,
            piece_slots,
            pairs,
            pair_slots,
            work,
            found,
            keys,
            marks,
            fresh,
            lists,
            sizes,
            out,
        )
        made[THREADS + thread] = own[LOGGED]
        meet(meeting)
        total = 0
        for i in range(0, THREADS, 1):
            if made[i] < 0:
                outcome = CROWDED
            total = total + made[i]
        if outcome == REACHED and count + total >= control[ROOM]:
            outcome = FULL
        if outcome == REACHED:
            settle(thread, control, table, marks, fresh, lists, sizes, born)
            for i in range(0, THREADS, 1):
                if made[THREADS + i] > TELL:
                    outcome = TOLD
            meet(meeting)
            number = count
            for i in range(0, THREADS * THREADS, 1):
                if i < thread * THREADS:
                    number = number + born[i]
                count = count + born[i]
            append(
                thread,
                first,
                last,
                number,
                control,
                order,
                births,
                places,
                found,
                keys,
                fresh,
                out,
            )
            head = head + states
            transitions = transitions + total
    meet(meeting)
    if thread == 0:
        control[HEAD] = head
        control[COUNT] = count
        control[TRANSITIONS] = transitions
    return outcome


def meet(meeting: Words) -> int:
    """Wait until all threads are here."""
    place = take(meeting, 0, 1)
    enough = (place // THREADS + 1) * THREADS
    looks = 0
    while acquire(meeting, 0) < enough:
        looks = looks + 1
        if looks > PATIENCE:
            relax()
    return 0


def gather(
    own: Words,
    share: int,
    first: int,
    last: int,
    control: Words,
    order: Words,
    pieces: Words,
    piece_slots: Words,
    pairs: Words,
    pair_slots: Words,
    work: Words,
    found: Words,
    keys: Words,
    marks: Words,
    fresh: Bytes,
    lists: Words,
    sizes: Words,
    out: Words,
) -> int:
    """Expand states `first` to `last`. `own` is the control array for notes. How many candidates;
    -1 where there must be more room for parts or pairs first."""
    made = share * CAP
    for i in range(share * THREADS, share * THREADS + THREADS, 1):
        sizes[i] = 0
    for head in range(first, last, 1):
        if control[PIECES] >= control[PIECES + 1] or control[PAIRS] >= control[PAIRS + 1]:
            return -1
        own[HEAD] = head
        fetch(own, order, head - control[BASE], pieces, pairs, work)
        if EXACT:
            more = expand(own, work, HERE, work, OUT)
        else:
            more = expand(own, work, HERE, out, made * WORDS)
        for i in range(0, more, 1):
            if EXACT:
                key = fold(
                    own, control, pieces, piece_slots, pairs, pair_slots, work, OUT + i * WORDS
                )
                keys[made] = key
                mark = scramble(key)
            else:
                mark = fingerprint(out, made * WORDS)
            marks[made] = mark
            fresh[made] = 0
            owner = share * THREADS + scale(mark, THREADS)
            lists[owner * CAP + sizes[owner]] = made
            sizes[owner] = sizes[owner] + 1
            made = made + 1
        found[share * SHARE + head - first] = more
    return made - share * CAP


def settle(
    owner: int,
    control: Words,
    table: Words,
    marks: Words,
    fresh: Bytes,
    lists: Words,
    sizes: Words,
    born: Words,
) -> int:
    """Enter the candidates of an owner; how many of each share are new goes to `born`. Another
    owner may want the same place where the parts of the table that they use meet."""
    entries = control[ENTRIES]
    for share in range(0, THREADS, 1):
        start = (share * THREADS + owner) * CAP
        size = sizes[share * THREADS + owner]
        count = 0
        for low in range(0, size, BATCH):
            high = low + BATCH
            if high > size:
                high = size
            for i in range(low, high, 1):
                prefetch(table, scale(marks[lists[start + i]], entries))
            for i in range(low, high, 1):
                at = lists[start + i]
                if enter(table, entries, marks[at]) == 1:
                    fresh[at] = 1
                    count = count + 1
        born[share * THREADS + owner] = count
    return 0


def enter(table: Words, entries: int, mark: int) -> int:
    """As `insert`, among other threads."""
    place = scale(mark, entries)
    while 1:
        there = table[place]
        if there == 0:
            there = claim(table, place, mark)
            if there == 0:
                return 1
        if there == mark:
            return 0
        place = place + 1
    return 0


def append(
    share: int,
    first: int,
    last: int,
    number: int,
    control: Words,
    order: Words,
    births: Bytes,
    places: Bytes,
    found: Words,
    keys: Words,
    fresh: Bytes,
    out: Words,
) -> int:
    """Number the new states of a share from `number` on."""
    at = share * CAP
    for head in range(first, last, 1):
        before = number
        for i in range(0, found[share * SHARE + head - first], 1):
            if fresh[at] != 0:
                place = number - control[BASE]
                if EXACT:
                    order[place] = keys[at]
                else:
                    for j in range(0, WORDS, 1):
                        order[place * WORDS + j] = out[at * WORDS + j]
                remember(places, number, i)
                number = number + 1
            at = at + 1
        remember(births, head, number - before)
    return number
