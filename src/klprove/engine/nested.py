"""The nested engine: one CPU, any number of arrivals, each interrupt explored once for what it can
see.

An interrupt runs on top of whatever it interrupts and returns to it; of what lies below it sees
nothing but memory. So a CPU with its interrupts is a pushdown system, and it is explored as one: an
*activation* is an interrupt entered with certain bytes in its footprint (`engine/footprint.py`);
its exits, the memories it can leave behind, are computed once and applied wherever an equal
activation arrives. This is exact: a finding exists here if and only if the reference engine finds
it, and the lengths of shortest traces are equal.

Sources: summaries of procedures, Sharir and Pnueli 1981; Reps, Horwitz and Sagiv, POPL 1995.
Shortest runs of a pushdown system by a heap: Knuth, "A generalization of Dijkstra's algorithm",
1977; Reps, Schwoon, Jha and Melski, "Weighted pushdown systems", 2005.
"""

from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from klprove.engine.catalogue import Notice, bound, notice, witness
from klprove.engine.footprint import Footprints
from klprove.engine.limits import Meter
from klprove.engine.machine import Choice, Machine
from klprove.engine.points import Noted, Values
from klprove.engine.search import Discovery, Search
from klprove.ir.instructions import End, Halt
from klprove.ir.program import Program
from klprove.verdict import VIOLATION

Node: TypeAlias = tuple[int, Values, bytes]
"""A point, its live values, and memory: all for the task, the footprint for an interrupt."""

_LOOK = 4096
_ENDED = -1
"""The point of a CPU that has no task (any more)."""


class Came(NamedTuple):
    """How a node was first reached: by a choice, or by an activation that left certain bytes
    behind."""

    before: Node
    choice: Choice | None
    callee: "Activation | None"
    left: bytes


class Activation:
    """An interrupt context entered with certain bytes in its footprint; or the task from boot
    (context -1)."""

    def __init__(self, context: int, saved: Values, number: int) -> None:
        self.context, self.saved, self.number = context, saved, number
        self.came: dict[Node, Came | None] = {}
        self.length: dict[Node, int] = {}
        self.exits: dict[bytes, tuple[int, Node]] = {}
        self.landings: list[Landing] = []
        self.waiting: dict[Node, list[Node]] = {}
        """Nodes blocked in an await, and where the interrupts that arrive there lead."""
        self.withheld: set[Node] = set()
        """Blocked nodes at which only a bound on arrivals keeps an interrupt away."""


class Landing:
    """An activation delivered over one memory: every node with that memory takes the same part."""

    def __init__(self, memory: bytes, callee: Activation) -> None:
        self.memory, self.callee = memory, callee
        self.below: list[tuple[Activation, Node]] = []
        self.left: list[tuple[bytes, bytes, int]] = []
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


def _stepped(node: Node, choice: int) -> Came:
    return Came(node, ("step", 0, choice), None, b"")


def applicable(program: Program) -> bool:
    """True for one CPU with at most one task."""
    return program.cpus == 1 and sum(each.kind == "task" for each in program.contexts) <= 1


