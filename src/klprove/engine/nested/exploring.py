# SPDX-License-Identifier: GPL-2.0-or-later
"""The exploration: nodes of activations in the order of their distance from the entry."""

from heapq import heappop, heappush

from klprove.engine.footprint import Footprints
from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Machine, State
from klprove.engine.nested.activations import (
    ENDED,
    Activation,
    Came,
    Delivery,
    Landing,
    Node,
    Others,
    World,
)
from klprove.engine.nested.cpus import Cpus
from klprove.engine.nested.deadlocks import deadlocked
from klprove.engine.nested.noting import Notebook
from klprove.engine.nested.tracing import discoveries
from klprove.engine.points import Noted, Values
from klprove.engine.reference import waiting
from klprove.engine.search import Search
from klprove.ir.instructions import End

_LOOK = 4096


class Nested:
    """One exploration of one machine."""

    def __init__(self, machine: Machine, meter: Meter, most: int | None = None) -> None:
        """`most`: nodes after which to give up."""
        self._machine, self._meter, self._most = machine, meter, most
        self.over = False
        """True where there were more nodes than that, and nothing has been answered."""
        self._cpus = Cpus(machine)
        self._home = self._cpus.home
        self._footprints = Footprints(machine, self._home)
        self._keep: dict[tuple[int, tuple[int, ...]], int] = {}
        self._size = len(machine.image.initial)
        self._everything = (1 << (8 * self._size)) - 1
        self._root = Activation(-1, (), 0, self._everything)
        self._activations: dict[tuple[int, Values, World], Activation] = {}
        self._deliveries: dict[World, list[Delivery]] = {}
        self._heap: list[tuple[int, int, Activation, Node]] = []
        self._pushed = 0
        self._done: set[tuple[int, Node]] = set()
        self._search = Search()
        self._notebook = Notebook(machine, self._search)

    def run(self) -> Search:
        """Explore until nothing is left or a limit is reached. Ctrl-C counts as a limit."""
        try:
            self._boot()
            self._explore()
            if self.over:
                return self._search
            if not self._search.reasons:
                self._judge_waiting()
        except KeyboardInterrupt:
            self._search.reasons.append("interrupted")
        self._search.states = len(self._done)
        everything = (self._root, *self._activations.values())
        self._search.discoveries = discoveries(self._cpus, everything, self._notebook)
        return self._search

    def _judge_waiting(self) -> None:
        everything = (self._root, *self._activations.values())
        for activation, node in deadlocked(self._cpus, everything, self._delivered):
            found = waiting(self._machine, self._cpus.running(node))
            self._notebook.record(found, activation, activation.length[node], node, None)

    def _boot(self) -> None:
        booted: list[tuple[int, Noted]] = []
        memory, cpus = self._machine.initial(booted)
        frames, parked = cpus[self._home]
        frames = frames or parked
        others = cpus[: self._home] + cpus[self._home + 1 :]
        point, values = (frames[0][0], frames[0][1]) if frames else (ENDED, ())
        start = (point, values, memory, others)
        for context, noted in booted:
            self._notebook.note(context, noted, self._root, 0, start, None)
        self._reach(self._root, start, 0, None)

    def _reach(self, activation: Activation, node: Node, length: int, came: Came | None) -> None:
        known = activation.length.get(node)
        if known is not None and known <= length:
            return
        activation.length[node] = length
        activation.came[node] = came
        self._pushed += 1
        heappush(self._heap, (length, self._pushed, activation, node))

    def _explore(self) -> None:
        heap, search, done = self._heap, self._search, self._done
        while heap:
            length, _, activation, node = heappop(heap)
            if length > activation.length[node] or (activation.number, node) in done:
                continue
            done.add((activation.number, node))
            search.depth = max(search.depth, length)
            if self._machine.invariants:
                self._notebook.judge_invariants(activation, node, length)
            self._expand(activation, node, length)
            self._arrivals(activation, node, length)
            if len(done) == self._most:
                self.over = True
                return
            if len(done) % _LOOK == 0:
                reason = self._meter.exhausted(
                    len(done), search.transitions, len(heap), search.depth
                )
                if reason:
                    search.reasons.append(reason)
                    return
            if self._machine.limits.first and self._notebook.has_violation():
                search.reasons.append("stopped at the first violation")
                return

    def _expand(self, activation: Activation, node: Node, length: int) -> None:
        """The steps of every CPU. `waiting` gets the node where all of them wait."""
        waits = self._steps(activation, node, length)
        if node[3]:
            elsewhere = self._other_steps(activation, node, length)
            activation.restless |= elsewhere is None
            waits = None if waits is None or elsewhere is None else waits | elsewhere
        if waits:
            activation.waiting[node] = []

    def _steps(self, activation: Activation, node: Node, length: int) -> bool | None:
        """The steps of the CPU with interrupts. True where it is blocked, None where it is not
        stuck: it goes on, or its path ends here."""
        number, values, memory, others = node
        if number == ENDED:
            return False
        point = self._machine.points.table[number]
        if point.run is None:
            if isinstance(point.instr, End):
                self._end(activation, node, length)
                return None
            return False
        note: list[Noted] = []
        stuck = True
        for choice in range(point.choices):
            after = point.run(memory, values, note, choice)
            step: Choice = ("step", self._home, choice)
            blocked = any(each[0] == "blocked" for each in note)
            for each in note:
                self._notebook.note(point.context, each, activation, length + 1, node, step)
            note.clear()
            stuck &= after is None and blocked
            if after is not None:
                self._search.transitions += 1
                self._reach(activation, (*after, others), length + 1, Came(node, step, None, None))
        return True if stuck else None

    def _other_steps(self, activation: Activation, node: Node, length: int) -> bool | None:
        """The same for the other CPUs together."""
        number, values, memory, others = node
        state: State = (memory, (*others[: self._home], ((), ()), *others[self._home :]))
        stuck, blocked = True, False
        note: list[Noted] = []
        for choice in self._machine.choices(state):
            if choice[1] == self._home:
                continue
            after = self._machine.apply(state, choice, note)
            context = self._cpus.context_of(state, choice)
            waits = any(each[0] == "blocked" for each in note)
            for each in note:
                self._notebook.note(context, each, activation, length + 1, node, choice)
            note.clear()
            blocked |= waits
            if after is not None:
                self._search.transitions += 1
                cpus = after[1][: self._home] + after[1][self._home + 1 :]
                came = Came(node, choice, None, None)
                self._reach(activation, (number, values, after[0], cpus), length + 1, came)
            stuck &= after is None and (waits or self._cpus.is_halted(state, choice))
        return blocked if stuck else None

    def _end(self, activation: Activation, node: Node, length: int) -> None:
        _, _, memory, others = node
        self._search.transitions += 1
        step: Choice = ("step", self._home, 0)
        if activation.context < 0:
            ended = (ENDED, (), memory, others)
            self._reach(activation, ended, length + 1, Came(node, step, None, None))
            return
        for each in self._machine.unbalanced(memory, activation.context, activation.saved):
            broken = ("unbalanced", each, 0)
            self._notebook.note(activation.context, broken, activation, length + 1, node, step)
        left = (self._machine.iret(memory, activation.context, activation.saved[0]), others)
        if left in activation.exits:
            return
        activation.exits[left] = (length + 1, node)
        for landing in activation.landings:
            self._land(landing, left, length + 1)

    def _land(self, landing: Landing, left: World, length: int) -> None:
        """One more exit: every node below goes on with the memory that it leaves."""
        keep = landing.callee.keep
        kept = int.from_bytes(landing.memory, "little") & (self._everything ^ keep)
        changed = int.from_bytes(left[0], "little") & keep
        world = ((kept | changed).to_bytes(self._size, "little"), left[1])
        landing.left.append((left, world, length))
        for activation, node in landing.below:
            self._resume(landing, activation, node, left, world, length)

    def _resume(
        self,
        landing: Landing,
        activation: Activation,
        below: Node,
        left: World,
        world: World,
        length: int,
    ) -> None:
        node = (below[0], below[1], *world)
        if below in activation.waiting:
            activation.waiting[below].append(node)
        came = Came(below, None, landing.callee, left)
        self._reach(activation, node, activation.length[below] + 1 + length, came)

    def _arrivals(self, activation: Activation, node: Node, length: int) -> None:
        for context, notes, landing in self._delivered((node[2], node[3])):
            self._search.transitions += 1
            for each in notes:
                enter: Choice = ("enter", self._home, context)
                self._notebook.note(context, each, activation, length + 1, node, enter)
            if landing is not None:
                landing.below.append((activation, node))
                for left, after, inside in landing.left:
                    self._resume(landing, activation, node, left, after, inside)
        if node in activation.waiting and self._withheld(node[2]):
            activation.withheld.add(node)

    def _delivered(self, world: World) -> list[Delivery]:
        deliveries = self._deliveries.get(world)
        if deliveries is None:
            deliveries = self._deliveries[world] = self._deliver(world)
        return deliveries

    def _deliver(self, world: World) -> list[Delivery]:
        """Every arrival that is possible over `world`."""
        memory, others = world
        found = []
        for context in self._machine.interrupts[self._home]:
            entered = self._machine.arrive(memory, context)
            if entered is None:
                continue
            notes: list[Noted] = []
            saved = self._machine.saved(memory, context)
            began = self._machine.begin(entered, context, notes)
            landing = None
            if began is not None:
                landing = Landing(memory, self._activate(context, saved, (*began, others)))
                landing.callee.landings.append(landing)
                for left, (length, _) in landing.callee.exits.items():
                    self._land(landing, left, length)
            found.append(Delivery(context, tuple(notes), landing))
        return found

    def _withheld(self, memory: bytes) -> bool:
        return any(
            self._machine.withheld(memory, context)
            for context in self._machine.interrupts[self._home]
        )

    def _activate(self, context: int, saved: Values, began: Node) -> Activation:
        point, values, whole, others = began
        keep = self._mask(context, others)
        seen = int.from_bytes(whole, "little") & keep
        memory = seen.to_bytes(self._size, "little")
        key = (context, (*saved, *values, point), (memory, others))
        activation = self._activations.get(key)
        if activation is None:
            activation = Activation(context, saved, len(self._activations) + 1, keep)
            self._activations[key] = activation
            self._reach(activation, (point, values, memory, others), 0, None)
        return activation

    def _mask(self, context: int, others: Others) -> int:
        """The bytes that an activation may touch while it runs, the steps of others included."""
        points = tuple(frame[0] for cpu in others for part in cpu for frame in part)
        known = self._keep.get((context, points))
        if known is None:
            mask = self._footprints.mask(context, points)
            known = self._keep[context, points] = int.from_bytes(mask, "little")
        return known
