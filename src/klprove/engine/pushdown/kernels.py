"""The loops of the pushdown search, in the part of Python that `engine/native/lowering.py` compiles.

What `engine/nested.py` does, in the same order, on numbers: frames and worlds (memories) are stored
once and called by their numbers, and a node is (activation, frame, world). Nodes wait in a list for
each length; lengths are small, so no heap is needed. Everything is an integer of 64 bits or an
array; every function here also runs under CPython.

The table of nodes also holds what else has to be found by a key: exits (activation, EXIT, world),
activations (NOBODY, frame, world) and events (activation, EVENT + number, 0).
"""

from collections.abc import MutableSequence
from typing import TypeAlias

Cells: TypeAlias = MutableSequence[int]
"""Unsigned integers of 32 bits."""
Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

WORLD, FRAME, ARRIVING, INVARIANTS = 1, 1, 1, 0
"""Set for each program: words of a world and of a frame, interrupt contexts, whether there are
invariants."""
SEEN, FINDS = 1, 1
"""Set for each program: where, in the control array, the flags of events begin (told once), and
those that say which of them are findings (kept once for each activation)."""

frames: Words = []
worlds: Words = []
frame_table: Words = []
world_table: Words = []
node_table: Words = []
"""Open addressing; the upper half of an entry is the upper half of the hash, the lower half the
number of what is meant; zero is empty."""
nodes: Cells = []
queue: Cells = []
heads: Cells = []
tails: Cells = []
acts: Cells = []
landings: Cells = []
lefts: Cells = []
metas: Cells = []
blocked: Cells = []
ways: Cells = []
memory: Words = []
frame: Words = []
masks: Words = []
"""For each interrupt context the bytes that it may touch, as a world of ones and zeros."""

FRAMES, FRAME_MASK, WORLDS, WORLD_MASK, NODES, NODE_MASK = 0, 1, 2, 3, 4, 5
QUEUED, UNUSED, PENDING, CURSOR, DEPTH, EXPANDED, UNTIL = 6, 7, 8, 9, 10, 11, 12
TRANSITIONS, ACTS, LANDINGS, LEFTS, BLOCKEDS, NOW, LENGTH = 13, 14, 15, 16, 17, 18, 19
HEARD, EVENTS, ROOM, WORDS_ROOM, CONTROL = 20, 21, 22, 23, 24
"""Places in the control array. Numbers begin at 1 everywhere; 0 is none."""

NODE, ACTIVATION, IN_FRAME, IN_WORLD, LONG, CAME, HOW, NEXT = 7, 0, 1, 2, 3, 4, 5, 6
"""Cells of a node: its activation, frame, world; its length, with SETTLED; the node before it and
how it was reached from there: a choice, or BY_EXIT and the node of the exit; the next node of the
same world (exit of the same activation, event)."""
ACT, ENTRY, BY, FIRST_EXIT, LAST_EXIT, FIRST_LANDING, LAST_LANDING = 6, 0, 1, 2, 3, 4, 5
"""Cells of an activation: the node of its entry, its interrupt; lists of exits and landings."""
LAND, OVER_WORLD, OF_ACT, NEXT_LANDING, FIRST_LEFT, LAST_LEFT = 5, 0, 1, 2, 3, 4
LEAVE, BY_NODE, TO_WORLD, NEXT_LEFT = 3, 0, 1, 2
META, FIRST_NODE, LAST_NODE, DELIVERED = 3, 0, 1, 2
"""Cells of a world: list of its nodes; whether arrivals are known; they follow, one a context."""

SETTLED, LENGTHS = 0x80000000, 0x7FFFFFFF
BY_EXIT = 0x80000000
ENTERED, NOWHERE = 0x10000, 0x20000
"""Choices, as an event knows them: those of a step, an arrival, none (of an invariant)."""
EXIT, EVENT, NOBODY = 0xFFFFFFFF, 0xF0000000, 0xFFFFFFFF
NOISY, SILENT = 0x80000000, 0x40000000
"""Of an arrival: something is noted with it; the context drops its path before its first step."""