class Nested:
    """One exploration of one machine."""

    def __init__(self, machine: Machine, meter: Meter) -> None:
        self._machine, self._meter = machine, meter
        footprints = Footprints(machine)
        self._keep = {
            index: int.from_bytes(mask, "little") for index, mask in footprints.masks.items()
        }
        self._size = len(machine.image.initial)
        everything = (1 << (8 * self._size)) - 1
        self._drop = {index: everything ^ keep for index, keep in self._keep.items()}
        self._root = Activation(-1, (), 0)
        self._activations: dict[tuple[int, Values, bytes], Activation] = {}
        self._deliveries: dict[bytes, list[Delivery]] = {}
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
        frames, parked = cpus[0]
        frames = frames or parked
        start = (frames[0][0], frames[0][1], memory) if frames else (_ENDED, (), memory)
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
            self._steps(activation, node, length)
            self._arrivals(activation, node, length)
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

    def _steps(self, activation: Activation, node: Node, length: int) -> None:
        number, values, memory = node
        if number == _ENDED:
            return
        point = self._machine.points.table[number]
        if point.run is None:
            if isinstance(point.instr, End):
                self._end(activation, node, length)
            return
        note: list[Noted] = []
        for choice in range(point.choices):
            after = point.run(memory, values, note, choice)
            if note:
                for each in note:
                    if each[0] == "blocked":
                        activation.waiting[node] = []
                    self._note(
                        point.context, each, activation, length + 1, node, ("step", 0, choice)
                    )
                note.clear()
            if after is not None:
                self._search.transitions += 1
                self._reach(activation, after, length + 1, _stepped(node, choice))

    def _end(self, activation: Activation, node: Node, length: int) -> None:
        memory = node[2]
        self._search.transitions += 1
        if activation.context < 0:
            self._reach(activation, (_ENDED, (), memory), length + 1, _stepped(node, 0))
            return
        for each in self._machine.unbalanced(memory, activation.context, activation.saved):
            broken = ("unbalanced", each, 0)
            self._note(activation.context, broken, activation, length + 1, node, ("step", 0, 0))
        left = self._machine.iret(memory, activation.context, activation.saved[0])
        if left in activation.exits:
            return
        activation.exits[left] = (length + 1, node)
        for landing in activation.landings:
            self._land(landing, left, length + 1)

    def _land(self, landing: Landing, left: bytes, length: int) -> None:
        """One more exit: every node below goes on with the memory that it leaves."""
        callee = landing.callee
        kept = int.from_bytes(landing.memory, "little") & self._drop[callee.context]
        changed = int.from_bytes(left, "little") & self._keep[callee.context]
        memory = (kept | changed).to_bytes(self._size, "little")
        landing.left.append((left, memory, length))
        for activation, node in landing.below:
            self._resume(landing, activation, node, left, memory, length)

    def _resume(
        self,
        landing: Landing,
        activation: Activation,
        below: Node,
        left: bytes,
        memory: bytes,
        length: int,
    ) -> None:
        node = (below[0], below[1], memory)
        if below in activation.waiting:
            activation.waiting[below].append(node)
        came = Came(below, None, landing.callee, left)
        self._reach(activation, node, activation.length[below] + 1 + length, came)

    def _arrivals(self, activation: Activation, node: Node, length: int) -> None:
        memory = node[2]
        deliveries = self._deliveries.get(memory)
        if deliveries is None:
            deliveries = self._deliveries[memory] = self._deliver(memory)
        for context, notes, landing in deliveries:
            self._search.transitions += 1
            for each in notes:
                self._note(context, each, activation, length + 1, node, ("enter", 0, context))
            if landing is not None:
                landing.below.append((activation, node))
                for left, after, inside in landing.left:
                    self._resume(landing, activation, node, left, after, inside)
        if node in activation.waiting and self._withheld(memory):
            activation.withheld.add(node)

    def _deliver(self, memory: bytes) -> list[Delivery]:
        """Every arrival that is possible over `memory`."""
        found = []
        for context in self._machine.interrupts[0]:
            entered = self._machine.arrive(memory, context)
            if entered is None:
                continue
            notes: list[Noted] = []
            saved = self._machine.saved(memory, context)
            began = self._machine.begin(entered, context, notes)
            landing = None
            if began is not None:
                landing = Landing(memory, self._activate(context, saved, began))
                landing.callee.landings.append(landing)
                for left, (length, _) in landing.callee.exits.items():
                    self._land(landing, left, length)
            found.append(Delivery(context, tuple(notes), landing))
        return found

    def _withheld(self, memory: bytes) -> bool:
        return any(
            self._machine.withheld(memory, context) for context in self._machine.interrupts[0]
        )

    def _activate(self, context: int, saved: Values, began: Node) -> Activation:
        seen = int.from_bytes(began[2], "little") & self._keep[context]
        memory = seen.to_bytes(self._size, "little")
        key = (context, (*saved, *began[1], began[0]), memory)
        activation = self._activations.get(key)
        if activation is None:
            activation = Activation(context, saved, len(self._activations) + 1)
            self._activations[key] = activation
            self._reach(activation, (began[0], began[1], memory), 0, None)
        return activation

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

    def _deadlocks(self) -> None:
        """A node blocked in an await, from which no interrupt leads to one that is not, waits for
        ever; the task waits with it, unless it has ended (see `_discoveries`)."""
        for activation in (self._root, *self._activations.values()):
            for node in activation.waiting:
                if self._hopeless(activation, node):
                    at = self._machine.points.table[node[0]].instr.at
                    text = "every task waits for ever"
                    found = Notice("deadlock", VIOLATION, text, at.span)
                    self._record(found, activation, activation.length[node], node, None)

    def _hopeless(self, activation: Activation, start: Node) -> bool:
        seen, work = {start}, [start]
        while work:
            node = work.pop()
            if node in activation.withheld:
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
            for caller, node in (each for landing in callee.landings for each in landing.below):
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

    def _is_over(self, node: Node) -> bool:
        """True where the task has ended or halted, or there never was one."""
        return node[0] == _ENDED or isinstance(self._machine.points.table[node[0]].instr, Halt)

    def _path_to(self, activation: Activation, node: Node, ways: Ways) -> list[Choice]:
        """The choices from boot to `node` of `activation`."""
        inner = self._path(activation, node)
        while activation.context >= 0:
            caller, below = ways.entry[activation]
            inner = [*self._path(caller, below), ("enter", 0, activation.context), *inner]
            activation = caller
        return inner

    def _path(self, activation: Activation, node: Node) -> list[Choice]:
        """The choices from the entry of `activation` to `node`, interrupts written out."""
        pieces: list[list[Choice]] = []
        came = activation.came[node]
        while came is not None:
            if came.callee is not None:
                last = came.callee.exits[came.left][1]
                enter: Choice = ("enter", 0, came.callee.context)
                pieces.append([enter, *self._path(came.callee, last), ("step", 0, 0)])
            elif came.choice is not None:
                pieces.append([came.choice])
            came = activation.came[came.before]
        return [choice for piece in reversed(pieces) for choice in piece]
