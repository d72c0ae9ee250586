# SPDX-License-Identifier: GPL-2.0-or-later
"""The store of the pushdown search, and its layout: the lowest layer of the kernels.

The kernels are in the Python that `engine/native/lowering.py` compiles, as one module, in layers:
`store`, `addresses`, `landings`, `others`, `kernels`.

What `engine/nested` does, in the same order, on numbers: frames and worlds (memories) are stored
once and called by their numbers, and a node is (activation, frame, world). Nodes wait in a list for
each length; lengths are small, so no heap is needed. Everything is an integer of 64 bits or an
array; every function here also runs under CPython.

The table of nodes also holds what else has to be found by a key: exits (activation, EXIT, world),
activations (NOBODY, frame, world) and events (activation, EVENT + number, 0).
"""

from collections.abc import MutableSequence
from typing import TypeAlias

Bytes: TypeAlias = MutableSequence[int]
"""Unsigned bytes."""
Cells: TypeAlias = MutableSequence[int]
"""Unsigned integers of 32 bits."""
Words: TypeAlias = MutableSequence[int]
"""Signed integers of 64 bits."""

WORLD, FRAME, ARRIVING, INVARIANTS = 1, 1, 1, 0
"""Set for each program: words of a world and of a frame, interrupt contexts, whether there are
invariants."""
OTHERS, IMAGE = 0, 1
"""Set for each program: how many other CPUs there are, and the words of a world before their
frames."""
SEEN, FINDS = 1, 1
"""Set for each program: where, in the control array, the flags of events begin (told once), and
those that say which of them are findings (kept once for each activation)."""

objects: Words = []
"""As the native engine has it."""
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
kept_memory: Words = []
kept_frame: Words = []
"""World and frame after two steps, while the other order of these is tried."""
masks: Words = []
"""Worlds of ones and zeros. For each interrupt context: the bytes that it may touch; these and all
that is of the other CPUs; what is of the other CPUs alone. Then, once, all that is of these."""
turns: Words = []
"""What turns a world round (`counters.py`): the bits of its image that change; all zero where
nothing does."""
frame_turns: Words = []
"""By point, plus one: the bits of a frame that change."""
whole: Words = []
born: Cells = []
blocks: Cells = []
block_reads: Words = []
block_writes: Words = []
pairs: Cells = []
elements: Cells = []
element_reads: Words = []
element_writes: Words = []
deferred: Cells = []
touched: Words = []
"""What the step at hand has read and written at computed addresses, as bits of `places`; then who
runs, HERE or ELSEWHERE; then whether a step went where it is not allowed to."""
allowed: Cells = []
"""For each byte of the image who may go there by computed addresses: HERE, ELSEWHERE; and,
multiplied by 4, who went there all the same."""
places: Words = []
"""For each byte of the image the bit of the place it belongs to; 0 where no conflict is possible.
In all such sets, what is written counts as read as well."""
reads: Words = []
writes: Words = []
"""By point, plus one: what its step may read and write at constant addresses."""
may_reads: Words = []
may_writes: Words = []
"""The same with computed addresses."""
future_reads: Words = []
future_writes: Words = []
"""By point, plus one: what the context may still read and write from there."""
context_reads: Words = []
context_writes: Words = []
"""By interrupt: what it and all that may interrupt it may read and write."""
arrival_reads: Words = []
arrival_writes: Words = []
"""The same for what an interrupt does before its first step; behind these for all together."""
did_reads: Words = []
did_writes: Words = []
"""For each activation that is shared: what it has read and written so far, with all that has
interrupted it."""
grown: Cells = []
"""Activations for which that has become more."""
act_reads: Words = []
act_writes: Words = []
"""For each instance: what the other CPUs may read and write from its beginning on."""

