# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code has stored, read back: deadlocks, and shortest schedules of what was found."""

from collections.abc import Callable, Iterator, Mapping

from klprove.engine.catalogue import Notice
from klprove.engine.machine import Choice, Machine
from klprove.engine.native.frames import POINT
from klprove.engine.pushdown import store
from klprove.engine.pushdown.arena import Arena
from klprove.engine.pushdown.layout import WORD
from klprove.engine.pushdown.model import Model
from klprove.engine.reference import waiting
from klprove.engine.search import Discovery
from klprove.ir.instructions import Halt


class Nodes:
    """The nodes of a search that is over."""

    def __init__(
        self,
        machine: Machine,
        home: int,
        model: Model,
        arrays: Mapping[str, Arena],
        control: Arena,
    ) -> None:
        self._machine, self._home, self._model = machine, home, model
        self._arrays, self._control = arrays, control
        self._arriving = machine.interrupts[home]
        self._meta = store.ARRIVALS + 2 * len(self._arriving)
        self._noted: dict[Notice, dict[int, tuple[int, int, int]]] = {}
        contexts = machine.program.contexts
        self._tasks = {n for n, each in enumerate(contexts) if each.kind == "task"}
        self._here = {n for n in self._tasks if contexts[n].cpu == home}

    def record(self, found: Notice, act: int, length: int, node: int, how: int) -> None:
        """A finding at a node of an activation, or on the way `how` from there, `length` steps
        after the beginning of the activation."""
        places = self._noted.setdefault(found, {})
        known = places.get(act)
        if known is None or length < known[0]:
            places[act] = (length, node, how)

    def events(self) -> list[tuple[int, int, int, int, int]]:
        """Findings in the order in which they were found: event, activation, length, node, and how
        it goes on from there."""
        found = []
        number = self._control.word(store.EVENTS)
        while number:
            act, event, _, length, node, how, number = self._node(number)
            found.append((event - store.EVENT, act, length, node, how))
        return found[::-1]

    def _node(self, number: int) -> tuple[int, ...]:
        return self._arrays["nodes"].cells(store.NODE * number, store.NODE)[: store.NEXT + 1]

    def _act(self, number: int) -> tuple[int, ...]:
        return self._arrays["acts"].cells(store.ACT * number, store.ACT)

    def _length(self, number: int) -> int:
        return self._node(number)[store.LONG] & store.LENGTHS

    def _point(self, number: int) -> int:
        """The point of the frame of a node; -1: its CPU has none."""
        at = WORD * self._model.layout.frame * self._node(number)[store.IN_FRAME]
        return int.from_bytes(self._arrays["frames"].read(at, POINT), "little") - 1

    def _points(self, number: int) -> list[int]:
        """The points of the running frames of a node, by CPU."""
        layout = self._model.layout
        world = WORD * layout.world * self._node(number)[store.IN_WORLD]
        found = [
            int.from_bytes(self._arrays["worlds"].read(world + WORD * at, POINT), "little") - 1
            for at in range(layout.others, layout.world, layout.frame)
        ]
        found.insert(self._home, self._point(number))
        return [each for each in found if each >= 0]

    def _image(self, world: int) -> bytes:
        layout = self._model.layout
        return self._arrays["worlds"].read(WORD * layout.world * world, layout.image)

    # -- landings -----------------------------------------------------------------------

    def _landings(self, world: int) -> Iterator[int]:
        for what in self._arrays["metas"].cells(self._meta * world, self._meta)[store.ARRIVALS :]:
            if what and not what & store.SILENT:
                yield what & ~store.NOISY

    def _landing(self, number: int) -> tuple[int, ...]:
        return self._arrays["landings"].cells(store.LAND * number, store.LAND)

    def _after(self, world: int) -> Iterator[int]:
        """The worlds that interrupts over a world leave behind."""
        for landing in self._landings(world):
            left = self._landing(landing)[store.FIRST_LEFT]
            while left:
                _, after, left = self._arrays["lefts"].cells(store.LEAVE * left, store.LEAVE)
                yield after

    def _below(self, act: int) -> Iterator[tuple[int, int]]:
        """The activations and nodes over which an activation was delivered, in order."""
        number = self._act(act)[store.FIRST_LANDING]
        while number:
            landing = self._landing(number)
            lift, number = landing[store.LIFT], landing[store.NEXT_LANDING]
            shared = self._act(lift)[store.SHARED]
            at = self._meta * landing[store.BELOW]
            node = self._arrays["metas"].cells(at, 1)[store.FIRST_NODE]
            while node:
                caller, *_, following = self._node(node)
                if not lift:
                    yield caller, node
                elif caller == shared:
                    yield lift, node
                node = following

    # -- deadlocks -------------------------------------------------------------------------

    def deadlocks(self, found: Callable[[int, int, int], int]) -> None:
        """Record the nodes at which every CPU waits and from which no interrupt leads to one where
        this is not so; `found` gives the number of a node. See `engine/nested`."""
        count = self._control.word(store.BLOCKEDS)
        if not self._tasks or not count:
            return
        waits = self._arrays["blocked"].cells(0, count)
        every, restless = set(waits), self._restless()
        for number in waits:
            if self._is_alive(number) and self._hopeless(number, every, restless, found):
                act = self._node(number)[store.ACTIVATION]
                what = waiting(self._machine, self._points(number))
                self.record(what, act, self._length(number), number, store.NOWHERE)

    def _restless(self) -> set[int]:
        """The activations during which another CPU can go on."""
        acts = range(1, self._control.word(store.ACTS) + 1)
        work = [each for each in acts if self._act(each)[store.RESTLESS]]
        known = set(work)
        while work:
            for caller, _ in self._below(work.pop()):
                if caller not in known:
                    known.add(caller)
                    work.append(caller)
        return known

    def _hopeless(
        self,
        start: int,
        every: set[int],
        restless: set[int],
        found: Callable[[int, int, int], int],
    ) -> bool:
        seen, work = {start}, [start]
        while work:
            act, of, world, *_ = self._node(work.pop())
            image = self._image(world)
            if any(self._machine.withheld(image, context) for context in self._arriving):
                return False
            if any(self._landing(n)[store.OF_ACT] in restless for n in self._landings(world)):
                return False
            for each in {found(act, of, after) for after in self._after(world)}:
                if each not in every:
                    return False
                if each not in seen:
                    seen.add(each)
                    work.append(each)
        return True

    def _is_alive(self, number: int) -> bool:
        """True where no task but the one below has ended or halted."""
        table = self._machine.points.table
        running = {
            table[each].context
            for each in self._points(number)
            if not isinstance(table[each].instr, Halt)
        }
        inside = self._node(number)[store.ACTIVATION] != 0
        return self._tasks - (self._here if inside else set()) <= running

    def _is_over(self, number: int) -> bool:
        """True where the task has ended or halted."""
        point = self._point(number)
        halted = point < 0 or isinstance(self._machine.points.table[point].instr, Halt)
        return bool(self._here) and halted

    # -- shortest schedules ----------------------------------------------------------------

    def discoveries(self, ways: Callable[[bool], list[int]]) -> list[Discovery]:
        """For each finding the shortest schedule, over every way to enter the activation it happens
        in; `ways`: their lengths, also or not over a task that has ended."""
        found = []
        for ended in (True, False):
            noted = [
                (each, places)
                for each, places in self._noted.items()
                if (each.code != "deadlock") == ended
            ]
            if not noted:
                continue
            lengths = ways(ended or not self._here)
            for each, places in noted:
                reached = [
                    (lengths[act] + length, act)
                    for act, (length, _, _) in places.items()
                    if lengths[act]
                ]
                if reached:
                    act = min(reached)[1]
                    _, node, how = places[act]
                    schedule = self._path_to(act, node, lengths, ended) + self._steps(how)
                    found.append(Discovery(each, schedule))
        return sorted(found, key=lambda each: (len(each.schedule), each.notice.code))

    def _path_to(self, act: int, node: int, lengths: list[int], ended: bool) -> list[Choice]:
        """The choices from boot to a node of an activation."""
        inner = self._path(node)
        while act:
            act, below, context = *self._entry(act, lengths, ended), self._enter(act)
            inner = [*self._path(below), context, *inner]
        return inner

    def _entry(self, act: int, lengths: list[int], ended: bool) -> tuple[int, int]:
        """The activation and node from which a shortest way enters an activation; of several, the
        one that the search in Python takes."""
        best: tuple[int, int] | None = None
        chosen = (0, 0)
        for caller, number in self._below(act):
            if not lengths[caller] or lengths[caller] + self._length(number) + 1 != lengths[act]:
                continue
            if not caller and not ended and self._is_over(number):
                continue
            if best is None or (lengths[caller], caller) < best:
                best, chosen = (lengths[caller], caller), (caller, number)
        return chosen

    def _enter(self, act: int) -> Choice:
        return ("enter", self._home, self._arriving[self._act(act)[store.BY]])

    def _steps(self, how: int) -> list[Choice]:
        """What happens on one way from a node, but for interrupts that come and go."""
        if how == store.NOWHERE:
            return []
        if how & store.BY_BLOCK:
            choice = how >> store.CHOICE_SHIFT & store.NO_STEP
            step: list[Choice] = []
            if choice != store.NO_STEP:
                step = [("step", self._home, choice)]
            return [*self._block(how & store.ELEMENT_MASK), *step]
        if how & store.ENTERED:
            return [("enter", self._home, self._arriving[how & ~store.ENTERED])]
        return [("step", self._home, how)]

    def _block(self, element: int) -> list[Choice]:
        """The steps of other CPUs up to an element of a block."""
        steps: list[Choice] = []
        others = [cpu for cpu in range(self._machine.program.cpus) if cpu != self._home]
        while element:
            element, chosen = self._arrays["elements"].cells(store.ELEMENT * element, 2)
            steps.append(("step", others[chosen >> 16], chosen & 0xFFFF))
        return steps[::-1]

    def _path(self, number: int) -> list[Choice]:
        """The choices from the entry of an activation to a node, interrupts written out."""
        pieces: list[list[Choice]] = []
        _, _, _, _, came, how, _ = self._node(number)
        while came:
            if how & store.BY_EXIT:
                last = self._node(how & ~store.BY_EXIT)
                enter = self._enter(last[store.ACTIVATION])
                leave: Choice = ("step", self._home, 0)
                pieces.append([enter, *self._path(last[store.CAME]), leave])
            else:
                pieces.append(self._steps(how))
            _, _, _, _, came, how, _ = self._node(came)
        return [choice for piece in reversed(pieces) for choice in piece]
