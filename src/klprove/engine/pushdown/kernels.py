"""The loops of the pushdown search, in the Python that `engine/native/lowering.py` compiles.

What `engine/nested.py` does, in the same order, on numbers: frames and worlds (memories) are stored
once and called by their numbers, and a node is (activation, frame, world). Nodes wait in a list for
each length; lengths are small, so no heap is needed. Everything is an integer of 64 bits or an
array; every function here also runs under CPython.

The table of nodes also holds what else has to be found by a key: exits (activation, EXIT, world),
activations (NOBODY, frame, world) and events (activation, EVENT + number, 0).
"""

from collections.abc import MutableSequence
from typing import TypeAlias

from klprove.engine.native.addresses import free as freeing
from klprove.engine.native.addresses import holder
from klprove.engine.native.addresses import locate as located

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
masks: Words = []
"""Worlds of ones and zeros. For each interrupt context: the bytes that it may touch; these and all
that is of the other CPUs; what is of the other CPUs alone. Then, once, all that is of these."""
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
act_reads: Words = []
act_writes: Words = []
"""For each instance: what the other CPUs may read and write from its beginning on."""

FRAMES, FRAME_MASK, WORLDS, WORLD_MASK, NODES, NODE_MASK = 0, 1, 2, 3, 4, 5
QUEUED, UNUSED, PENDING, CURSOR, DEPTH, EXPANDED, UNTIL = 6, 7, 8, 9, 10, 11, 12
TRANSITIONS, ACTS, LANDINGS, LEFTS, BLOCKEDS, NOW, LENGTH = 13, 14, 15, 16, 17, 18, 19
HEARD, EVENTS, DEFER, DEFERRED, BORN, RAISED, BLOCKS, ELEMENTS = 20, 21, 22, 23, 24, 25, 26, 27
PAIRS, CONTROL = 28, 29
"""Places in the control array. Numbers begin at 1 everywhere; 0 is none."""

NODE, ACTIVATION, IN_FRAME, IN_WORLD, LONG, CAME, HOW, NEXT, NEXT_IN = 8, 0, 1, 2, 3, 4, 5, 6, 7
"""Cells of a node: its activation, frame, world; its length, with SETTLED, STUCK and WAITS; the
node before it and how it was reached from there: a choice, or BY_EXIT and the node of the exit, or
BY_BLOCK; the next node of the same world (exit of the same activation, event); the next node of the
same activation, for those that instances share."""
ACT, ENTRY, BY, FIRST_EXIT, LAST_EXIT, FIRST_LANDING, LAST_LANDING = 13, 0, 1, 2, 3, 4, 5
FIRST_IN, LAST_IN, FIRST_INSTANCE, NEXT_INSTANCE, SHARED, SIGMA, RESTLESS = 6, 7, 8, 9, 10, 11, 12
"""Cells of an activation: the node of its entry, its interrupt; lists of exits and landings. Of one
that is shared: lists of its nodes and of its instances. Of an instance: the shared activation, the
world of the other CPUs where it begins, and whether these can go on during it."""
LAND, OVER_WORLD, OF_ACT, NEXT_LANDING, FIRST_LEFT, LAST_LEFT, LIFT, BELOW = 7, 0, 1, 2, 3, 4, 5, 6
"""Cells of a landing: the world that it changes, the activation, lists; for one that was lifted the
instance it happens in; the world of the nodes below."""
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


# -- records ----------------------------------------------------------------------


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


# -- exploration ------------------------------------------------------------------


def begin(control: Words) -> int:
    """The first node: the frame and the world at hand."""
    acts[ACT + ENTRY] = 0
    return reach(control, 0, framed(control), remembered(control), 0, 0, 0)


def search(control: Words) -> int:
    """Expand nodes, the shortest first, until UNTIL; see REACHED, FULL, EMPTY."""
    while control[PENDING] > 0 or control[RAISED] < control[BORN]:
        if touched[3] != 0:
            return STRAYED
        while control[RAISED] < control[BORN]:
            raised(control)
        if control[EXPANDED] >= control[UNTIL]:
            return REACHED
        if control[PENDING] == 0:
            return EMPTY if touched[3] == 0 else STRAYED
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
            arrivals(control, number)
    return EMPTY if touched[3] == 0 else STRAYED


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
    stuck = STUCK if choices == 0 else STUCK | WAITS
    for choice in range(0, choices, 1):
        copied(memory, worlds, WORLD * world, WORLD)
        copied(frame, frames, FRAME * of, FRAME)
        outcome = run(control, memory, frame, choice)
        if outcome == DONE:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            went = framed(control)
            reach(control, act, went, changed(control, world), length + 1, number, choice)
        elif outcome == LEFT:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            leave(control, act, number, length + 1)
        if outcome != BLOCKED:
            stuck = 0
    nodes[NODE * number + LONG] = nodes[NODE * number + LONG] | stuck
    if OTHERS == 0 and stuck & WAITS != 0:
        waiting(control, number)
    return 0


