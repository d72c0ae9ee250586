# SPDX-License-Identifier: GPL-2.0-or-later
"""Words of a running guest that stands still."""

import struct
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from klprove.lab.gdb import Gdb

PER_CPU, TASK, FIXED = "per-CPU", "task", "fixed"
"""An offset in a CPU's own area; one in the task that runs on a CPU; an address."""


class Word(NamedTuple):
    """A scalar of the kernel's."""

    home: str
    """PER_CPU, TASK or FIXED."""
    at: int
    size: int
    signed: bool


class Kernel(Protocol):
    """What a guest's kernel says of itself; klprove.lab.layout has it from an image."""

    @property
    def named(self) -> Mapping[str, int]:
        """Address by symbol."""

    def variable(self, name: str, path: str) -> Word | None:
        """The per-CPU variable's part `path` (`.state.counter`); None where there is none."""

    def member(self, structure: str, path: str) -> Word | None:
        """Part `path` of a task's `structure`; None where there is none."""


class Memory:
    """Words of a running guest that stands still."""

    def __init__(self, gdb: Gdb, places: Kernel) -> None:
        self._gdb, self._places = gdb, places
        self._areas: dict[int, int] = {}

    def area(self, cpu: int) -> int:
        """Where the per-CPU area of `cpu` begins, as an offset."""
        if cpu not in self._areas:
            at = self._places.named["__per_cpu_offset"] + 8 * cpu
            self._areas[cpu] = self._gdb.word(cpu, at)
        return self._areas[cpu]

    def task(self, cpu: int) -> int:
        """The address of the task that runs on `cpu`."""
        word = self._places.variable("current_task", "")  # until v6.1
        word = word or self._places.variable("pcpu_hot", ".current_task")  # from v6.2
        if word is None:
            raise ValueError("neither current_task nor pcpu_hot in the image")
        return self.value(cpu, word)

    def address(self, cpu: int, word: Word) -> int:
        """Where `word` lies for `cpu`."""
        if word.home == PER_CPU:
            return self.area(cpu) + word.at
        return word.at + (self.task(cpu) if word.home == TASK else 0)

    def value(self, cpu: int, word: Word) -> int:
        """What `word` is, on `cpu`."""
        data = self._gdb.read(cpu, self.address(cpu, word), word.size)
        return int.from_bytes(data, "little", signed=word.signed)

    def text(self, cpu: int, word: Word) -> str:
        """An array of characters up to its NUL."""
        data = self._gdb.read(cpu, self.address(cpu, word), word.size)
        return data.split(b"\0")[0].decode("ascii", "backslashreplace")


def frame(gdb: Gdb, cpu: int, stack: int) -> tuple[int, int, int]:
    """What the processor saved at `stack` on an interrupt without an error code: rip, eflags, rsp
    (Intel SDM, volume 3, 6.14.2)."""
    rip, _, eflags, rsp, _ = struct.unpack("<5Q", gdb.read(cpu, stack, 40))
    return rip, eflags, rsp
