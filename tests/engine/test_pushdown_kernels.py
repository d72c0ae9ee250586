"""The kernels of the pushdown search under CPython, with the rules of the machine in Python."""

import re
from dataclasses import replace
from struct import pack_into, unpack_from
from typing import Any

import pytest

from klprove.engine.footprint import Footprints
from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.nested import Nested
from klprove.engine.points import Noted, Values
from klprove.engine.pushdown import model, store
from klprove.engine.pushdown.layout import WORD, Layout
from klprove.ir.instructions import End
from tests.engine.generated import program

ROOM = 1 << 16
_MODULE = re.compile(r"^from klprove\.engine\.pushdown.*?(?:\)|import \w+)$", re.M | re.S)


class Kernels:
    """The kernels of one machine in a space of their own, with the rules that `moves.py` writes."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.layout = machine, Layout(machine)
        self.space: dict[str, Any] = {}
        exec(_MODULE.sub("", model.kernels_text()), self.space)
        self.control = [0] * store.CONTROL
        for name in model.arrays():
            self.space[name] = [0] * ROOM
        arriving = len(machine.interrupts[0])
        self.space |= {
            "WORLD": self.layout.world,
            "FRAME": self.layout.frame,
            "ARRIVING": arriving,
            "META": store.ARRIVALS + 2 * arriving,
            "run": self.run,
            "counted": self.counted,
            "enter": self.enter,
        }
        for mask in (store.FRAME_MASK, store.WORLD_MASK, store.NODE_MASK):
            self.control[mask] = ROOM - 1
        masks = Footprints(machine)
        words = b"".join(self.layout.memory(masks.mask(each)) for each in machine.interrupts[0])
        self.put(self.space["masks"], words)

    def put(self, words: list[int], raw: bytes) -> None:
        """Bytes as signed words."""
        words[: len(raw) // WORD] = unpack_from(f"<{len(raw) // WORD}q", raw)

    def bytes(self, words: list[int], count: int) -> bytes:
        """Signed words as bytes."""
        raw = bytearray(WORD * count)
        pack_into(f"<{count}q", raw, 0, *words[:count])
        return bytes(raw)

    def image(self, memory: list[int]) -> bytes:
        """The memory in a world."""
        return self.bytes(memory, self.layout.world)[: self.layout.image]

    def frame(self, frame: list[int]) -> tuple[int, Values, Values]:
        """Point, values and saved values of a frame."""
        raw = self.bytes(frame, self.layout.frame)
        point = int.from_bytes(raw[:2], "little") - 1
        if point < 0:
            return point, (), ()
        values = tuple(
            int.from_bytes(raw[at : at + ty.size], "little", signed=ty.signed)
            for _, at, ty in self.layout.registers(point)
        )
        return point, values, (raw[2],)

    def set(self, frame: list[int], point: int, values: Values, flag: int) -> None:
        """Write a frame, of a task or an interrupt."""
        raw = bytearray(self.layout.task((point, values, ())))
        if self.machine.program.contexts[self.machine.points.table[point].context].kind != "task":
            raw[2] = flag
        self.put(frame, bytes(raw))

    # -- rules, as the kernels call them ----------------------------------------------

    def counted(self, frame: list[int]) -> int:
        """How many choices a frame has."""
        point, _, _ = self.frame(frame)
        found = self.machine.points.table[point] if point >= 0 else None
        moves = found is not None and (found.run is not None or isinstance(found.instr, End))
        return found.choices if found is not None and moves else 0

    def run(self, control: list[int], memory: list[int], frame: list[int], choice: int) -> int:
        """A step of a frame, in place."""
        number, values, saved = self.frame(frame)
        point = self.machine.points.table[number]
        if point.run is None:
            if self.machine.program.contexts[point.context].kind == "task":
                frame[: self.layout.frame] = [0] * self.layout.frame
                return store.DONE
            left = self.machine.iret(self.image(memory), point.context, saved[0])
            self.put(memory, self.layout.memory(left))
            return store.LEFT
        note: list[Noted] = []
        after = point.run(self.image(memory), values, note, choice)
        if after is None:
            return store.BLOCKED if any(each[0] == "blocked" for each in note) else 0
        self.set(frame, after[0], after[1], saved[0])
        self.put(memory, self.layout.memory(after[2]))
        return store.DONE

    def enter(self, control: list[int], memory: list[int], frame: list[int], number: int) -> int:
        """An arrival, in place."""
        context = self.machine.interrupts[0][number]
        image = self.image(memory)
        entered = self.machine.arrive(image, context)
        if entered is None:
            return store.REFUSED
        began = self.machine.begin(entered, context, [])
        if began is None:
            return store.DROPPED
        self.set(frame, began[0], began[1], self.machine.saved(image, context)[0])
        self.put(memory, self.layout.memory(began[2]))
        return store.LANDED

    def explore(self) -> tuple[int, int, int]:
        """Nodes, transitions, depth of the whole search."""
        memory, cpus = self.machine.initial([])
        frames, parked = cpus[0]
        self.put(self.space["memory"], self.layout.memory(memory))
        self.put(self.space["frame"], self.layout.task((*frames, *parked, None)[0]))
        self.space["begin"](self.control)
        self.control[store.UNTIL] = ROOM
        assert self.space["search"](self.control) == store.EMPTY
        return (
            self.control[store.EXPANDED],
            self.control[store.TRANSITIONS],
            self.control[store.DEPTH],
        )


@pytest.mark.parametrize("seed", range(40))
def test_kernels_under_cpython(seed: int) -> None:
    made = replace(program(seed), properties=())
    limits = Limits(arrivals={} if seed % 3 else {"irq": 1, "nmi": 1, "exception": 1})
    search = Nested(Machine(made, limits), Meter(limits, None)).run()
    if search.states > ROOM // 32:
        pytest.skip("too large for a test")
    found = Kernels(Machine(made, limits)).explore()
    assert found == (search.states, search.transitions, search.depth)