def waiting(control: Words, number: int) -> int:
    """A node at which every CPU waits."""
    blocked[control[BLOCKEDS]] = number
    control[BLOCKEDS] = control[BLOCKEDS] + 1
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
    act = landings[LAND * landing + OF_ACT]
    mask = WORLD * acts[ACT * act + BY]
    if acts[ACT * act + SHARED] != 0:
        mask = mask + WORLD * ARRIVING
    kept = WORLD * landings[LAND * landing + OVER_WORLD]
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
    number = metas[META * landings[LAND * landing + BELOW] + FIRST_NODE]
    instance = landings[LAND * landing + LIFT]
    while number != 0:
        if instance == 0:
            resume(control, number, nodes[NODE * number + ACTIVATION], way_out, after)
        elif nodes[NODE * number + ACTIVATION] == acts[ACT * instance + SHARED]:
            resume(control, number, instance, way_out, after)
        number = nodes[NODE * number + NEXT]
    return 0


def resume(control: Words, number: int, act: int, way_out: int, after: int) -> int:
    """A node goes on, in activation `act`, where an interrupt has left the memory `after`."""
    at = NODE * number
    length = (nodes[at + LONG] & LENGTHS) + 1 + nodes[NODE * way_out + LONG]
    reach(control, act, nodes[at + IN_FRAME], after, length, number, BY_EXIT | way_out)
    return 0


def resumed(control: Words, number: int, act: int, landing: int) -> int:
    """A node goes on after every exit of a landing that is known."""
    left = landings[LAND * landing + FIRST_LEFT]
    while left != 0:
        resume(control, number, act, lefts[LEAVE * left + BY_NODE], lefts[LEAVE * left + TO_WORLD])
        left = lefts[LEAVE * left + NEXT_LEFT]
    return 0


def arrivals(control: Words, number: int) -> int:
    """Everything that may arrive at a node, and what other CPUs do before it goes on."""
    world = nodes[NODE * number + IN_WORLD]
    act = nodes[NODE * number + ACTIVATION]
    meta = META * world
    if metas[meta + DELIVERED] == 0:
        deliver(control, world)
    last = metas[meta + LAST_NODE]
    if last == 0:
        metas[meta + FIRST_NODE] = number
    else:
        nodes[NODE * last + NEXT] = number
    metas[meta + LAST_NODE] = number
    for i in range(0, ARRIVING, 1):
        what = metas[meta + ARRIVALS + i]
        if what != 0:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            if what & NOISY != 0:
                copied(memory, worlds, WORLD * world, WORLD)
                enter(control, memory, frame, i)
            if what & SILENT == 0:
                resumed(control, number, act, what & ~NOISY)
    if OTHERS != 0:
        for i in range(0, ARRIVING, 1):
            landing = metas[meta + ARRIVALS + ARRIVING + i]
            if landing != 0:
                resumed(control, number, act, landing)
        if act != 0 and acts[ACT * act + SHARED] == 0:
            shared(control, number, act)
        else:
            meanwhile(control, number, act, metas[meta + BLOCK_OF])
    return 0


def deliver(control: Words, world: int) -> int:
    """Find out, once for each world, what may arrive over it."""
    metas[META * world + DELIVERED] = 1
    if OTHERS != 0:
        copied(whole, worlds, WORLD * world, WORLD)
        metas[META * world + BLOCK_OF] = blocked_by(control)
    for i in range(0, ARRIVING, 1):
        copied(memory, worlds, WORLD * world, WORLD)
        control[HEARD] = 0
        outcome = enter(control, memory, frame, i)
        what = NOISY if control[HEARD] != 0 else 0
        if outcome == LANDED:
            for k in range(0, WORLD, 1):
                memory[k] = memory[k] & masks[WORLD * i + k]
            act = activated(control, framed(control), remembered(control), i)
            what = what | landed(control, world, act, 0, world)
            if OTHERS != 0 and is_tied(control, world, i) != 0:
                copied(memory, worlds, WORLD * world, WORLD)
                own = landed(control, world, instance(control, act), 0, world)
                metas[META * world + ARRIVALS + ARRIVING + i] = own
        elif outcome == DROPPED:
            what = what | SILENT
        if outcome != REFUSED:
            metas[META * world + ARRIVALS + i] = what
    return 0


