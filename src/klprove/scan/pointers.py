"""Where indirect calls may lead: variables and their writers, structures by type, static calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from iced_x86 import Decoder, Mnemonic, OpKind
from numpy.typing import NDArray

from klprove.image import Functions, Image, Symbol
from klprove.image.btf import Signature, Types
from klprove.scan.code import Code, Slot
from klprove.scan.graph import TAKEN, Graph
from klprove.scan.knowledge import Knowledge, matching

_PARAVIRT = "pv_ops"
_TRAMPOLINE, _KEY = "__SCT__", "__SCK__"
_TRACEPOINT = "tp_func_"
_TRAILING = (4, 5, 6, 8)
"""From the displacement of an instruction to its end: an immediate may stand between."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Functions that an indirect call may reach, and by which evidence."""

    targets: Sequence[int]
    how: str


class Pointers:
    """Resolves the indirect calls of one image."""

    def __init__(
        self,
        image: Image,
        functions: Functions,
        named: Mapping[str, Symbol],
        graph: Graph,
        types: Types | None,
        taken: NDArray[np.int64],
        code: Code,
        known: Knowledge,
    ) -> None:
        self._image, self._functions, self._graph, self._code = image, functions, graph, code
        self._types = types
        self._taken = frozenset(taken.tolist())
        self._named = named
        self._slots = {
            index: member for names, member in known.slots for index in matching(functions, names)
        }
        self._variables = sorted(
            ((each.address, each) for each in named.values()), key=lambda pair: pair[0]
        )

    def indirect(self, function: int, slot: Slot | None) -> Resolved | None:
        """Where an indirect call of `function` through `slot` may lead; None: not known."""
        if slot is not None and slot.variable:
            return self._variable(slot.variable)
        member = self._slots.get(function)
        return self.member(member) if member else None

    def member(self, member: str) -> Resolved | None:
        """The functions that `structure.member` may point to: those of its prototype whose address
        is taken; None without types."""
        if self._types is None:
            return None
        signature = self._types.member(*member.split("."))
        if signature is None:
            return None
        return Resolved(self._typed.get(signature, ()), f"through {member} (by its prototype)")

    @cached_property
    def _typed(self) -> Mapping[Signature, Sequence[int]]:
        found: dict[Signature, list[int]] = {}
        for name, signature in (self._types.functions if self._types else {}).items():
            for index in self._functions.variants.get(name, ()):
                if index in self._taken:
                    found.setdefault(signature, []).append(index)
        return found

    def _variable(self, address: int) -> Resolved | None:
        name = self._at(address)
        first = self._image.word(address)
        targets = [] if first is None else self._starting(first)
        if name.startswith(_PARAVIRT):
            return Resolved(targets, f"through {name} as linked (bare metal)") if targets else None
        writers: list[str] = []
        for writer, stored in self._stores(address).items():
            targets += stored
            writers.append(self._functions.names[writer])
        if not targets:
            return None
        said = f"; stored by {', '.join(sorted(writers)[:3])}" if writers else " as linked"
        return Resolved(tuple(dict.fromkeys(targets)), f"through the variable {name}{said}")

    def _at(self, address: int) -> str:
        """`variable+8`."""
        place = np.searchsorted(self._starts, np.uint64(address), side="right") - 1
        if place < 0:
            return f"{address:#x}"
        symbol = self._variables[int(place)][1]
        distance = address - symbol.address
        return symbol.name + (f"+{distance:#x}" if distance else "")

    @cached_property
    def _starts(self) -> NDArray[np.uint64]:
        return np.array([each[0] for each in self._variables], np.uint64)

    def _starting(self, address: int) -> list[int]:
        found = int(self._functions.at(np.array([address], np.uint64))[0])
        return [found] if found >= 0 else []

    def paravirt(self, targets: frozenset[int]) -> dict[int, int]:
        """The slots of `pv_ops` by address that hold one of `targets` as linked, and which."""
        found: dict[int, int] = {}
        table = self._named.get(_PARAVIRT)
        if table is None:
            return found
        for place in range(table.address, table.address + min(table.size, 1 << 16), 8):
            for target in self._starting(self._image.word(place) or 0):
                if target in targets:
                    found[place] = target
        return found

    def users(self, address: int) -> frozenset[int]:
        """Functions that may have `address` as an operand."""
        return frozenset(self._references(address))

    def static_call(self, trampoline: int) -> Resolved | None:
        """What may stand behind a static call besides what its trampoline jumps to as linked: the
        functions whose address is taken where its key is; None for no trampoline."""
        name = self._functions.names[trampoline]
        if not name.startswith(_TRAMPOLINE) or name.startswith(_TRAMPOLINE + _TRACEPOINT):
            return None
        key = self._named.get(_KEY + name.removeprefix(_TRAMPOLINE))
        if key is None:
            return None
        updaters = self._users(key.address)
        targets = [
            t for each in updaters for t, kind, _ in self._graph.edges(each) if kind == TAKEN
        ]
        targets = [each for each in dict.fromkeys(targets) if each != trampoline]
        said = ", ".join(sorted(self._functions.names[each] for each in updaters)[:3])
        short = name.removeprefix(_TRAMPOLINE)
        return Resolved(targets, f"through the static call {short}; updated by {said}")

    def _users(self, address: int) -> list[int]:
        """Functions with an instruction that has `address` as an operand."""
        found = []
        for owner in self._references(address):
            start, end = int(self._functions.starts[owner]), int(self._functions.ends[owner])
            for each in Decoder(64, self._code.bytes(start, end), ip=start):
                immediate = each.op_count > 1 and each.op1_kind == OpKind.IMMEDIATE32TO64
                value = each.immediate(1) & (1 << 64) - 1 if immediate else 0
                if address in (value, each.memory_displacement):
                    found.append(owner)
                    break
        return found

    def _references(self, address: int) -> Mapping[int, Sequence[int]]:
        """Functions with an operand that may be `address`, and the places of those operands."""
        found: dict[int, list[int]] = {}
        for base, words, sums in self._operands:
            wanted = np.uint32(address & 0xFFFFFFFF)
            hits = [np.flatnonzero(words == wanted)]
            for trailing in _TRAILING:
                relative = np.uint32((address - base - trailing) & 0xFFFFFFFF)
                hits.append(np.flatnonzero(sums == relative))
            places = np.unique(np.concatenate(hits)).astype(np.uint64) + np.uint64(base)
            owners = self._functions.around(places)
            for owner, place in zip(owners.tolist(), places.tolist(), strict=True):
                if owner >= 0:
                    found.setdefault(owner, []).append(place)
        return found

    @cached_property
    def _operands(self) -> Sequence[tuple[int, NDArray[np.uint32], NDArray[np.uint32]]]:
        """For each section of code its address, the 4-byte word at every place, and the word plus
        the place."""
        found: list[tuple[int, NDArray[np.uint32], NDArray[np.uint32]]] = []
        for section in self._image.executable():
            data = np.frombuffer(self._image.data(section), np.uint8)
            if len(data) < 8:
                continue
            words = np.zeros(len(data) - 3, np.uint32)
            for each in range(4):
                words |= data[each : len(data) - 3 + each].astype(np.uint32) << np.uint32(8 * each)
            found.append(
                (
                    section.address,
                    words,
                    (words + np.arange(len(words), dtype=np.uint32)).astype(np.uint32, copy=False),
                )
            )
        return found

    def _stores(self, address: int) -> dict[int, list[int]]:
        """Functions that store to a variable, and the functions that each may store there."""
        found: dict[int, list[int]] = {}
        for owner in self._references(address):
            start, end = int(self._functions.starts[owner]), int(self._functions.ends[owner])
            for each in Decoder(64, self._code.bytes(start, end), ip=start):
                if each.mnemonic != Mnemonic.MOV or each.op0_kind != OpKind.MEMORY:
                    continue
                if each.memory_displacement != address:
                    continue
                if each.op1_kind == OpKind.IMMEDIATE32TO64:
                    stored = self._starting(each.immediate(1) & (1 << 64) - 1)
                else:
                    stored = [t for t, kind, _ in self._graph.edges(owner) if kind == TAKEN]
                found.setdefault(owner, []).extend(stored)
        return found
