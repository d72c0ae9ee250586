# SPDX-License-Identifier: GPL-2.0-or-later
"""The nested engine: one CPU that takes interrupts, any number of arrivals, each interrupt explored
once for what it can see.

An interrupt runs on top of whatever it interrupts and returns to it; of what lies below it sees
nothing but memory. So a CPU with its interrupts is a pushdown system, and it is explored as one: an
*activation* is an interrupt entered with certain bytes in its footprint (`engine/footprint.py`);
its exits, the memories it can leave behind, are computed once and applied wherever an equal
activation arrives. Other CPUs that run tasks only have finitely many states of their own. These
belong to what an interrupt sees and leaves behind, and they step inside of an activation as well.
This is exact: a finding exists here if and only if the reference engine finds it, and the lengths
of shortest traces are equal.

Sources: summaries of procedures, Sharir and Pnueli 1981; Reps, Horwitz and Sagiv, POPL 1995.
Shortest runs of a pushdown system by a heap: Knuth, "A generalization of Dijkstra's algorithm",
1977; Reps, Schwoon, Jha and Melski, "Weighted pushdown systems", 2005. Finite processes beside a
pushdown process: Qadeer and Rehof, TACAS 2005.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from klprove.engine.catalogue import Notice, bound, notice, witness
from klprove.engine.footprint import Footprints
from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Cpu, Machine, State
from klprove.engine.points import Noted, Values
from klprove.engine.reference import waiting
from klprove.engine.search import Discovery, Search
from klprove.ir.instructions import End, Halt
from klprove.ir.program import Program
from klprove.verdict import VIOLATION

Others: TypeAlias = tuple[Cpu, ...]
"""The CPUs without interrupts, as they are in a `State`."""
Node: TypeAlias = tuple[int, Values, bytes, Others]
"""A point, its live values, memory (all for the task, the footprint for an interrupt), and the
other CPUs."""
World: TypeAlias = tuple[bytes, Others]
"""Memory and the other CPUs: what an interrupt finds and what it leaves."""

_LOOK = 4096
_ENDED = -1
"""The point of a CPU that has no task (any more)."""


class Came(NamedTuple):
    """How a node was first reached: by a choice, or by an activation that left certain bytes
    behind."""

    before: Node
    choice: Choice | None
    callee: "Activation | None"
    left: World | None


class Activation:
    """An interrupt context entered with certain bytes in its footprint; or the task from boot
    (context -1)."""

    def __init__(self, context: int, saved: Values, number: int, keep: int) -> None:
        self.context, self.saved, self.number, self.keep = context, saved, number, keep
        self.came: dict[Node, Came | None] = {}
        self.length: dict[Node, int] = {}
        self.exits: dict[World, tuple[int, Node]] = {}
        self.landings: list[Landing] = []
        self.waiting: dict[Node, list[Node]] = {}
        """Nodes at which every CPU waits, and where the interrupts that arrive there lead."""
        self.withheld: set[Node] = set()
        """Nodes of `waiting` at which only a bound on arrivals keeps an interrupt away."""
        self.restless = False
        """True where another CPU can go on while this runs."""


class Landing:
    """An activation delivered over one memory: every node with that memory takes the same part."""

    def __init__(self, memory: bytes, callee: Activation) -> None:
        self.memory, self.callee = memory, callee
        self.below: list[tuple[Activation, Node]] = []
        self.left: list[tuple[World, World, int]] = []
        """For each exit: the bytes left behind, the whole memory then, the length of the run."""


class Delivery(NamedTuple):
    """What the arrival of a context over one memory does."""

    context: int
    notes: tuple[Noted, ...]
    landing: Landing | None
    """None where the context drops its path before its first step."""


class Ways(NamedTuple):
    """Shortest runs from boot into activations: their lengths, and where the last arrival was."""

    length: dict[Activation, int]
    entry: dict[Activation, tuple[Activation, Node]]


def _tasks(program: Program, cpu: int) -> set[int]:
    return {
        index
        for index, each in enumerate(program.contexts)
        if each.kind == "task" and each.cpu == cpu
    }


def home(program: Program) -> int:
    """The CPU that takes interrupts; 0 where none does."""
    return next((each.cpu for each in program.contexts if each.kind != "task"), 0)


def applicable(program: Program) -> bool:
    """True where one CPU at most takes interrupts and has at most one task, and where several CPUs
    have an interrupt at all."""
    interrupted = {each.cpu for each in program.contexts if each.kind != "task"}
    several = program.cpus > 1 and not interrupted
    return len(interrupted) <= 1 and not several and len(_tasks(program, home(program))) <= 1


class Nested:
    """One exploration of one machine."""

    def __init__(self, machine: Machine, meter: Meter, most: int | None = None) -> None:
        """`most`: nodes after which to give up."""
        self._machine, self._meter, self._most = machine, meter, most
        self.over = False
        """True where there were more nodes than that, and nothing has been answered."""
        self._home = home(machine.program)
        self._task = _tasks(machine.program, self._home)
        self._elsewhere = set().union(
            *(_tasks(machine.program, n) for n in range(machine.program.cpus) if n != self._home)
        )
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
        self._noted: dict[Notice, dict[Activation, tuple[int, Node, Choice | None]]] = {}
        self._search = Search()

    def run(self) -> Search:
        """Explore until nothing is left or a limit is reached. Ctrl-C counts as a limit."""
        try:
            self._boot()
            self._explore()
            if self.over:
                return self._search
            if not self._search.reasons:
                self._deadlocks()
        except KeyboardInterrupt:
            self._search.reasons.append("interrupted")
        self._search.states = len(self._done)
        self._search.discoveries = self._discoveries()
        return self._search

    # -- exploration ----------------------------------------------------------

    def _boot(self) -> None:
        booted: list[tuple[int, Noted]] = []
        memory, cpus = self._machine.initial(booted)
        frames, parked = cpus[self._home]
        frames = frames or parked
        others = cpus[: self._home] + cpus[self._home + 1 :]
        point, values = (frames[0][0], frames[0][1]) if frames else (_ENDED, ())
        start = (point, values, memory, others)
        for context, noted in booted:
            self._note(context, noted, self._root, 0, start, None)
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
                self._invariants(activation, node, length)
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
            if self._machine.limits.first and any(
                each.severity == VIOLATION for each in self._noted
            ):
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
        if number == _ENDED:
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
                self._note(point.context, each, activation, length + 1, node, step)
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
            context = self._running(state, choice)
            waits = any(each[0] == "blocked" for each in note)
            for each in note:
                self._note(context, each, activation, length + 1, node, choice)
            note.clear()
            blocked |= waits
            if after is not None:
                self._search.transitions += 1
                cpus = after[1][: self._home] + after[1][self._home + 1 :]
                came = Came(node, choice, None, None)
                self._reach(activation, (number, values, after[0], cpus), length + 1, came)
            stuck &= after is None and (waits or self._is_halted(state, choice))
        return blocked if stuck else None

    def _running(self, state: State, choice: Choice) -> int:
        what, cpu, detail = choice
        if what == "switch":
            return detail
        return self._machine.points.table[state[1][cpu][0][-1][0]].context

    def _is_halted(self, state: State, choice: Choice) -> bool:
        what, cpu, _ = choice
        return what == "step" and self._halts(state[1][cpu][0][-1][0])

    def _halts(self, point: int) -> bool:
        return isinstance(self._machine.points.table[point].instr, Halt)

    def _end(self, activation: Activation, node: Node, length: int) -> None:
        _, _, memory, others = node
        self._search.transitions += 1
        step: Choice = ("step", self._home, 0)
        if activation.context < 0:
            ended = (_ENDED, (), memory, others)
            self._reach(activation, ended, length + 1, Came(node, step, None, None))
            return
        for each in self._machine.unbalanced(memory, activation.context, activation.saved):
            broken = ("unbalanced", each, 0)
            self._note(activation.context, broken, activation, length + 1, node, step)
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
                self._note(context, each, activation, length + 1, node, enter)
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

    # -- what is found ----------------------------------------------------------

    def _note(
        self,
        context: int,
        noted: Noted,
        activation: Activation,
        length: int,
        node: Node,
        choice: Choice | None,
    ) -> None:
        program = self._machine.program
        found = notice(program, context, noted)
        if found is not None:
            self._record(found, activation, length, node, choice)
        name = witness(program, context, noted)
        if name:
            self._search.witnesses.add(name)
        reason = bound(program, context, noted)
        if reason and reason not in self._search.reasons:
            self._search.reasons.append(reason)

    def _record(
        self, found: Notice, activation: Activation, length: int, node: Node, choice: Choice | None
    ) -> None:
        places = self._noted.setdefault(found, {})
        known = places.get(activation)
        if known is None or length < known[0]:
            places[activation] = (length, node, choice)

    def _invariants(self, activation: Activation, node: Node, length: int) -> None:
        for each, value in self._machine.invariants:
            if value(node[2]) == 0:
                text = f"invariant {each.name} does not hold"
                found = Notice("invariant", VIOLATION, text, each.at.span)
                self._record(found, activation, length, node, None)

    # -- deadlocks --------------------------------------------------------------

    def _deadlocks(self) -> None:
        """Every CPU waits, no interrupt leads to where one does not, and no other CPU goes on
        while an interrupt runs: the tasks wait for ever. The task below an interrupt waits with
        it, unless it has ended (see `_discoveries`)."""
        if not self._task | self._elsewhere:
            return
        self._spread_restlessness()
        for activation in (self._root, *self._activations.values()):
            for node in activation.waiting:
                if self._is_alive(activation, node) and self._hopeless(activation, node):
                    found = waiting(self._machine, self._running_points(node))
                    self._record(found, activation, activation.length[node], node, None)

    def _running_points(self, node: Node) -> list[int]:
        """Of the running frames, by CPU."""
        running = [frames[-1][0] if frames else _ENDED for frames, _ in node[3]]
        running.insert(self._home, node[0])
        return [each for each in running if each != _ENDED]

    def _spread_restlessness(self) -> None:
        """An activation during which a restless one arrives is restless too."""
        work = [each for each in self._activations.values() if each.restless]
        while work:
            callee = work.pop()
            for landing in callee.landings:
                for caller, _ in landing.below:
                    if not caller.restless:
                        caller.restless = True
                        work.append(caller)

    def _is_alive(self, activation: Activation, node: Node) -> bool:
        """True where no task but the one below has ended or halted."""
        if activation is self._root and self._is_over(node):
            return False
        table = self._machine.points.table
        running = {
            table[frame[0]].context
            for frames, parked in node[3]
            for frame in (*frames, *parked)
            if not self._halts(frame[0])
        }
        return self._elsewhere <= running

    def _hopeless(self, activation: Activation, start: Node) -> bool:
        seen, work = {start}, [start]
        while work:
            node = work.pop()
            if node in activation.withheld or any(
                each.landing is not None and each.landing.callee.restless
                for each in self._delivered((node[2], node[3]))
            ):
                return False
            for each in activation.waiting[node]:
                if each not in activation.waiting:
                    return False
                if each not in seen:
                    seen.add(each)
                    work.append(each)
        return True

    # -- shortest traces ----------------------------------------------------------

    def _discoveries(self) -> list[Discovery]:
        """For each finding the shortest schedule, over every way to enter the activation it happens
        in."""
        anyhow, running = self._ways(ended=True), self._ways(ended=False)
        found = []
        for each, places in self._noted.items():
            ways = running if each.code == "deadlock" else anyhow
            reached = [
                (ways.length[activation] + length, activation.number, activation)
                for activation, (length, _, _) in places.items()
                if activation in ways.length
            ]
            if reached:
                activation = min(reached)[2]
                _, node, choice = places[activation]
                schedule = self._path_to(activation, node, ways)
                found.append(Discovery(each, schedule + ([choice] if choice else [])))
        return sorted(found, key=lambda each: (len(each.schedule), each.notice.code))

    def _ways(self, ended: bool) -> Ways:
        """Shortest ways into each activation; `ended`: also over a task that has ended."""
        calls: dict[Activation, list[tuple[int, Node, Activation]]] = {}
        for callee in self._activations.values():
            cheapest: dict[Activation, tuple[int, Node]] = {}
            for caller, node in self._callers(callee):
                if caller is self._root and not ended and self._is_over(node):
                    continue
                cost = caller.length[node] + 1
                if caller not in cheapest or cost < cheapest[caller][0]:
                    cheapest[caller] = (cost, node)
            for caller, (cost, node) in cheapest.items():
                calls.setdefault(caller, []).append((cost, node, callee))
        ways = Ways({}, {})
        heap: list[tuple[int, int, Activation]] = [(0, 0, self._root)]
        best = {self._root: 0}
        while heap:
            length, _, activation = heappop(heap)
            if activation in ways.length:
                continue
            ways.length[activation] = length
            for cost, node, callee in calls.get(activation, ()):
                if length + cost < best.get(callee, 1 << 60):
                    best[callee] = length + cost
                    ways.entry[callee] = (activation, node)
                    heappush(heap, (length + cost, callee.number, callee))
        return ways

    def _callers(self, callee: Activation) -> Iterator[tuple[Activation, Node]]:
        for landing in callee.landings:
            yield from landing.below

    def _is_over(self, node: Node) -> bool:
        """True where the task of this CPU has ended or halted."""
        return bool(self._task) and (node[0] == _ENDED or self._halts(node[0]))

    def _path_to(self, activation: Activation, node: Node, ways: Ways) -> list[Choice]:
        """The choices from boot to `node` of `activation`."""
        inner = self._path(activation, node)
        while activation.context >= 0:
            caller, below = ways.entry[activation]
            enter: Choice = ("enter", self._home, activation.context)
            inner = [*self._path(caller, below), enter, *inner]
            activation = caller
        return inner

    def _path(self, activation: Activation, node: Node) -> list[Choice]:
        """The choices from the entry of `activation` to `node`, interrupts written out."""
        pieces: list[list[Choice]] = []
        came = activation.came[node]
        while came is not None:
            if came.callee is not None and came.left is not None:
                last = came.callee.exits[came.left][1]
                enter: Choice = ("enter", self._home, came.callee.context)
                leave: Choice = ("step", self._home, 0)
                pieces.append([enter, *self._path(came.callee, last), leave])
            elif came.choice is not None:
                pieces.append([came.choice])
            came = activation.came[came.before]
        return [choice for piece in reversed(pieces) for choice in piece]