def landed(control: Words, over: int, act: int, lift: int, under: int) -> int:
    """A landing of an activation over a world, for the nodes with world `under`."""
    landing = control[LANDINGS] + 1
    control[LANDINGS] = landing
    landings[LAND * landing + OVER_WORLD] = over
    landings[LAND * landing + OF_ACT] = act
    landings[LAND * landing + LIFT] = lift
    landings[LAND * landing + BELOW] = under
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
    if control[DEFER] != 0:
        deferred[control[DEFERRED]] = event
        control[DEFERRED] = control[DEFERRED] + 1
        return 0
    now = control[NOW]
    return noted(control, nodes[NODE * now + ACTIVATION], event, control[LENGTH], now, choice)


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


def sweep(control: Words, ended: int) -> int:
    """Shorten the ways from boot into activations by one pass over all landings; how many became
    shorter. `ended`: also over a task that has ended. A way is one more than its length."""
    shorter = 0
    for landing in range(1, control[LANDINGS] + 1, 1):
        callee = landings[LAND * landing + OF_ACT]
        lift = landings[LAND * landing + LIFT]
        number = metas[META * landings[LAND * landing + BELOW] + FIRST_NODE]
        while number != 0:
            at = NODE * number
            act = nodes[at + ACTIVATION]
            if lift != 0:
                act = lift if act == acts[ACT * lift + SHARED] else NOBODY
            if act != NOBODY and ways[act] != 0:
                length = ways[act] + (nodes[at + LONG] & LENGTHS) + 1
                if act == 0 and ended == 0:
                    copied(frame, frames, FRAME * nodes[at + IN_FRAME], FRAME)
                    if counted(frame) == 0:
                        length = 0
                if length != 0 and (ways[callee] == 0 or length < ways[callee]):
                    ways[callee] = length
                    shorter = shorter + 1
            number = nodes[at + NEXT]
    return shorter


# -- other CPUs -------------------------------------------------------------------
#
# A step of another CPU that does not conflict with what the CPU with interrupts does next is put
# off until it does, or until nothing follows. An activation in which other CPUs have not stepped
# yet is therefore the same whatever these are about: its nodes are shared, and an *instance* (the
# shared activation, the state of the other CPUs) has nodes of its own from their first step on.


def conflict(read: int, written: int, reading: int, writing: int) -> int:
    """Not 0 where two steps do not commute."""
    return written & reading | read & writing


def is_tied(control: Words, world: int, i: int) -> int:
    """Not 0 where context `i` may conflict with what the other CPUs of a world may still do."""
    read = 0
    written = 0
    for other in range(0, OTHERS, 1):
        point = worlds[WORLD * world + IMAGE + FRAME * other] & 0xFFFF
        read = read | future_reads[point]
        written = written | future_writes[point]
    return conflict(read, written, context_reads[i], context_writes[i])


def tied(own: int, i: int) -> int:
    """The same for what they may still do in an instance."""
    return conflict(act_reads[own], act_writes[own], context_reads[i], context_writes[i])


def instance(control: Words, act: int) -> int:
    """The instance of a shared activation over the world at hand."""
    mask = WORLD * (2 * ARRIVING + acts[ACT * act + BY])
    for k in range(0, WORLD, 1):
        memory[k] = memory[k] & masks[mask + k]
    sigma = remembered(control)
    place = sought(control, INSTANCES, act, sigma)
    number = node_table[place] & LOW32
    if number != 0:
        return nodes[NODE * number + LONG]
    number = added(control, place, INSTANCES, act, sigma)
    own = control[ACTS] + 1
    control[ACTS] = own
    nodes[NODE * number + LONG] = own
    acts[ACT * own + ENTRY] = number
    acts[ACT * own + BY] = acts[ACT * act + BY]
    acts[ACT * own + SHARED] = act
    acts[ACT * own + SIGMA] = sigma
    acts[ACT * own + NEXT_INSTANCE] = acts[ACT * act + FIRST_INSTANCE]
    acts[ACT * act + FIRST_INSTANCE] = own
    for other in range(0, OTHERS, 1):
        point = worlds[WORLD * sigma + IMAGE + FRAME * other] & 0xFFFF
        act_reads[own] = act_reads[own] | future_reads[point]
        act_writes[own] = act_writes[own] | future_writes[point]
    born[control[BORN]] = own
    control[BORN] = control[BORN] + 1
    return own


