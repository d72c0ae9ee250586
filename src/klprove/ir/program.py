# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole program: memory, contexts and properties, independent of C and of any kernel."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from klprove.ir.instructions import Instr, Site
from klprove.ir.types import Int

KINDS = ("task", "softirq", "irq", "nmi", "exception")
PROPERTIES: Mapping[str, str] = {
    "invariant": "invariant",
    "eventually": "stuck",
    "balanced": "unbalanced",
}
"""The code of the finding where a property of each kind does not hold."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar inside an object, for messages: byte offset, type, path: `.next`, `[2].a`."""

    offset: int
    ty: Int
    path: str


@dataclass(frozen=True, slots=True)
class Object:
    """A variable with static storage, or one CPU's copy of a per-CPU variable."""

    name: str
    addr: int
    init: bytes
    cpu: int | None = None
    leaves: tuple[Leaf, ...] = ()
    readonly: bool = False
    """True for an object declared const: a write to it is a wild access."""
    granule: int = 0
    """kfree() may free pieces of this many bytes; 0: never freed."""

    @property
    def end(self) -> int:
        """First address after the object."""
        return self.addr + len(self.init)


@dataclass(frozen=True, slots=True)
class Wrap:
    """The integer of type `ty` at `addr` counts modulo 2**bits: an assumption."""

    addr: int
    ty: Int
    bits: int


@dataclass(frozen=True, slots=True)
class Buffer:
    """The store buffer of a CPU under x86-TSO, in the object at `addr`.

    An entry is an address (type `tag`), a value (type `value`) and, where `width` is 0, the number
    of its bytes (u8); the newest comes first and what is not in use is zero.
    """

    addr: int
    cpu: int
    entries: int
    tag: Int
    value: Int
    width: int
    """Bytes of every store in it; 0: they differ, and each entry says it."""
    is_bounded: bool = False
    """True where a store may find it full and has to wait."""

    @property
    def stride(self) -> int:
        """Bytes of an entry."""
        return self.tag.size + self.value.size + (0 if self.width else 1)

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return self.entries * self.stride

    def place(self, entry: int, field: str) -> int:
        """The address of `tag`, `value` or `width` of an entry; 0 is the newest."""
        offset = {"tag": 0, "value": self.tag.size, "width": self.tag.size + self.value.size}
        return self.addr + entry * self.stride + offset[field]


@dataclass(frozen=True, slots=True)
class Code:
    """Instructions, entered at 0. Registers hold 0 until set; `registers` gives their types."""

    instrs: tuple[Instr, ...]
    registers: Mapping[str, Int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """One context on one CPU: a task, or something that interrupts."""

    kind: str
    cpu: int
    name: str
    code: Code
    at: Site


@dataclass(frozen=True, slots=True)
class Property:
    """An invariant, what must always be able to come, or a balanced expression (cpu: whose contexts
    it concerns)."""

    kind: str
    name: str
    cpu: int | None
    code: Code
    at: Site


@dataclass(frozen=True, slots=True)
class Program:
    """Everything an engine needs."""

    cpus: int
    objects: tuple[Object, ...]
    contexts: tuple[Context, ...]
    properties: tuple[Property, ...] = ()
    wraps: tuple[Wrap, ...] = ()
    witnesses: tuple[str, ...] = ()
    """Names of every reach(); one that no run reaches makes the verdict vacuous."""
    functions: Mapping[int, str] = field(default_factory=dict)
    """Function addresses (never readable) and their names."""
    hardware_nmi: bool = False
    preempt: bool = False
    tso: bool = False
    """Memory is x86-TSO, and `engine/tso` has made the store buffers explicit."""
    buffers: tuple[Buffer, ...] = ()
    """Each is drained by the one task of an additional CPU: the last CPUs, in this order."""

    @property
    def processors(self) -> int:
        """CPUs of the machine, without those that stand for store buffers."""
        return self.cpus - len(self.buffers)

    def drained(self, cpu: int) -> Buffer | None:
        """The store buffer that `cpu` stands for; None for a CPU of the machine."""
        return self.buffers[cpu - self.processors] if cpu >= self.processors else None

    def object_at(self, addr: int) -> Object | None:
        """The object that holds address `addr`, if any."""
        for each in self.objects:
            if each.addr <= addr < each.end:
                return each
        return None

    def describe(self, addr: int, size: int = 1) -> str:
        """`name.path` (with `[cpu N]` for a per-CPU copy) of the bytes at `addr`."""
        holder = self.object_at(addr)
        if holder is None:
            return self.functions.get(addr, f"{addr:#x}")
        name = holder.name + (f"[cpu {holder.cpu}]" if holder.cpu is not None else "")
        offset = addr - holder.addr
        for leaf in holder.leaves:
            if leaf.offset <= offset < leaf.offset + leaf.ty.size:
                return name + leaf.path
        return name if not offset else f"{name}+{offset}"