DONE, BLOCKED, LEFT = 1, 2, 3
"""Results of `run`."""
REFUSED, LANDED, DROPPED = 0, 1, 2
"""Results of `enter`."""
NULL, WILD, BOUNDS, FREED = -1, -2, -3, -4
LOW32 = 0xFFFFFFFF

REACHED, FULL, EMPTY = 0, 1, 2
"""Why `search` returns: it got to UNTIL; a table must grow; nothing is left."""


def mix(a: int, b: int) -> int:
    """Both halves of the product of 128 bits, folded (Wang Yi, wyhash)."""
    product = (a & 0xFFFFFFFFFFFFFFFF) * (b & 0xFFFFFFFFFFFFFFFF)
    folded = (product ^ (product >> 64)) & 0xFFFFFFFFFFFFFFFF
    return folded - (1 << 64) if folded >> 63 else folded


def below(a: int, b: int) -> bool:
    """a < b as unsigned integers."""
    return a & 0xFFFFFFFFFFFFFFFF < b & 0xFFFFFFFFFFFFFFFF


def run(control: Words, memory: Words, frame: Words, choice: int) -> int:
    """One step of a frame, in place: generated code."""
    raise NotImplementedError


def counted(frame: Words) -> int:
    """How many choices a frame has; 0 where it has ended or halted: generated code."""
    raise NotImplementedError


def enter(control: Words, memory: Words, frame: Words, number: int) -> int:
    """The arrival of an interrupt, in place: generated code."""
    raise NotImplementedError


def hold(control: Words, memory: Words) -> int:
    """Note every invariant that is broken: generated code."""
    raise NotImplementedError


# -- records ----------------------------------------------------------------------


def hashed(record: Words, at: int, words: int) -> int:
    """The hash of a record: independent products, so that they overlap."""
    total = 0x2D358DCCAA6C78A5
    key = 0x1E3779B97F4A7C15
    for i in range(0, words, 1):
        total = total ^ mix(record[at + i] ^ key, key + 0x0F1BBCDCBFA53E0B & 0x3FFFFFFFFFFFFFFF)
        key = key + 0x2545F4914F6CDD1D & 0x3FFFFFFFFFFFFFFF
    return mix(total, 0x27BB2EE687B0B0FD)


def same(store: Words, at: int, record: Words, words: int) -> int:
    """1 where two records are equal."""
    difference = 0
    for i in range(0, words, 1):
        difference = difference | store[at + i] ^ record[i]
    return 1 if difference == 0 else 0


def copied(to: Words, store: Words, at: int, words: int) -> int:
    """Copy a record out of its store."""
    for i in range(0, words, 1):
        to[i] = store[at + i]
    return 0


def interned(
    control: Words, store: Words, table: Words, counter: int, record: Words, words: int
) -> int:
    """The number of a record, which is stored unless it is there already."""
    h = hashed(record, 0, words)
    mask = control[counter + 1]
    place = h >> 32 & mask
    while table[place] != 0:
        entry = table[place]
        if (entry ^ h) >> 32 == 0 and same(store, (entry & LOW32) * words, record, words) == 1:
            return entry & LOW32
        place = place + 1 & mask
    number = control[counter] + 1
    control[counter] = number
    for i in range(0, words, 1):
        store[number * words + i] = record[i]
    table[place] = h & ~LOW32 | number
    return number


def framed(control: Words) -> int:
    """The number of the frame at hand."""
    return interned(control, frames, frame_table, FRAMES, frame, FRAME)


def remembered(control: Words) -> int:
    """The number of the world at hand."""
    return interned(control, worlds, world_table, WORLDS, memory, WORLD)


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


# -- nodes ------------------------------------------------------------------------


def sought(control: Words, act: int, of: int, world: int) -> int:
    """The place in the table where a key stands, or would."""
    h = mix(act << 32 ^ of ^ 0x1E3779B97F4A7C15, world ^ 0x2D358DCCAA6C78A5)
    mask = control[NODE_MASK]
    place = h >> 32 & mask
    while node_table[place] != 0:
        entry = node_table[place]
        if (entry ^ h) >> 32 == 0:
            at = NODE * (entry & LOW32)
            if (
                nodes[at + ACTIVATION] == act
                and nodes[at + IN_FRAME] == of
                and nodes[at + IN_WORLD] == world
            ):
                return place
        place = place + 1 & mask
    return place