def raised(control: Words) -> int:
    """A new instance: what has been found of its shared activation so far is its own too."""
    own = born[control[RAISED]]
    control[RAISED] = control[RAISED] + 1
    number = acts[ACT * acts[ACT * own + SHARED] + FIRST_IN]
    while number != 0:
        wake(control, number, own)
        number = nodes[NODE * number + NEXT_IN]
    return 0


def shared(control: Words, number: int, act: int) -> int:
    """A node of a shared activation: every instance has it."""
    last = acts[ACT * act + LAST_IN]
    if last == 0:
        acts[ACT * act + FIRST_IN] = number
    else:
        nodes[NODE * last + NEXT_IN] = number
    acts[ACT * act + LAST_IN] = number
    own = acts[ACT * act + FIRST_INSTANCE]
    while own != 0:
        wake(control, number, own)
        own = acts[ACT * own + NEXT_INSTANCE]
    return 0


def wake(control: Words, number: int, own: int) -> int:
    """A shared node in one instance: what arrives, and what other CPUs do there."""
    world = nodes[NODE * number + IN_WORLD]
    place = sought(control, own, PAIRED, world)
    key = node_table[place] & LOW32
    if key == 0:
        key = added(control, place, own, PAIRED, world)
        nodes[NODE * key + LONG] = paired(control, own, world)
    pair = PAIR * nodes[NODE * key + LONG]
    for i in range(0, ARRIVING, 1):
        landing = pairs[pair + OWN_LANDINGS + i]
        if landing != 0:
            resumed(control, number, own, landing)
    return meanwhile(control, number, own, pairs[pair + OWN_BLOCK])


def paired(control: Words, own: int, world: int) -> int:
    """A world of shared nodes in an instance: the landings over it, and the block."""
    pair = control[PAIRS] + 1
    control[PAIRS] = pair
    unite(own, world)
    for i in range(0, ARRIVING, 1):
        what = metas[META * world + ARRIVALS + i]
        if what & SILENT == 0 and what != 0 and tied(own, i) != 0:
            copied(memory, whole, 0, WORLD)
            over = remembered(control)
            callee = instance(control, landings[LAND * (what & ~NOISY) + OF_ACT])
            pairs[PAIR * pair + OWN_LANDINGS + i] = landed(control, over, callee, own, world)
    pairs[PAIR * pair + OWN_BLOCK] = blocked_by(control)
    return pair


def unite(act: int, world: int) -> int:
    """`whole` becomes a world as it is in an activation: a shared one gets what is of others."""
    sigma = WORLD * acts[ACT * act + SIGMA]
    for k in range(0, WORLD, 1):
        whole[k] = worlds[sigma + k] | worlds[WORLD * world + k]
    return 0