FRAMES, FRAME_MASK, WORLDS, WORLD_MASK, NODES, NODE_MASK = 0, 1, 2, 3, 4, 5
QUEUED, UNUSED, PENDING, CURSOR, DEPTH, EXPANDED, UNTIL = 6, 7, 8, 9, 10, 11, 12
TRANSITIONS, ACTS, LANDINGS, LEFTS, BLOCKEDS, NOW, LENGTH = 13, 14, 15, 16, 17, 18, 19
HEARD, EVENTS, DEFER, DEFERRED, BORN, RAISED, BLOCKS, ELEMENTS = 20, 21, 22, 23, 24, 25, 26, 27
PAIRS, GROWN, SPREAD, SCOUT, CONTROL = 28, 29, 30, 31, 32
"""Places in the control array. Numbers begin at 1 everywhere; 0 is none."""
ALONE, SHALLOW = 2, 1
"""Values of SCOUT where only a part is searched: no interrupt arrives; none arrives in an
interrupt, and other CPUs do not step meanwhile."""

NODE, ACTIVATION, IN_FRAME, IN_WORLD, LONG, CAME, HOW, NEXT, NEXT_IN = 8, 0, 1, 2, 3, 4, 5, 6, 7
"""Cells of a node: its activation, frame, world; its length, with SETTLED, STUCK and WAITS; the
node before it and how it was reached from there: a choice, or BY_EXIT and the node of the exit, or
BY_BLOCK; the next node of the same world (exit of the same activation, event); the next node of the
same activation, for those that instances share."""
ACT, ENTRY, BY, FIRST_EXIT, LAST_EXIT, FIRST_LANDING, LAST_LANDING = 16, 0, 1, 2, 3, 4, 5
FIRST_IN, LAST_IN, FIRST_INSTANCE, NEXT_INSTANCE, SHARED, SIGMA, RESTLESS = 6, 7, 8, 9, 10, 11, 12
AWAKE, FIRST_AWAKE, NEXT_AWAKE = 13, 14, 15
"""Cells of an activation: the node of its entry, its interrupt; lists of exits and landings. Of one
that is shared: lists of its nodes, of its instances and of those that are awake. Of an instance:
the shared activation, the world of the other CPUs where it begins, whether these can go on during
it, and whether anything there conflicts with what they may still do: before, it has no nodes."""
LAND, OVER_WORLD, OF_ACT, NEXT_LANDING, FIRST_LEFT, LAST_LEFT, LIFT, BELOW = 8, 0, 1, 2, 3, 4, 5, 6
TURNED = 7
"""Cells of a landing: the world that it changes, the activation, lists; for one that was lifted the
instance it happens in; the world of the nodes below; whether it was turned round on its way in, and
its exits are on their way out."""
LEAVE, BY_NODE, TO_WORLD, NEXT_LEFT = 3, 0, 1, 2
META = 6
FIRST_NODE, LAST_NODE, DELIVERED, BLOCK_OF, ARRIVALS = 0, 1, 2, 3, 4
"""Cells of a world (META is set for each program): list of its nodes; whether arrivals are known;
the block of the other CPUs; for each context its landing with NOISY and SILENT; for each context
the landing of its instance."""

BLOCK, FIRST_ELEMENT, END_ELEMENT, AT_ROOT, TELLING = 4, 0, 1, 2, 3
"""Cells of a block: its elements; the status of the other CPUs before them; whether there are
events among them."""
PAIR = 2
OWN_BLOCK, OWN_LANDINGS = 0, 1
"""Cells of a world of shared nodes in an instance (PAIR is set for each program): the block; for
each context the landing."""
ELEMENT, PARENT, CHOSEN, TELLS, OF_WORLD, DEEP, STATUS, FRESH = 7, 0, 1, 2, 3, 4, 5, 6
"""Cells of an element, a step of another CPU: the element before it; CPU and choice; the event that
it is, or 0; the world after it; how many steps it makes; the status of the other CPUs after it;
whether its world is new in the block."""
MOVES, STILL, WAITING = 0, 1, 2
"""Status of the other CPUs: one of them goes on (or ends its path); none does; and one waits."""