def found(control: Words, act: int, of: int, world: int) -> int:
    """The number of a node; 0 where there is none."""
    return node_table[sought(control, act, of, world)] & LOW32


def added(control: Words, place: int, act: int, of: int, world: int) -> int:
    """A new node, whose key is not in the table, at the place where it was sought."""
    h = mix(act << 32 ^ of ^ 0x1E3779B97F4A7C15, world ^ 0x2D358DCCAA6C78A5)
    number = control[NODES] + 1
    control[NODES] = number
    node_table[place] = h & ~LOW32 | number
    at = NODE * number
    nodes[at + ACTIVATION] = act
    nodes[at + IN_FRAME] = of
    nodes[at + IN_WORLD] = world
    return number


def pushed(control: Words, length: int, number: int) -> int:
    """A node waits for its turn."""
    entry = control[UNUSED]
    if entry != 0:
        control[UNUSED] = queue[2 * entry + 1]
    else:
        entry = control[QUEUED] + 1
        control[QUEUED] = entry
    queue[2 * entry] = number
    queue[2 * entry + 1] = 0
    last = tails[length]
    if last == 0:
        heads[length] = entry
    else:
        queue[2 * last + 1] = entry
    tails[length] = entry
    if length < control[CURSOR]:
        control[CURSOR] = length
    control[PENDING] = control[PENDING] + 1
    return 0


def popped(control: Words) -> int:
    """The node whose turn it is."""
    length = control[CURSOR]
    while heads[length] == 0:
        length = length + 1
    control[CURSOR] = length
    entry = heads[length]
    following = queue[2 * entry + 1]
    heads[length] = following
    if following == 0:
        tails[length] = 0
    number = queue[2 * entry]
    queue[2 * entry + 1] = control[UNUSED]
    control[UNUSED] = entry
    control[PENDING] = control[PENDING] - 1
    return number


def reach(
    control: Words, act: int, of: int, world: int, length: int, came: int, how: int
) -> int:
    """A node has been reached: it waits for its turn, unless it was reached as soon before."""
    place = sought(control, act, of, world)
    number = node_table[place] & LOW32
    if number == 0:
        number = added(control, place, act, of, world)
    elif nodes[NODE * number + LONG] & LENGTHS <= length:
        return number
    at = NODE * number
    nodes[at + LONG] = length
    nodes[at + CAME] = came
    nodes[at + HOW] = how
    pushed(control, length, number)
    return number


# -- exploration ------------------------------------------------------------------


def begin(control: Words) -> int:
    """The first node: the frame and the world at hand."""
    acts[ACT + ENTRY] = 0
    return reach(control, 0, framed(control), remembered(control), 0, 0, 0)


def search(control: Words) -> int:
    """Expand nodes, the shortest first, until UNTIL; see REACHED, FULL, EMPTY."""
    while control[PENDING] > 0:
        if control[EXPANDED] >= control[UNTIL]:
            return REACHED
        if (
            2 * control[NODES] > control[NODE_MASK]
            or 2 * control[WORLDS] > control[WORLD_MASK]
            or 2 * control[FRAMES] > control[FRAME_MASK]
        ):
            return FULL
        number = popped(control)
        length = control[CURSOR]
        if nodes[NODE * number + LONG] == length:
            nodes[NODE * number + LONG] = length | SETTLED
            control[EXPANDED] = control[EXPANDED] + 1
            if length > control[DEPTH]:
                control[DEPTH] = length
            proceed(control, number, length)
            arrivals(control, number, length)
    return EMPTY


