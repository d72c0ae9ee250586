# SPDX-License-Identifier: GPL-2.0-or-later
"""What other CPUs do meanwhile. A layer of the kernels, see `store.py`.

A step of another CPU that does not conflict with what the CPU with interrupts does next is put off
until it does, or until nothing follows. An activation in which other CPUs have not stepped yet is
therefore the same whatever these are about: its nodes are *shared*, and an *instance* (the shared
activation, the state of the other CPUs) has nodes of its own from their first step on.
"""

from klprove.engine.pushdown.landings import (
    conflict,
    landed,
    resumed,
    stir,
)
from klprove.engine.pushdown.store import (
    ACT,
    ACTIVATION,
    ACTS,
    ARRIVALS,
    ARRIVING,
    AT_ROOT,
    BLOCK,
    BLOCKED,
    BLOCKEDS,
    BLOCKS,
    BY,
    BY_BLOCK,
    CHOICE_SHIFT,
    CHOSEN,
    DEEP,
    DEFER,
    DEFERRED,
    DONE,
    ELEMENT,
    ELEMENTS,
    ELSEWHERE,
    END_ELEMENT,
    ENTRY,
    FIRST_AWAKE,
    FIRST_ELEMENT,
    FIRST_IN,
    FIRST_INSTANCE,
    FRAME,
    FRESH,
    HERE,
    IMAGE,
    IN_BLOCK,
    IN_FRAME,
    IN_WORLD,
    INSTANCES,
    LAND,
    LAST_IN,
    LENGTHS,
    LONG,
    LOW32,
    META,
    MOVES,
    NEXT_AWAKE,
    NEXT_IN,
    NEXT_INSTANCE,
    NO_STEP,
    NODE,
    NOISY,
    OF_ACT,
    OF_BLOCK,
    OF_WORLD,
    OTHERS,
    OWN_BLOCK,
    OWN_LANDINGS,
    PAIR,
    PAIRED,
    PAIRS,
    PARENT,
    RAISED,
    RESTLESS,
    SHARED,
    SIGMA,
    SILENT,
    STATUS,
    STILL,
    STUCK,
    TELLING,
    TELLS,
    TRANSITIONS,
    TURNED,
    WAITING,
    WAITS,
    WORLD,
    Words,
    act_reads,
    act_writes,
    acts,
    added,
    arrival_reads,
    arrival_writes,
    block_reads,
    block_writes,
    blocked,
    blocks,
    born,
    context_reads,
    context_writes,
    copied,
    counted,
    deferred,
    element_reads,
    element_writes,
    elements,
    frame,
    framed,
    frames,
    future_reads,
    future_writes,
    kept_frame,
    kept_memory,
    landings,
    masks,
    may_reads,
    may_writes,
    memory,
    metas,
    node_table,
    nodes,
    noted,
    pairs,
    reach,
    reads,
    remembered,
    run,
    same,
    sought,
    touched,
    turn,
    whole,
    worlds,
    writes,
)


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
    stir(control, own)
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
    """A node of a shared activation: every instance that is awake has it."""
    last = acts[ACT * act + LAST_IN]
    if last == 0:
        acts[ACT * act + FIRST_IN] = number
    else:
        nodes[NODE * last + NEXT_IN] = number
    acts[ACT * act + LAST_IN] = number
    own = acts[ACT * act + FIRST_AWAKE]
    while own != 0:
        wake(control, number, own)
        own = acts[ACT * own + NEXT_AWAKE]
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
            turned = landings[LAND * (what & ~NOISY) + TURNED]
            if turned != 0:
                turn(memory)
            callee = instance(control, landings[LAND * (what & ~NOISY) + OF_ACT])
            landing = landed(control, over, callee, own, world, turned)
            pairs[PAIR * pair + OWN_LANDINGS + i] = landing
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
    reading = may_reads[point] | arrival_reads[ARRIVING]
    writing = may_writes[point] | arrival_writes[ARRIVING]
    if (
        stuck == 0
        and blocks[BLOCK * block + TELLING] == 0
        and conflict(block_reads[block], block_writes[block], reading, writing) == 0
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
            if are_entered(e) != 0:
                after(control, e)
                reach(control, act, of, remembered(control), deep, number, how)
            if conflict(element_reads[e], element_writes[e], may_reads[point], may_writes[point]):
                there = tried(control, number, act, e, deep)
            if are_stuck(there, elements[ELEMENT * e + STATUS]) != 0:
                after(control, e)
                reach(control, act, of, remembered(control), deep, number, how)
    return 0


def are_entered(e: int) -> int:
    """Not 0 where the last step of an element may conflict with the arrival of an interrupt."""
    read = arrival_reads[ARRIVING]
    return conflict(element_reads[e], element_writes[e], read, arrival_writes[ARRIVING])


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


def waiting(control: Words, number: int) -> int:
    """A node at which every CPU waits."""
    blocked[control[BLOCKEDS]] = number
    control[BLOCKEDS] = control[BLOCKEDS] + 1
    return 0


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
        if outcome == DONE and control[DEFERRED] == 0 and swapped(control, of, e, choice) != 0:
            return outcome
        how = BY_BLOCK | choice << CHOICE_SHIFT | e
        for i in range(0, control[DEFERRED], 1):
            noted(control, act, deferred[i], deep + 1, number, how)
        if outcome == DONE:
            control[TRANSITIONS] = control[TRANSITIONS] + 1
            went = framed(control)
            reach(control, act, went, remembered(control), deep + 1, number, how)
    return outcome


def swapped(control: Words, of: int, e: int, choice: int) -> int:
    """1 where the step of a node, before the last step of an element instead of behind it, leads to
    what is at hand, too: then that step is put off."""
    copied(kept_memory, memory, 0, WORLD)
    copied(kept_frame, frame, 0, FRAME)
    parent = elements[ELEMENT * e + PARENT]
    if parent != 0:
        after(control, parent)
    else:
        copied(memory, whole, 0, WORLD)
    copied(frame, frames, FRAME * of, FRAME)
    alike = made(control, choice)
    if alike == 1:
        alike = same(kept_frame, 0, frame, FRAME)
    if alike == 1:
        chosen = elements[ELEMENT * e + CHOSEN]
        at = IMAGE + FRAME * (chosen >> 16)
        copied(frame, memory, at, FRAME)
        touched[2] = ELSEWHERE
        alike = made(control, chosen & 0xFFFF)
        touched[2] = HERE
        for k in range(0, FRAME, 1):
            memory[at + k] = frame[k]
    if alike == 1:
        alike = same(kept_memory, 0, memory, WORLD)
    copied(memory, kept_memory, 0, WORLD)
    copied(frame, kept_frame, 0, FRAME)
    return alike


def made(control: Words, choice: int) -> int:
    """1 where the frame at hand has made a step. What it finds is found where it is searched."""
    control[DEFER] = 1
    control[DEFERRED] = 0
    outcome = run(control, memory, frame, choice)
    control[DEFER] = 0
    control[DEFERRED] = 0
    return 1 if outcome == DONE else 0


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