SETTLED, STUCK, WAITS, LENGTHS = 0x80000000, 0x40000000, 0x20000000, 0x1FFFFFFF
BY_EXIT, BY_BLOCK = 0x80000000, 0x40000000
NO_STEP, CHOICE_SHIFT, ELEMENT_MASK = 63, 24, 0xFFFFFF
"""After BY_BLOCK: the choice of the step that follows, or NO_STEP; the last element."""
ENTERED, NOWHERE = 0x10000, 0x20000
"""Choices, as an event knows them: those of a step, an arrival, none (of an invariant)."""
EXIT, EVENT, PAIRED = 0xFFFFFFFF, 0xF0000000, 0xE0000000
NOBODY, INSTANCES, OF_BLOCK, IN_BLOCK = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
NOISY, SILENT = 0x80000000, 0x40000000
"""Of an arrival: something is noted with it; the context drops its path before its first step."""

DONE, BLOCKED, LEFT = 1, 2, 3
"""Results of `run`."""
REFUSED, LANDED, DROPPED = 0, 1, 2
"""Results of `enter`."""
NULL, WILD, BOUNDS, FREED = -1, -2, -3, -4
LOW32 = 0xFFFFFFFF

WAITER = 0x4000000000000000
"""The place that a context writes where it waits, and other CPUs read."""

HERE, ELSEWHERE = 1, 2
"""The CPU with interrupts, another one."""

REACHED, FULL, EMPTY, STRAYED = 0, 1, 2, 3
"""Why `search` returns: it got to UNTIL; a table must grow; nothing is left; a computed address led
to a byte that is not allowed."""


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


def hashed(record: Words, at: int, words: int) -> int:
    """The hash of a record: independent products, so that they overlap."""
    total = 0x2D358DCCAA6C78A5
    key = 0x1E3779B97F4A7C15
    for i in range(at, at + words - 1, 2):
        other = key + 0x0F1BBCDCBFA53E0B & 0x3FFFFFFFFFFFFFFF
        total = total ^ mix(record[i] ^ key, record[i + 1] ^ other)
        key = other + 0x2545F4914F6CDD1D & 0x3FFFFFFFFFFFFFFF
    if words & 1 != 0:
        total = total ^ mix(record[at + words - 1] ^ 0x4B33A62ED433D4A3, 0x4D5A2DA51DE1AA47)
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


def is_turned(record: Words) -> int:
    """1 for a world that is the image of the one that stands for both."""
    bits = 0
    for i in range(0, IMAGE, 1):
        bits = bits | record[i] & turns[i]
    return 1 if bits != 0 else 0


def turn(record: Words) -> int:
    """Turn a world round."""
    for i in range(0, IMAGE, 1):
        record[i] = record[i] ^ turns[i]
    for other in range(0, OTHERS, 1):
        at = IMAGE + FRAME * other
        point = record[at] & 0xFFFF
        for i in range(0, FRAME, 1):
            record[at + i] = record[at + i] ^ frame_turns[FRAME * point + i]
    return 0


def turn_frame(record: Words) -> int:
    """The same for a frame of the CPU with interrupts."""
    point = record[0] & 0xFFFF
    for i in range(0, FRAME, 1):
        record[i] = record[i] ^ frame_turns[FRAME * point + i]
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


def changed(control: Words, world: int) -> int:
    """The number of the world at hand, which came from `world` and may still be equal to it."""
    if same(worlds, WORLD * world, memory, WORLD) == 1:
        return world
    return remembered(control)


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


def reach(control: Words, act: int, of: int, world: int, length: int, came: int, how: int) -> int:
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


def noted(control: Words, act: int, event: int, length: int, came: int, how: int) -> int:
    """A finding in an activation, `length` steps after its beginning."""
    place = sought(control, act, EVENT + event, 0)
    number = node_table[place] & LOW32
    if number == 0:
        number = added(control, place, act, EVENT + event, 0)
        nodes[NODE * number + NEXT] = control[EVENTS]
        control[EVENTS] = number
    elif nodes[NODE * number + LONG] <= length:
        return 0
    at = NODE * number
    nodes[at + LONG] = length
    nodes[at + CAME] = came
    nodes[at + HOW] = how
    return 0
