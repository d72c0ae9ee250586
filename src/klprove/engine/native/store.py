"""Where the states of a search are kept: the arrays of `kernels.py`, their growth, and the way back
from the number of a state to the state and to how it was found."""

from collections.abc import Iterator

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
_NODE_LOAD = 0.6
_NODES = 1 << 31
"""Parts or pairs that a table of them can number."""
_STALE = 1 << 24
"""Bytes of expanded states after which their pages are given back."""
_WORD = 8


class Nodes:
    """The distinct parts, or the distinct pairs, of all states: number n stands at n * width."""

    def __init__(self, control: Buffer, counts: int, width: int, spare: int) -> None:
        """`counts`: place of the three figures in the control array; `spare`: how many may come
        before anybody looks whether there is room."""
        self._control, self._counts, self.width, self._spare = control, counts, width, spare
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
        code.call(
            "respace",
            self.slots.address,
            self._places,
            self.kept.address,
            self.width,
            self.count,
        )

    def reserve(self, count: int) -> None:
        """Make the table large enough for `count` nodes, which are about to be read back."""
        while count + self._spare >= _NODE_LOAD * self._places:
            self._places *= 2
        self._fit()
        self._control.put(self._counts, count)

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
        small = self._entries < _SMALL
        entries = 2 * self._entries if small else int(_STRETCH * self._entries)
        more = entries - self._entries
        reason = meter.lacks(_WORD * more + (self.stride + 2) * int(_FULL_LOAD * more) // 2)
        if reason:
            return reason
        before, self._entries = self._entries, entries
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

    def trim(self) -> None:
        """Give back the pages of states that have been expanded: their keys are in the table."""
        base, head = self._control.word(kernels.BASE), self._control.word(kernels.HEAD)
        if (head - base) * self.stride < max(_STALE, (self.count - head) * self.stride):
            return
        self.order.shift((head - base) * self.stride, (self.count - head) * self.stride)
        self._control.put(kernels.BASE, head)

    def reserve(self, count: int) -> None:
        """Make room for `count` states, which are about to be read back."""
        while count + self._batch >= self._room():
            small = self._entries < _SMALL
            self._entries = 2 * self._entries if small else int(_STRETCH * self._entries)
        self._control.put(kernels.COUNT, count)
        self._fit()

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

    def key(self, index: int) -> int:
        """The key of a state that `order` still holds; 0 in a compact search."""
        return self.order.word(index - self._control.word(kernels.BASE)) if self.exact else 0

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

    def streams(self) -> Iterator[tuple[str, Buffer, int]]:
        """What a checkpoint writes and only ever appends to: name, buffer, bytes so far."""
        trail = self._model.trail
        yield "births", self.births, self._control.word(kernels.HEAD) * trail
        yield "places", self.places, self.count * trail
        if self.exact:
            yield "pieces", self.pieces.kept, (self.pieces.count + 1) * self.pieces.width * _WORD
            yield "pairs", self.pairs.kept, (self.pairs.count + 1) * _WORD


def _halves(pair: int) -> tuple[int, int]:
    return pair & kernels.LOW32, pair >> 32 & kernels.LOW32