def meanwhile(control: Words, number: int, act: int, block: int) -> int:
    """Steps of other CPUs at a node in activation `act`: each sequence of them whose last one
    conflicts with the step that follows it."""
    if block == 0:
        return 0
    at = NODE * number
    of = nodes[at + IN_FRAME]
    point = frames[FRAME * of] & 0xFFFF
    status = blocks[BLOCK * block + AT_ROOT]
    if status == MOVES:
        acts[ACT * act + RESTLESS] = 1
    stuck = nodes[at + LONG] & (STUCK | WAITS)
    if (
        stuck == 0
        and blocks[BLOCK * block + TELLING] == 0
        and conflict(block_reads[block], block_writes[block], may_reads[point], may_writes[point])
        == 0
    ):
        return 0
    if nodes[at + ACTIVATION] == act:
        copied(whole, worlds, WORLD * nodes[at + IN_WORLD], WORLD)
    else:
        unite(act, nodes[at + IN_WORLD])
    length = nodes[at + LONG] & LENGTHS
    if are_stuck(stuck, status) != 0:
        if nodes[at + ACTIVATION] == act:
            waiting(control, number)
        else:
            copied(memory, whole, 0, WORLD)
            how = BY_BLOCK | NO_STEP << CHOICE_SHIFT
            reach(control, act, of, remembered(control), length, number, how)
    last = blocks[BLOCK * block + END_ELEMENT]
    for e in range(blocks[BLOCK * block + FIRST_ELEMENT], last, 1):
        deep = length + elements[ELEMENT * e + DEEP]
        how = BY_BLOCK | NO_STEP << CHOICE_SHIFT | e
        if elements[ELEMENT * e + TELLS] != 0:
            noted(control, act, elements[ELEMENT * e + TELLS], deep, number, how)
        else:
            there = stuck
            if conflict(element_reads[e], element_writes[e], may_reads[point], may_writes[point]):
                there = tried(control, number, act, e, deep)
            if are_stuck(there, elements[ELEMENT * e + STATUS]) != 0:
                after(control, e)
                reach(control, act, of, remembered(control), deep, number, how)
    return 0


def are_stuck(stuck: int, status: int) -> int:
    """1 where no CPU goes on, and one waits; `stuck`: STUCK, WAITS of the one with interrupts."""
    if stuck & STUCK == 0 or status == MOVES:
        return 0
    return 1 if stuck & WAITS != 0 or status == WAITING else 0


def tried(control: Words, number: int, act: int, e: int, deep: int) -> int:
    """After an element, every step of the node; STUCK and WAITS, or 0."""
    stuck = STUCK | WAITS
    copied(frame, frames, FRAME * nodes[NODE * number + IN_FRAME], FRAME)
    for choice in range(0, counted(frame), 1):
        if followed(control, number, act, e, choice, deep) != BLOCKED:
            stuck = 0
    return stuck


def after(control: Words, e: int) -> int:
    """The world at hand is the one in `whole`, after an element of a block."""
    others = WORLD * 3 * ARRIVING
    world = WORLD * elements[ELEMENT * e + OF_WORLD]
    for k in range(0, WORLD, 1):
        memory[k] = whole[k] & ~masks[others + k] | worlds[world + k]
    return 0


def followed(control: Words, number: int, act: int, e: int, choice: int, deep: int) -> int:
    """After an element, a step of the node: kept where it conflicts with the element."""
    of = nodes[NODE * number + IN_FRAME]
    after(control, e)
    copied(frame, frames, FRAME * of, FRAME)
    point = frame[0] & 0xFFFF
    touched[0] = 0
    touched[1] = 0
    control[DEFER] = 1
    control[DEFERRED] = 0
    outcome = run(control, memory, frame, choice)
    control[DEFER] = 0
    read = reads[point] | touched[0]
    written = writes[point] | touched[1]
    if conflict(element_reads[e], element_writes[e], read, written):
        how = BY_BLOCK | choice << CHOICE_SHIFT | e
        for i in range(0, control[DEFERRED], 1):
            noted(control, act, deferred[i], deep + 1, number, how)
        if outcome == DONE:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            went = framed(control)
            reach(control, act, went, remembered(control), deep + 1, number, how)
    return outcome


def blocked_by(control: Words) -> int:
    """The block of the world in `whole`: all that the other CPUs can do by themselves. 0 where they
    have ended."""
    others = WORLD * 3 * ARRIVING
    standing = 0
    for k in range(0, WORLD, 1):
        memory[k] = whole[k] & masks[others + k]
        if k >= IMAGE:
            standing = standing | memory[k]
    if standing == 0:
        return 0
    world = remembered(control)
    place = sought(control, OF_BLOCK, 0, world)
    key = node_table[place] & LOW32
    if key != 0:
        return nodes[NODE * key + LONG]
    key = added(control, place, OF_BLOCK, 0, world)
    block = control[BLOCKS] + 1
    control[BLOCKS] = block
    nodes[NODE * key + LONG] = block
    added(control, sought(control, IN_BLOCK, world, world), IN_BLOCK, world, world)
    e = control[ELEMENTS] + 1
    blocks[BLOCK * block + FIRST_ELEMENT] = e
    blocks[BLOCK * block + AT_ROOT] = stepped(control, world, world, 0, 0)
    while e <= control[ELEMENTS]:
        at = ELEMENT * e
        block_reads[block] = block_reads[block] | element_reads[e]
        block_writes[block] = block_writes[block] | element_writes[e]
        if elements[at + TELLS] != 0:
            blocks[BLOCK * block + TELLING] = 1
        if elements[at + FRESH] != 0:
            to = elements[at + OF_WORLD]
            elements[at + STATUS] = stepped(control, world, to, e, elements[at + DEEP])
        e = e + 1
    blocks[BLOCK * block + END_ELEMENT] = e
    return block


