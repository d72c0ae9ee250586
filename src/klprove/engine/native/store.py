# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the states of a search are kept: the arrays of `kernels.py`, their growth, and the way back
from the number of a state to the state and to how it was found."""

from collections.abc import Callable, Iterator, Mapping

from klprove.engine.limits import Meter
from klprove.engine.native import kernels
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.compiled import Compiled
from klprove.engine.native.model import Model

_FIRST_PLACES = 1 << 13
_SMALL = 1 << 22
"""Places up to which a table doubles and is kept rather empty: it costs little, and is faster."""
_LOAD, _FULL_LOAD = 0.6, 0.8
"""The part of a small and of a large table that may be full."""
_STRETCH = 1.3
"""How much a large table grows at a time."""
_LESS = (1.25, 1.1)
"""The same where memory is short."""
_NODE_LOAD = 0.6
_NODES = 1 << 31
"""Parts or pairs that a table of them can number."""
_STALE = 1 << 24
"""Bytes of expanded states after which their pages are given back."""
_KEYS = 1 << 20
"""Keys that are read back at a time."""
_WORD = 8


class Nodes:
    """The distinct parts, or the distinct pairs, of all states: number n stands at n * width."""

    def __init__(self, control: Buffer, counts: int, width: int, spare: int) -> None:
        """`counts`: place of the three figures in the control array; `spare`: how many may come
        before anybody looks whether there is room."""
        self._control, self._counts, self.width, self._spare = control, counts, width, spare
        self.owners = [control]
        """The control arrays of all threads."""
        self.lost: list[int] = []
        """Numbers that were not in use when a checkpoint was written."""
        self.kept = Buffer(_WORD)
        self.slots = Buffer(_WORD)
        self._places = max(_FIRST_PLACES, 1 << (4 * spare).bit_length())
        self._fit()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._control.word(self._counts)

    @property
    def size(self) -> int:
        """Bytes that they take, their table included."""
        return self.count * self.width * _WORD + self._places * _WORD

    def crowded(self) -> bool:
        """True where `grow` has to be called before the search goes on."""
        return self.count >= self._control.word(self._counts + 1)

    def grow(self, code: Compiled, meter: Meter) -> str:
        """Make room for twice as many; why not, if so."""
        more = self._places * _WORD + self.count * self.width * _WORD
        reason = meter.lacks(more)
        if not reason and 2 * self._places > _NODES:
            reason = f"{_NODES} distinct parts of states, more than the engine can number"
        if reason:
            return reason
        self._places *= 2
        self.fill(code)
        return ""

    def fill(self, code: Compiled) -> None:
        """A table afresh, for everything that is kept."""
        self.slots.close()
        self.slots = Buffer(_WORD)
        self._fit()
        unused = self.unused()
        listed = Buffer((len(unused) + 1) * _WORD)
        for place, number in enumerate(unused):
            listed.put(place, number)
        arrays = self.slots.address, self._places, self.kept.address, self.width, self.count
        code.call("respace", *arrays, listed.address, len(unused))
        listed.close()

    def unused(self) -> list[int]:
        """Numbers that a thread took and another was faster to give to the same words."""
        held = [each.word(self._counts + 3) for each in self.owners]
        return [*self.lost, *filter(None, held)]

    def reserve(self, count: int) -> None:
        """Room for `count` nodes, which are about to be read back."""
        while count + self._spare >= _NODE_LOAD * self._places:
            self._places *= 2
        self._control.put(self._counts, count)
        self._fit()

    def _fit(self) -> None:
        room = int(_NODE_LOAD * self._places)
        self.slots.grow((self._places + kernels.TAIL) * _WORD)
        self.kept.grow((room + 2) * self.width * _WORD)
        self._control.put(self._counts + 1, room - self._spare)
        self._control.put(self._counts + 2, self._places)

    def close(self) -> None:
        """Give the memory back."""
        self.kept.close()
        self.slots.close()


class Store:
    """The states found so far. `control` is the control array of the search."""

    def __init__(self, model: Model, control: Buffer, batch: int) -> None:
        """`batch`: states that may come before anybody looks whether there is room."""
        self._model, self._control, self._batch = model, control, batch
        self.exact = model.exact
        self.stride = _WORD if self.exact else model.layout.bytes
        """Bytes that `order` holds of a state: its key, or all of it."""
        self.order = Buffer(_WORD)
        self.table = Buffer(_WORD, huge=True)
        self.births = Buffer(1)
        self.places = Buffer(1)
        shape, control_of = model.layout.shape, control
        spare = batch if self.exact else 0
        self.pieces = Nodes(control_of, kernels.PIECES, shape.width, spare * len(shape.parts))
        self.pairs = Nodes(control_of, kernels.PAIRS, 1, spare * (shape.nodes - len(shape.parts)))
        self._entries = max(_FIRST_PLACES, 1 << (4 * batch).bit_length())
        self._released = 0
        """Bytes at the beginning of `order` whose pages have been given back."""
        self._fit()

    # -- room ----------------------------------------------------------------------------

    def arrays(self) -> tuple[int, ...]:
        """The addresses of what every search takes, in its order; they change with growth."""
        each = (
            self.order,
            self.table,
            self.births,
            self.places,
            self.pieces.kept,
            self.pieces.slots,
            self.pairs.kept,
            self.pairs.slots,
        )
        return tuple(buffer.address for buffer in each)

    @property
    def count(self) -> int:
        """States stored."""
        return self._control.word(kernels.COUNT)

    @property
    def size(self) -> int:
        """Bytes in use: table, order, trail, parts and pairs."""
        held = self.count - self._control.word(kernels.BASE)
        trail = 2 * self._model.trail * self.count
        return self._entries * _WORD + held * self.stride + trail + self.nodes_size

    @property
    def nodes_size(self) -> int:
        """Bytes of parts and pairs."""
        return self.pieces.size + self.pairs.size if self.exact else 0

    def grow(self, code: Compiled, meter: Meter) -> str:
        """A larger table; why not, if so."""
        before, reason = self._entries, ""
        for entries in (self._larger(), *(int(before * each) for each in _LESS)):
            # What comes in will wait to be expanded, some of it at a time.
            waiting = (self.count - self._control.word(kernels.HEAD)) * self.stride // 4
            reason = meter.lacks(_WORD * (entries - before) + waiting)
            if not reason:
                break
        else:
            return reason
        self._entries = entries
        self._fit()
        if code.call("stretch", self.table.address, before, entries):
            raise RuntimeError("a mark stands too far from its place")
        return ""

    def make_room(self, code: Compiled, meter: Meter) -> str:
        """More room for parts and pairs; why not, if so."""
        for nodes in (self.pieces, self.pairs):
            reason = nodes.grow(code, meter) if nodes.crowded() else ""
            if reason:
                return reason
        return ""

    def trim(self, upto: int) -> None:
        """Give back the pages of states before number `upto`, which have been expanded and, where
        that is asked for, written: their marks are in the table."""
        base = self._control.word(kernels.BASE)
        stale = (upto - base) * self.stride
        if stale - self._released >= _STALE:
            self.order.release(self._released, stale)
            self._released = stale
        if stale >= max(_STALE, (self.count - upto) * self.stride):
            self.order.shift(stale, (self.count - upto) * self.stride)
            self._control.put(kernels.BASE, upto)
            self._released = 0

    def _larger(self) -> int:
        small = self._entries < _SMALL
        return 2 * self._entries if small else int(_STRETCH * self._entries)

    def _room(self) -> int:
        return int(self._entries * (_LOAD if self._entries <= _SMALL else _FULL_LOAD))

    def _fit(self) -> None:
        room = self._room()
        self.table.grow((self._entries + 2 * kernels.TAIL) * _WORD)
        held = room + self._batch - self._control.word(kernels.BASE)
        self.order.grow(max(held, 1) * self.stride)
        for each in (self.births, self.places):
            each.grow((room + self._batch) * self._model.trail)
        self._control.put(kernels.ROOM, room)
        self._control.put(kernels.ENTRIES, self._entries)

    def close(self) -> None:
        """Give all memory back."""
        for each in (self.order, self.table, self.births, self.places, self.pieces, self.pairs):
            each.close()

    # -- the way back --------------------------------------------------------------------

    def record(self, key: int) -> bytes:
        """The record of a key."""
        shape = self._model.layout.shape
        numbers = [0] * shape.nodes
        numbers[shape.top[0]], numbers[shape.top[1]] = _halves(key)
        for node, (left, right) in reversed(list(enumerate(shape.joins, len(shape.parts)))):
            numbers[left], numbers[right] = _halves(self.pairs.kept.word(numbers[node]))
        record = bytearray(self._model.layout.bytes)
        for words, number in zip(shape.parts, numbers, strict=False):
            for place, word in enumerate(words):
                at = (number * shape.width + place) * _WORD
                record[word * _WORD : word * _WORD + _WORD] = self.pieces.kept.read(at, _WORD)
        return bytes(record)

    def path(self, code: Compiled, index: int) -> list[int]:
        """How a state was found: for each step from boot, its place among the successors of the
        state before."""
        control = Buffer((kernels.UNTIL + 1) * _WORD)
        head, total = self._control.word(kernels.HEAD) - 1, self.count - 1
        steps = []
        while index:
            steps.append(self._place(index))
            index = code.call("climb", self.births.address, control.address, head, total, index)
            head, total = index - 1, control.word(kernels.UNTIL)
        control.close()
        steps.reverse()
        return steps

    def _place(self, index: int) -> int:
        width = self._model.trail
        return int.from_bytes(self.places.read(index * width, width), "little")

    # -- checkpoints ---------------------------------------------------------------------

    def figure(self, place: int) -> int:
        """A figure of the control array."""
        return self._control.word(place)

    def unused(self) -> dict[str, list[int]]:
        """Numbers of parts and of pairs that stand for nothing."""
        return {"pieces": self.pieces.unused(), "pairs": self.pairs.unused()}

    def streams(self) -> Iterator[tuple[str, Buffer, int]]:
        """What only ever grows, but for the keys: name, buffer, bytes so far."""
        trail = self._model.trail
        yield "births", self.births, self._control.word(kernels.HEAD) * trail
        yield "places", self.places, self.count * trail
        if self.exact:
            yield "pieces", self.pieces.kept, (self.pieces.count + 1) * self.pieces.width * _WORD
            yield "pairs", self.pairs.kept, (self.pairs.count + 1) * _WORD

    def records(self, first: int, last: int) -> bytes:
        """What `order` holds of states `first` to `last`."""
        base = self._control.word(kernels.BASE)
        return self.order.read((first - base) * self.stride, (last - first) * self.stride)

    def keys(self, code: Compiled, first: int, last: int) -> bytes:
        """The keys, or the fingerprints, of states `first` to `last`, which `order` still holds."""
        if self.exact:
            return self.records(first, last)
        marks = Buffer((last - first) * _WORD)
        place = first - self._control.word(kernels.BASE)
        code.call("fingerprints", self.order.address, place, last - first, marks.address)
        found = marks.read(0, marks.size)
        marks.close()
        return found

    def reserve(self, figures: Mapping[int, int]) -> None:
        """Room for what a checkpoint holds; `figures`: of the control array, by place."""
        for place, figure in figures.items():
            self._control.put(place, figure)
        while self.count + self._batch >= self._room():
            self._entries = self._larger()
        self._control.put(kernels.BASE, figures[kernels.HEAD])
        self._fit()
        self.pieces.reserve(figures[kernels.PIECES])
        self.pairs.reserve(figures[kernels.PAIRS])

    def restore(
        self,
        code: Compiled,
        words: Callable[[int, int], bytes],
        states: int,
        unused: Mapping[str, list[int]],
    ) -> None:
        """Fill the table, and in an exact search `order`, from the keys of so many states; `words`
        gives those from one number to another."""
        self.pieces.lost, self.pairs.lost = unused["pieces"], unused["pairs"]
        head = self._control.word(kernels.HEAD)
        some = Buffer(_KEYS * _WORD)
        for first in range(0, states, _KEYS):
            last = min(first + _KEYS, states)
            raw = words(first, last)
            some.write(0, raw)
            fresh = code.call(
                "refill", some.address, last - first, self.table.address, self._entries
            )
            if fresh != last - first:
                raise ValueError("a state stands in it twice")
            if self.exact and last > head:
                begin = max(first, head)
                self.order.write((begin - head) * _WORD, raw[(begin - first) * _WORD :])
        some.close()
        if self.exact:
            self.pieces.fill(code)
            self.pairs.fill(code)


def _halves(pair: int) -> tuple[int, int]:
    return pair & kernels.LOW32, pair >> 32 & kernels.LOW32
