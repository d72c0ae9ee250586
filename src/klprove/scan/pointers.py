# SPDX-License-Identifier: GPL-2.0-or-later
"""Where calls may lead that name no function: variables, members, static calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from iced_x86 import Decoder, Mnemonic, OpKind, Register
from numpy.typing import NDArray

from klprove.image import Functions, Image, Symbol
from klprove.scan.calls import Call, Calls
from klprove.scan.code import Code, Exit
from klprove.scan.graph import TAKEN, Graph
from klprove.scan.knowledge import Knowledge, placed
from klprove.scan.members import NONE, Members
from klprove.scan.origins import Constant, Origins, Variable
from klprove.scan.references import References

_PARAVIRT = "pv_ops"
_FIXED = (Register.RIP, Register.NONE)
"""Bases of an operand whose address is known."""
_TRAMPOLINE, _KEY = "__SCT__", "__SCK__"
_TRACEPOINT = "tp_func_"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Functions that an indirect call may reach, and by which evidence."""

    targets: Sequence[int]
    how: str
    others: Sequence[int] = ()
    """What has the prototype, but stands where that pointer is not, or is one of very many."""


class Pointers:
    """Resolves the indirect calls of one image."""

    def __init__(
        self,
        image: Image,
        functions: Functions,
        named: Mapping[str, Symbol],
        graph: Graph,
        members: Members | None,
        calls: Calls,
        code: Code,
        known: Knowledge,
    ) -> None:
        self._image, self._functions, self._graph, self._code = image, functions, graph, code
        self._members, self._calls = members, calls
        self._named, self._references = named, References(image, functions)
        self._slots = placed(functions, known.slots)
        self._variables = sorted(named.values(), key=lambda each: (each.address, each.size))
        self._held = cache(self._variable)

    def indirect(self, function: int, exit: Exit) -> Resolved | None:
        """Where an indirect call of `function` may lead; None: not known."""
        if exit.slot is not None and exit.slot.variable:
            return self._held(exit.slot.variable)
        found = self._calls.at(function, exit.site)
        resolved = self._through(found) if found else None
        if resolved is not None:
            return resolved
        return self._slotted(function)

    def _slotted(self, function: int) -> Resolved | None:
        """What the members that `knowledge.toml` has for a function may hold; None without any."""
        targets: dict[int, None] = {}
        others: dict[int, None] = {}
        for member, generic in self._slots.get(function, ()):
            found = self._members.named(member) if self._members else NONE
            (others if generic else targets).update(dict.fromkeys(found.fitting))
            others.update(dict.fromkeys(found.others))
        if not targets and not others:
            return None
        names = ", ".join(name for name, _ in self._slots[function][:2])
        how = f"through {names} (by its prototype)"
        return Resolved(tuple(targets), how, tuple(each for each in others if each not in targets))

    def every(self, function: int) -> Iterator[tuple[int, Resolved]]:
        """The address of each indirect call of `function` that is resolved, and where it leads."""
        for each in self._calls.of(function):
            found = self._through(each) or self._slotted(function)
            if found is None and each.others:
                found = Resolved((), "through a pointer read at its distance", each.others)
            if found is not None:
                yield each.site, found
        if self._functions.names[function].startswith(_TRAMPOLINE):
            start = int(self._functions.starts[function])
            for behind in (self.static_call(function), self._slotted(function)):
                if behind is not None:
                    yield start, behind

    def _through(self, call: Call) -> Resolved | None:
        if call.variable:
            return self._held(call.variable)
        if not call.how:
            return None
        return Resolved(call.targets, f"through {call.how} (by type)", call.others)

    def member(self, member: str) -> Resolved | None:
        """The functions that `structure.member` may point to; None without types."""
        found = self._members.named(member) if self._members else NONE
        if not found.every():
            return None
        return Resolved(found.fitting, f"through {member} (by its prototype)", found.others)

    def _variable(self, address: int) -> Resolved | None:
        name = self._at(address)
        first = self._image.word(address)
        targets = [] if first is None else self._starting(first)
        writers: list[str] = []
        for writer, stored in self._stores(address).items():
            targets += stored
            writers.append(self._functions.names[writer])
        if not targets:
            return None
        linked = " as linked (bare metal)" if name.startswith(_PARAVIRT) else " as linked"
        said = f"; stored by {', '.join(sorted(writers)[:3])}" if writers else linked
        return Resolved(tuple(dict.fromkeys(targets)), f"through the variable {name}{said}")

    def _at(self, address: int) -> str:
        """`variable+8`."""
        place = np.searchsorted(self._starts, np.uint64(address), side="right") - 1
        if place < 0:
            return f"{address:#x}"
        symbol = self._variables[int(place)]
        distance = address - symbol.address
        return symbol.name + (f"+{distance:#x}" if distance else "")

    @cached_property
    def _starts(self) -> NDArray[np.uint64]:
        return np.array([each.address for each in self._variables], np.uint64)

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
        return frozenset(self._references.to(address))

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
        for owner in self._references.to(address):
            start, end = int(self._functions.starts[owner]), int(self._functions.ends[owner])
            for each in Decoder(64, self._code.bytes(start, end), ip=start):
                immediate = each.op_count > 1 and each.op1_kind == OpKind.IMMEDIATE32TO64
                value = each.immediate(1) & (1 << 64) - 1 if immediate else 0
                if address in (value, each.memory_displacement):
                    found.append(owner)
                    break
        return found

    def _stores(self, address: int) -> dict[int, list[int]]:
        """Functions that store to a variable, and the functions that each may store there."""
        found: dict[int, list[int]] = {}
        for owner in self._references.to(address):
            origins = self._calls.origins(owner)
            for number, each in enumerate(origins.instructions):
                if each.mnemonic != Mnemonic.MOV or each.op0_kind != OpKind.MEMORY:
                    continue
                if each.memory_displacement == address and each.memory_base in _FIXED:
                    stored = self._stored(origins, number, owner)
                    found.setdefault(owner, []).extend(stored)
        return found

    def _stored(self, origins: Origins, number: int, owner: int) -> list[int]:
        """The functions that an instruction may store: those whose addresses it has; where it is
        not seen where they come from, all whose address is taken around it."""
        each = origins.instructions[number]
        if each.op1_kind == OpKind.IMMEDIATE32TO64:
            return self._starting(each.immediate(1) & (1 << 64) - 1)
        if each.op1_kind != OpKind.REGISTER:
            return []
        found: list[int] = []
        for value in origins.either(number, each.op1_register):
            if isinstance(value, Constant):
                found += self._starting(value.value)
            elif isinstance(value, Variable):
                found += self._starting(self._image.word(value.address) or 0)
            else:
                found += [t for t, kind, _ in self._graph.edges(owner) if kind == TAKEN]
        return found
