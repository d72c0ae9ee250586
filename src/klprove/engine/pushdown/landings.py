# SPDX-License-Identifier: GPL-2.0-or-later
"""Activations, where they land, and what goes on where they have returned. A layer of the kernels,
see `store.py`."""

from klprove.engine.pushdown.store import (
    ACT,
    ACTIVATION,
    ACTS,
    ARRIVING,
    AWAKE,
    BELOW,
    BORN,
    BY,
    BY_EXIT,
    BY_NODE,
    CAME,
    ENTRY,
    EXIT,
    FIRST_AWAKE,
    FIRST_EXIT,
    FIRST_INSTANCE,
    FIRST_LANDING,
    FIRST_LEFT,
    FIRST_NODE,
    GROWN,
    IN_FRAME,
    IN_WORLD,
    LAND,
    LANDINGS,
    LAST_EXIT,
    LAST_LANDING,
    LAST_LEFT,
    LEAVE,
    LEFTS,
    LENGTHS,
    LIFT,
    LONG,
    LOW32,
    META,
    NEXT,
    NEXT_AWAKE,
    NEXT_INSTANCE,
    NEXT_LANDING,
    NEXT_LEFT,
    NOBODY,
    NODE,
    OF_ACT,
    OVER_WORLD,
    SHARED,
    SPREAD,
    TO_WORLD,
    TURNED,
    WORLD,
    Words,
    act_reads,
    act_writes,
    acts,
    added,
    arrival_reads,
    arrival_writes,
    born,
    copied,
    did_reads,
    did_writes,
    grown,
    landings,
    lefts,
    masks,
    memory,
    metas,
    node_table,
    nodes,
    reach,
    remembered,
    sought,
    turn,
    worlds,
)


def conflict(read: int, written: int, reading: int, writing: int) -> int:
    """Not 0 where two steps do not commute."""
    return written & reading | read & writing


def did(control: Words, act: int, read: int, written: int) -> int:
    """A shared activation has touched some places: instances in which another CPU may conflict with
    that begin to have nodes of their own."""
    if read & ~did_reads[act] == 0 and written & ~did_writes[act] == 0:
        return 0
    did_reads[act] = did_reads[act] | read
    did_writes[act] = did_writes[act] | written
    control[GROWN] = control[GROWN] + 1
    grown[control[GROWN]] = act
    own = acts[ACT * act + FIRST_INSTANCE]
    while own != 0:
        stir(control, own)
        own = acts[ACT * own + NEXT_INSTANCE]
    return 0


def stir(control: Words, own: int) -> int:
    """An instance begins, where it has to and has not done so."""
    act = acts[ACT * own + SHARED]
    if acts[ACT * own + AWAKE] != 0:
        return 0
    if conflict(act_reads[own], act_writes[own], did_reads[act], did_writes[act]) != 0:
        acts[ACT * own + AWAKE] = 1
        acts[ACT * own + NEXT_AWAKE] = acts[ACT * act + FIRST_AWAKE]
        acts[ACT * act + FIRST_AWAKE] = own
        born[control[BORN]] = own
        control[BORN] = control[BORN] + 1
    return 0


def spread(control: Words) -> int:
    """What an activation has touched, all that it has interrupted has touched."""
    control[SPREAD] = control[SPREAD] + 1
    act = grown[control[SPREAD]]
    landing = acts[ACT * act + FIRST_LANDING]
    while landing != 0:
        number = metas[META * landings[LAND * landing + BELOW] + FIRST_NODE]
        while number != 0:
            caller = nodes[NODE * number + ACTIVATION]
            if caller != 0 and acts[ACT * caller + SHARED] == 0:
                did(control, caller, did_reads[act], did_writes[act])
            number = nodes[NODE * number + NEXT]
        landing = landings[LAND * landing + NEXT_LANDING]
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
    copied(memory, worlds, WORLD * nodes[NODE * way_out + IN_WORLD], WORLD)
    if landings[LAND * landing + TURNED] != 0:
        turn(memory)
    for i in range(0, WORLD, 1):
        ones = masks[mask + i]
        memory[i] = worlds[kept + i] & ~ones | memory[i] & ones
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


def landed(control: Words, over: int, act: int, lift: int, under: int, turned: int) -> int:
    """A landing of an activation over a world, for the nodes with world `under`."""
    landing = control[LANDINGS] + 1
    control[LANDINGS] = landing
    landings[LAND * landing + OVER_WORLD] = over
    landings[LAND * landing + OF_ACT] = act
    landings[LAND * landing + LIFT] = lift
    landings[LAND * landing + BELOW] = under
    landings[LAND * landing + TURNED] = turned
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
    did(control, act, arrival_reads[i], arrival_writes[i])
    reach(control, act, of, world, 0, 0, 0)
    return act
