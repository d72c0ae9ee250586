# SPDX-License-Identifier: GPL-2.0-or-later
"""The search itself: which node is next, what it does, what arrives. The top layer of the kernels,
see `store.py`."""

from klprove.engine.pushdown.landings import (
    activated,
    did,
    landed,
    leave,
    resumed,
    spread,
)
from klprove.engine.pushdown.others import (
    blocked_by,
    instance,
    is_tied,
    meanwhile,
    raised,
    shared,
    waiting,
)
from klprove.engine.pushdown.store import (
    ACT,
    ACTIVATION,
    ALONE,
    ARRIVALS,
    ARRIVING,
    BELOW,
    BLOCK_OF,
    BLOCKED,
    BORN,
    CURSOR,
    DEFER,
    DEFERRED,
    DELIVERED,
    DEPTH,
    DONE,
    DROPPED,
    EMPTY,
    ENTRY,
    EXPANDED,
    FINDS,
    FIRST_NODE,
    FRAME,
    FRAME_MASK,
    FRAMES,
    FULL,
    GROWN,
    HEARD,
    IN_FRAME,
    IN_WORLD,
    INVARIANTS,
    LAND,
    LANDED,
    LANDINGS,
    LAST_NODE,
    LEFT,
    LENGTH,
    LENGTHS,
    LIFT,
    LONG,
    META,
    NEXT,
    NOBODY,
    NODE,
    NODE_MASK,
    NODES,
    NOISY,
    NOW,
    OF_ACT,
    OTHERS,
    PENDING,
    RAISED,
    REACHED,
    REFUSED,
    SCOUT,
    SEEN,
    SETTLED,
    SHARED,
    SILENT,
    SPREAD,
    STRAYED,
    STUCK,
    TRANSITIONS,
    UNTIL,
    WAITER,
    WAITS,
    WORLD,
    WORLD_MASK,
    WORLDS,
    Words,
    acts,
    changed,
    copied,
    counted,
    deferred,
    did_reads,
    did_writes,
    enter,
    frame,
    framed,
    frames,
    hold,
    is_turned,
    landings,
    masks,
    memory,
    metas,
    nodes,
    noted,
    popped,
    reach,
    reads,
    remembered,
    run,
    touched,
    turn,
    turn_frame,
    ways,
    whole,
    worlds,
    writes,
)


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
            while control[SPREAD] < control[GROWN]:
                spread(control)
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
    touched[0] = 0
    touched[1] = 0
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
    if OTHERS != 0 and act != 0 and acts[ACT * act + SHARED] == 0:
        point = frames[FRAME * of] & 0xFFFF
        waits = WAITER if stuck != 0 else 0
        did(control, act, reads[point] | touched[0], writes[point] | touched[1] | waits)
    if OTHERS == 0 and stuck & WAITS != 0:
        waiting(control, number)
    return 0


def arrivals(control: Words, number: int) -> int:
    """Everything that may arrive at a node, and what other CPUs do before it goes on."""
    world = nodes[NODE * number + IN_WORLD]
    act = nodes[NODE * number + ACTIVATION]
    if act != 0 and control[SCOUT] != 0:
        return 0
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
                if OTHERS != 0 and act != 0 and acts[ACT * act + SHARED] == 0:
                    callee = landings[LAND * (what & ~NOISY) + OF_ACT]
                    did(control, act, did_reads[callee], did_writes[callee])
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
    if control[SCOUT] == ALONE:
        return 0
    for i in range(0, ARRIVING, 1):
        copied(memory, worlds, WORLD * world, WORLD)
        control[HEARD] = 0
        outcome = enter(control, memory, frame, i)
        what = NOISY if control[HEARD] != 0 else 0
        if outcome == LANDED:
            for k in range(0, WORLD, 1):
                memory[k] = memory[k] & masks[WORLD * i + k]
            turned = is_turned(memory)
            if turned != 0:
                turn(memory)
                turn_frame(frame)
            act = activated(control, framed(control), remembered(control), i)
            what = what | landed(control, world, act, 0, world, turned)
            if OTHERS != 0 and control[SCOUT] == 0 and is_tied(control, world, i) != 0:
                copied(memory, worlds, WORLD * world, WORLD)
                if turned != 0:
                    turn(memory)
                own = landed(control, world, instance(control, act), 0, world, turned)
                metas[META * world + ARRIVALS + ARRIVING + i] = own
        elif outcome == DROPPED:
            what = what | SILENT
        if outcome != REFUSED:
            metas[META * world + ARRIVALS + i] = what
    return 0


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