def proceed(control: Words, number: int, length: int) -> int:
    """The steps of the frame that runs."""
    act = nodes[NODE * number + ACTIVATION]
    of = nodes[NODE * number + IN_FRAME]
    world = nodes[NODE * number + IN_WORLD]
    control[NOW] = number
    if INVARIANTS:
        control[LENGTH] = length
        copied(memory, worlds, WORLD * world, WORLD)
        hold(control, memory)
    control[LENGTH] = length + 1
    copied(frame, frames, FRAME * of, FRAME)
    choices = counted(frame)
    for choice in range(0, choices, 1):
        copied(memory, worlds, WORLD * world, WORLD)
        copied(frame, frames, FRAME * of, FRAME)
        outcome = run(control, memory, frame, choice)
        if outcome == DONE:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            after = framed(control)
            reach(control, act, after, remembered(control), length + 1, number, choice)
        elif outcome == BLOCKED:
            blocked[control[BLOCKEDS]] = number
            control[BLOCKEDS] = control[BLOCKEDS] + 1
        elif outcome == LEFT:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            leave(control, act, number, length + 1)
    return 0


def leave(control: Words, act: int, number: int, length: int) -> int:
    """An activation returns with the world at hand."""
    world = remembered(control)
    place = sought(control, act, EXIT, world)
    if node_table[place] != 0:
        return 0
    way_out = added(control, place, act, EXIT, world)
    nodes[NODE * way_out + LONG] = length
    nodes[NODE * way_out + CAME] = number
    last = acts[ACT * act + LAST_EXIT]
    if last == 0:
        acts[ACT * act + FIRST_EXIT] = way_out
    else:
        nodes[NODE * last + NEXT] = way_out
    acts[ACT * act + LAST_EXIT] = way_out
    landing = acts[ACT * act + FIRST_LANDING]
    while landing != 0:
        land(control, landing, way_out)
        landing = landings[LAND * landing + NEXT_LANDING]
    return 0


def land(control: Words, landing: int, way_out: int) -> int:
    """One more exit of a landing: every node below goes on with the memory that it leaves."""
    over = landings[LAND * landing + OVER_WORLD]
    mask = WORLD * acts[ACT * landings[LAND * landing + OF_ACT] + BY]
    kept = WORLD * over
    changed = WORLD * nodes[NODE * way_out + IN_WORLD]
    for i in range(0, WORLD, 1):
        ones = masks[mask + i]
        memory[i] = worlds[kept + i] & ~ones | worlds[changed + i] & ones
    after = remembered(control)
    left = control[LEFTS] + 1
    control[LEFTS] = left
    lefts[LEAVE * left + BY_NODE] = way_out
    lefts[LEAVE * left + TO_WORLD] = after
    last = landings[LAND * landing + LAST_LEFT]
    if last == 0:
        landings[LAND * landing + FIRST_LEFT] = left
    else:
        lefts[LEAVE * last + NEXT_LEFT] = left
    landings[LAND * landing + LAST_LEFT] = left
    number = metas[(META + ARRIVING) * over + FIRST_NODE]
    while number != 0:
        resume(control, number, way_out, after)
        number = nodes[NODE * number + NEXT]
    return 0


def resume(control: Words, number: int, way_out: int, after: int) -> int:
    """A node goes on where an interrupt has left the memory `after`."""
    at = NODE * number
    length = (nodes[at + LONG] & LENGTHS) + 1 + nodes[NODE * way_out + LONG]
    reach(
        control, nodes[at + ACTIVATION], nodes[at + IN_FRAME], after, length, number,
        BY_EXIT | way_out,
    )
    return 0


def arrivals(control: Words, number: int, length: int) -> int:
    """Everything that may arrive at a node."""
    world = nodes[NODE * number + IN_WORLD]
    meta = (META + ARRIVING) * world
    if metas[meta + DELIVERED] == 0:
        deliver(control, world)
    last = metas[meta + LAST_NODE]
    if last == 0:
        metas[meta + FIRST_NODE] = number
    else:
        nodes[NODE * last + NEXT] = number
    metas[meta + LAST_NODE] = number
    for i in range(0, ARRIVING, 1):
        what = metas[meta + META + i]
        if what != 0:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            if what & NOISY != 0:
                copied(memory, worlds, WORLD * world, WORLD)
                enter(control, memory, frame, i)
            left = 0
            if what & SILENT == 0:
                left = landings[LAND * (what & ~NOISY) + FIRST_LEFT]
            while left != 0:
                resume(control, number, lefts[LEAVE * left + BY_NODE], lefts[LEAVE * left + TO_WORLD])
                left = lefts[LEAVE * left + NEXT_LEFT]
    return 0