def stepped(control: Words, root: int, world: int, parent: int, deep: int) -> int:
    """Elements for every step of other CPUs in a world; the status of these CPUs."""
    still = STILL
    for other in range(0, OTHERS, 1):
        at = IMAGE + FRAME * other
        copied(frame, worlds, WORLD * world + at, FRAME)
        point = frame[0] & 0xFFFF
        for choice in range(0, counted(frame), 1):
            copied(memory, worlds, WORLD * world, WORLD)
            copied(frame, worlds, WORLD * world + at, FRAME)
            touched[0] = 0
            touched[1] = 0
            touched[2] = ELSEWHERE
            control[DEFER] = 1
            control[DEFERRED] = 0
            outcome = run(control, memory, frame, choice)
            control[DEFER] = 0
            touched[2] = HERE
            for i in range(0, control[DEFERRED], 1):
                element(control, parent, other << 16 | choice, deep + 1, deferred[i])
            if outcome == DONE:
                for k in range(0, FRAME, 1):
                    memory[at + k] = frame[k]
                to = remembered(control)
                e = element(control, parent, other << 16 | choice, deep + 1, 0)
                elements[ELEMENT * e + OF_WORLD] = to
                element_reads[e] = reads[point] | touched[0]
                element_writes[e] = writes[point] | touched[1]
                place = sought(control, IN_BLOCK, root, to)
                if node_table[place] == 0:
                    added(control, place, IN_BLOCK, root, to)
                    elements[ELEMENT * e + FRESH] = 1
                still = MOVES
            elif outcome == BLOCKED:
                still = WAITING if still != MOVES else MOVES
            else:
                still = MOVES
    return still


def element(control: Words, parent: int, chosen: int, deep: int, event: int) -> int:
    """A new element."""
    e = control[ELEMENTS] + 1
    control[ELEMENTS] = e
    elements[ELEMENT * e + PARENT] = parent
    elements[ELEMENT * e + CHOSEN] = chosen
    elements[ELEMENT * e + DEEP] = deep
    elements[ELEMENT * e + TELLS] = event
    return e


# -- computed addresses -----------------------------------------------------------


def locate(m: Bytes, addr: int, size: int, writing: int) -> int:
    """Position of the bytes at a computed address, or a fault; what is touched is kept."""
    at = holder(addr) if not below(addr, 0x1000) else -1
    if OTHERS != 0 and at >= 0 and objects[at + 3] != 0:
        flags(at, addr - objects[at], size)
    found = located(m, addr, size, writing)
    if OTHERS != 0 and found >= 0:
        for i in range(found, found + size, 1):
            touched[0] = touched[0] | gone(i)
            if writing != 0:
                touched[1] = touched[1] | places[i]
    return found


def gone(at: int) -> int:
    """The place of a byte to which a computed address has led."""
    if allowed[at] & touched[2] == 0:
        allowed[at] = allowed[at] | touched[2] << 2
        touched[3] = 1
    return places[at]


def flags(at: int, offset: int, size: int) -> int:
    """The flags of freed bytes at an offset of an object are read: those that there are."""
    read = 0
    if below(offset, objects[at + 1]):
        last = offset + size - 1
        if last >= objects[at + 1]:
            last = objects[at + 1] - 1
        first = objects[at + 4]
        for i in range(first + offset // objects[at + 3], first + last // objects[at + 3] + 1, 1):
            read = read | gone(i)
    touched[0] = touched[0] | read
    return read


def free(m: Bytes, addr: int, size: int) -> int:
    """Free the bytes at an address: 0, or a fault; what is touched is kept."""
    at = holder(addr) if not below(addr, 0x1000) else -1
    if OTHERS != 0 and at >= 0 and objects[at + 3] != 0:
        touched[1] = touched[1] | flags(at, addr - objects[at], size)
    return freeing(m, addr, size)
