"""What compiled code has stored, read back: deadlocks, and shortest schedules of what was found."""

from collections.abc import Callable, Iterator, Mapping

from klprove.engine.catalogue import Notice
from klprove.engine.machine import Choice, Machine
from klprove.engine.pushdown import kernels
from klprove.engine.pushdown.arena import Arena
from klprove.engine.pushdown.layout import POINT, WORD
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
        self._meta = kernels.META + len(self._arriving)
        self._noted: dict[Notice, dict[int, tuple[int, int, Choice | None]]] = {}

    def record(
        self, found: Notice, act: int, length: int, node: int, choice: Choice | None
    ) -> None:
        """A finding at a node of an activation, `length` steps after its beginning."""
        places = self._noted.setdefault(found, {})
        known = places.get(act)
        if known is None or length < known[0]:
            places[act] = (length, node, choice)

    def events(self) -> list[tuple[int, int, int, int, int]]:
        """Findings in the order in which they were found: event, activation, length, node,
        choice."""
        found = []
        number = self._control.word(kernels.EVENTS)
        while number:
            act, event, _, length, node, choice, number = self._node(number)
            found.append((event - kernels.EVENT, act, length, node, choice))
        return found[::-1]

    def _node(self, number: int) -> tuple[int, ...]:
        return self._arrays["nodes"].cells(kernels.NODE * number, kernels.NODE)

    def _length(self, number: int) -> int:
        return self._node(number)[kernels.LONG] & kernels.LENGTHS

    def _point(self, number: int) -> int:
        """The point of the frame of a node; -1: its CPU has none."""
        at = WORD * self._model.layout.frame * self._node(number)[kernels.IN_FRAME]
        return int.from_bytes(self._arrays["frames"].read(at, POINT), "little") - 1

    def _image(self, world: int) -> bytes:
        layout = self._model.layout
        return self._arrays["worlds"].read(WORD * layout.world * world, layout.image)

    # -- landings -----------------------------------------------------------------------

    def _landings(self, world: int) -> Iterator[int]:
        for what in self._arrays["metas"].cells(self._meta * world, self._meta)[kernels.META :]:
            if what and not what & kernels.SILENT:
                yield what & ~kernels.NOISY

    def _landing(self, number: int) -> tuple[int, ...]:
        return self._arrays["landings"].cells(kernels.LAND * number, kernels.LAND)

    def _after(self, world: int) -> Iterator[int]:
        """The worlds that interrupts over a world leave behind."""
        for landing in self._landings(world):
            left = self._landing(landing)[kernels.FIRST_LEFT]
            while left:
                _, after, left = self._arrays["lefts"].cells(kernels.LEAVE * left, kernels.LEAVE)
                yield after

    def _below(self, act: int) -> Iterator[int]:
        """The nodes over which an activation was delivered, in order."""
        landing = self._arrays["acts"].cells(kernels.ACT * act, kernels.ACT)[kernels.FIRST_LANDING]
        while landing:
            world, _, landing, _, _ = self._landing(landing)
            number = self._arrays["metas"].cells(self._meta * world, 1)[kernels.FIRST_NODE]
            while number:
                yield number
                number = self._node(number)[kernels.NEXT]

    # -- deadlocks -------------------------------------------------------------------------

    def deadlocks(self, found: Callable[[int, int, int], int]) -> None:
        """Record the blocked nodes from which no interrupt leads to one that is not; `found` gives
        the number of a node. See `engine/nested.py`."""
        count = self._control.word(kernels.BLOCKEDS)
        blocked = self._arrays["blocked"].cells(0, count)
        every = set(blocked)
        for number in blocked:
            if self._hopeless(number, every, found):
                act = self._node(number)[kernels.ACTIVATION]
                what = waiting(self._machine, [self._point(number)])
                self.record(what, act, self._length(number), number, None)

    def _hopeless(
        self, start: int, every: set[int], found: Callable[[int, int, int], int]
    ) -> bool:
        seen, work = {start}, [start]
        while work:
            act, of, world, *_ = self._node(work.pop())
            image = self._image(world)
            if any(self._machine.withheld(image, context) for context in self._arriving):
                return False
            for each in {found(act, of, after) for after in self._after(world)}:
                if each not in every:
                    return False
                if each not in seen:
                    seen.add(each)
                    work.append(each)
        return True

    def _is_over(self, number: int) -> bool:
        """True where the task has ended or halted, or there never was one."""
        point = self._point(number)
        return point < 0 or isinstance(self._machine.points.table[point].instr, Halt)

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
            lengths = ways(ended)
            for each, places in noted:
                reached = [
                    (lengths[act] + length, act)
                    for act, (length, _, _) in places.items()
                    if lengths[act]
                ]
                if reached:
                    act = min(reached)[1]
                    _, node, choice = places[act]
                    schedule = self._path_to(act, node, lengths, ended)
                    found.append(Discovery(each, schedule + ([choice] if choice else [])))
        return sorted(found, key=lambda each: (len(each.schedule), each.notice.code))

    def _path_to(self, act: int, node: int, lengths: list[int], ended: bool) -> list[Choice]:
        """The choices from boot to a node of an activation."""
        inner = self._path(node)
        while act:
            below = self._entry(act, lengths, ended)
            inner = [*self._path(below), self._enter(act), *inner]
            act = self._node(below)[kernels.ACTIVATION]
        return inner

    def _entry(self, act: int, lengths: list[int], ended: bool) -> int:
        """The node at which a shortest way enters an activation; of several, the one that the
        search in Python takes."""
        best, chosen = (0, 0), 0
        for number in self._below(act):
            caller = self._node(number)[kernels.ACTIVATION]
            if not lengths[caller] or lengths[caller] + self._length(number) + 1 != lengths[act]:
                continue
            if not caller and not ended and self._is_over(number):
                continue
            if not chosen or (lengths[caller], caller) < best:
                best, chosen = (lengths[caller], caller), number
        return chosen

    def _enter(self, act: int) -> Choice:
        place = self._arrays["acts"].cells(kernels.ACT * act, kernels.ACT)[kernels.BY]
        return ("enter", self._home, self._arriving[place])

    def _path(self, number: int) -> list[Choice]:
        """The choices from the entry of an activation to a node, interrupts written out."""
        pieces: list[list[Choice]] = []
        _, _, _, _, came, how, _ = self._node(number)
        while came:
            if how & kernels.BY_EXIT:
                last = self._node(how & ~kernels.BY_EXIT)
                enter = self._enter(last[kernels.ACTIVATION])
                leave: Choice = ("step", self._home, 0)
                pieces.append([enter, *self._path(last[kernels.CAME]), leave])
            else:
                pieces.append([("step", self._home, how)])
            _, _, _, _, came, how, _ = self._node(came)
        return [choice for piece in reversed(pieces) for choice in piece]