def deliver(control: Words, world: int) -> int:
    """Find out, once for each world, what may arrive over it."""
    metas[(META + ARRIVING) * world + DELIVERED] = 1
    for i in range(0, ARRIVING, 1):
        copied(memory, worlds, WORLD * world, WORLD)
        control[HEARD] = 0
        outcome = enter(control, memory, frame, i)
        what = NOISY if control[HEARD] != 0 else 0
        if outcome == LANDED:
            what = what | landed(control, world, i)
        elif outcome == DROPPED:
            what = what | SILENT
        if outcome != REFUSED:
            metas[(META + ARRIVING) * world + META + i] = what
    return 0


def landed(control: Words, world: int, i: int) -> int:
    """A landing over a world: the frame and the memory at hand are those of its beginning."""
    for k in range(0, WORLD, 1):
        memory[k] = memory[k] & masks[WORLD * i + k]
    act = activated(control, framed(control), remembered(control), i)
    landing = control[LANDINGS] + 1
    control[LANDINGS] = landing
    landings[LAND * landing + OVER_WORLD] = world
    landings[LAND * landing + OF_ACT] = act
    last = acts[ACT * act + LAST_LANDING]
    if last == 0:
        acts[ACT * act + FIRST_LANDING] = landing
    else:
        landings[LAND * last + NEXT_LANDING] = landing
    acts[ACT * act + LAST_LANDING] = landing
    way_out = acts[ACT * act + FIRST_EXIT]
    while way_out != 0:
        land(control, landing, way_out)
        way_out = nodes[NODE * way_out + NEXT]
    return landing


def activated(control: Words, of: int, world: int, i: int) -> int:
    """The activation of context `i` that begins with a frame and a world."""
    place = sought(control, NOBODY, of, world)
    number = node_table[place] & LOW32
    if number != 0:
        return nodes[NODE * number + LONG]
    number = added(control, place, NOBODY, of, world)
    act = control[ACTS] + 1
    control[ACTS] = act
    nodes[NODE * number + LONG] = act
    acts[ACT * act + ENTRY] = number
    acts[ACT * act + BY] = i
    reach(control, act, of, world, 0, 0, 0)
    return act


# -- what is found ----------------------------------------------------------------


def note(control: Words, event: int, choice: int) -> int:
    """Keep an event: each once, and a finding once for each activation, at its shortest."""
    control[HEARD] = 1
    control[SEEN + event] = 1
    if control[FINDS + event] == 0:
        return 0
    act = nodes[NODE * control[NOW] + ACTIVATION]
    place = sought(control, act, EVENT + event, 0)
    if node_table[place] != 0:
        return 0
    number = added(control, place, act, EVENT + event, 0)
    at = NODE * number
    nodes[at + LONG] = control[LENGTH]
    nodes[at + CAME] = control[NOW]
    nodes[at + HOW] = choice
    nodes[at + NEXT] = control[EVENTS]
    control[EVENTS] = number
    return 0


def sweep(control: Words, ended: int) -> int:
    """Shorten the ways from boot into activations by one pass over all nodes; how many became
    shorter. `ended`: also over a task that has ended. A way is one more than its length."""
    shorter = 0
    for number in range(1, control[NODES] + 1, 1):
        at = NODE * number
        act = nodes[at + ACTIVATION]
        of = nodes[at + IN_FRAME]
        if act != NOBODY and of < EVENT and nodes[at + LONG] & SETTLED != 0:
            so_far = ways[act]
            if so_far != 0 and act == 0 and ended == 0:
                copied(frame, frames, FRAME * of, FRAME)
                if counted(frame) == 0:
                    so_far = 0
            if so_far != 0:
                length = so_far + (nodes[at + LONG] & LENGTHS) + 1
                meta = (META + ARRIVING) * nodes[at + IN_WORLD]
                for i in range(0, ARRIVING, 1):
                    what = metas[meta + META + i]
                    if what != 0 and what & SILENT == 0:
                        callee = landings[LAND * (what & ~NOISY) + OF_ACT]
                        if ways[callee] == 0 or length < ways[callee]:
                            ways[callee] = length
                            shorter = shorter + 1
    return shorter
