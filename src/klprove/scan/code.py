# SPDX-License-Identifier: GPL-2.0-or-later
"""Bodies of functions, decoded when asked for: who is called where, and what follows what."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from iced_x86 import Decoder, FlowControl, Instruction, Mnemonic, OpKind, Register

from klprove.image import Addresses, Functions, Image, Tables
from klprove.image.alternatives import Alternatives

_THUNK = re.compile(r"__x86_indirect_(?:call_|jump_)?thunk_(\w+)$")
_QUIET = re.compile(r"__x86_return_thunk$|__fentry__$|srso_|retbleed_|entry_untrain")
"""What compiled code calls or jumps to without meaning to."""
_NAMES: Mapping[int, str] = {
    getattr(Register, name): name.lower()
    for name in [
        "RAX",
        "RBX",
        "RCX",
        "RDX",
        "RSI",
        "RDI",
        "RBP",
        "R8",
        "R9",
        "R10",
        "R11",
        "R12",
        "R13",
        "R14",
        "R15",
    ]
}
_BACK = 24
"""Instructions that are looked at for where a pointer comes from."""
_LONGEST = 1 << 18
"""Bytes of a function that is decoded."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an indirect call takes its target from.

    `variable`: address of a variable; else 0. `offset`: distance in the structure that a register
    points to; None where that is not seen.
    """

    variable: int
    offset: int | None


@dataclass(frozen=True, slots=True)
class Exit:
    """A call, or a jump out of the function."""

    position: int
    """Which instruction of the body."""
    site: int
    target: int
    """Index of the function; -1 where the call is indirect."""
    tail: bool
    slot: Slot | None
    """Of an indirect call."""


@dataclass(frozen=True, slots=True)
class Body:
    """A function's instructions by number: what may follow each, and where it is left."""

    addresses: Sequence[int]
    follows: Sequence[Sequence[int]]
    exits: Sequence[Exit]
    returns: frozenset[int]
    """Positions of returns, and of jumps to code that is not known."""
    flags: Sequence[tuple[int, bool]] = ()
    """Positions of `cli` (False) and `sti` (True)."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Code that may be written over an instruction at boot."""

    code: Sequence[Instruction]
    next: int
    """The address behind what it is written over; 0 where it does not go on there."""


_ENDS = (FlowControl.RETURN, FlowControl.UNCONDITIONAL_BRANCH, FlowControl.INDIRECT_BRANCH)
_JUMPS = (FlowControl.UNCONDITIONAL_BRANCH, FlowControl.CONDITIONAL_BRANCH)
_DIRECT = (FlowControl.CALL, *_JUMPS)


def _after(each: Instruction) -> tuple[int, ...]:
    flow = each.flow_control
    if flow in (FlowControl.RETURN, FlowControl.INDIRECT_BRANCH, FlowControl.INTERRUPT):
        return ()
    if flow == FlowControl.UNCONDITIONAL_BRANCH:
        return (each.near_branch_target,)
    if flow == FlowControl.CONDITIONAL_BRANCH:
        return (each.next_ip, each.near_branch_target)
    # A warning is an exception (ud2) behind which the code goes on.
    return (each.next_ip,)


class Code:
    """The code of an image. `fixed`: static keys by address, and whether they are taken as on."""

    def __init__(
        self, image: Image, functions: Functions, tables: Tables, fixed: Mapping[int, bool]
    ) -> None:
        self._functions = functions
        self._starts: list[int] = functions.starts.tolist()
        self._ends: list[int] = functions.ends.tolist()
        self._texts = [
            (each.address, each.address + each.size, image.data(each))
            for each in image.executable()
        ]
        self._bodies: dict[int, Body] = {}
        self._fixed = fixed
        jumps = tables.jumps
        self._branches = {
            code: (target, key)
            for code, target, key in zip(
                jumps.codes.tolist(), jumps.targets.tolist(), jumps.keys.tolist(), strict=True
            )
        }
        self._altered = self._alternatives(tables.alternatives)
        self.thunks = dict(self._thunks())
        self.quiet = frozenset(
            index
            for index, name in enumerate(functions.names)
            if any(_QUIET.match(each) for each in (name, *functions.aliases.get(index, ())))
        )

    def _alternatives(self, table: Alternatives) -> Mapping[int, Sequence[Replacement]]:
        """What may stand instead of the instruction at an address."""
        found: dict[int, list[Replacement]] = {}
        columns = (table.sites, table.lengths, table.replacements, table.sizes)
        for site, length, new, size in zip(*(each.tolist() for each in columns), strict=True):
            code = list(Decoder(64, self.bytes(new, new + size), ip=new))
            ends = bool(code) and code[-1].flow_control in _ENDS
            found.setdefault(site, []).append(Replacement(code, 0 if ends else site + length))
        return found

    def _thunks(self) -> Iterator[tuple[int, str]]:
        """Index of each retpoline thunk, and the register that it jumps to."""
        for index, name in enumerate(self._functions.names):
            for each in (name, *self._functions.aliases.get(index, ())):
                found = _THUNK.match(each)
                if found:
                    # The array has its first entry's address: rax.
                    yield index, "rax" if found[1] == "array" else found[1]

    def body(self, index: int) -> Body:
        """The body of function `index`; empty where its bytes are not in the file."""
        if index not in self._bodies:
            self._bodies[index] = self._decode(index)
        return self._bodies[index]

    def bytes(self, start: int, end: int) -> bytes:
        """The code at `[start, end)`; empty where the file has none."""
        for first, last, data in self._texts:
            if first <= start < last:
                return bytes(data[start - first : min(end, start + _LONGEST) - first])
        return b""

    def byte(self, value: int) -> Addresses:
        """Places where the code has a byte."""
        found = [
            np.flatnonzero(np.frombuffer(code, np.uint8) == value).astype(np.uint64)
            + np.uint64(start)
            for start, _, code in self._texts
        ]
        return np.concatenate(found) if found else np.empty(0, np.uint64)

    def through_variables(self) -> Addresses:
        """Places of bytes that may be a call or jump through a variable at a fixed address: ff 15,
        ff 25, ff 14 25, ff 24 25."""
        found = []
        for start, _, code in self._texts:
            data = np.frombuffer(code, np.uint8)
            second, third = data[1:-1], data[2:]
            fixed = (second == 0x15) | (second == 0x25)
            fixed |= ((second == 0x14) | (second == 0x24)) & (third == 0x25)
            places = np.flatnonzero((data[:-2] == 0xFF) & fixed)
            found.append(places.astype(np.uint64) + np.uint64(start))
        return np.concatenate(found) if found else np.empty(0, np.uint64)

    def indirect(self) -> Addresses:
        """Places of bytes that may be an indirect call or jump: ff /2, ff /4 (Intel SDM)."""
        found = []
        for start, _, code in self._texts:
            data = np.frombuffer(code, np.uint8)
            kinds = (data[1:] >> 3) & 7
            places = np.flatnonzero((data[:-1] == 0xFF) & ((kinds == 2) | (kinds == 4)))
            found.append(places.astype(np.uint64) + np.uint64(start))
        return np.concatenate(found) if found else np.empty(0, np.uint64)

    def _decode(self, index: int) -> Body:
        start, end = self._starts[index], self._ends[index]
        instructions = list(Decoder(64, self.bytes(start, end), ip=start))
        place = {each.ip: number for number, each in enumerate(instructions)}
        follows: list[tuple[int, ...]] = []
        exits: list[Exit] = []
        returns: set[int] = set()
        flags = [
            (number, each.mnemonic == Mnemonic.STI)
            for number, each in enumerate(instructions)
            if each.mnemonic in (Mnemonic.CLI, Mnemonic.STI)
        ]
        for number, each in enumerate(instructions):
            after = self.after(each)
            inside = tuple(place[ip] for ip in after if ip in place)
            follows.append(inside)
            found = self._exits(instructions, number, place)
            exits += found
            leaves = each.flow_control in (FlowControl.RETURN, FlowControl.INDIRECT_BRANCH)
            if (leaves or not inside) and not found:
                returns.add(number)
        return Body([each.ip for each in instructions], follows, exits, frozenset(returns), flags)

    def after(self, each: Instruction) -> tuple[int, ...]:
        """Where the processor may go on, inside the function or not; what returns is not left."""
        found = self._branch(each) if each.ip in self._branches else _after(each)
        for new in self._altered.get(each.ip, ()):
            found += (new.next,) if new.next else ()
            found += tuple(e.near_branch_target for e in new.code if e.flow_control in _JUMPS)
        return found

    def _branch(self, each: Instruction) -> tuple[int, ...]:
        """A static branch goes both ways, but for the keys that are fixed."""
        target, key = self._branches[each.ip]
        on = self._fixed.get(key & ~3)
        if on is None:
            return (each.next_ip, target)
        return (target,) if on != bool(key & 1) else (each.next_ip,)

    def _exits(
        self, instructions: Sequence[Instruction], number: int, place: Mapping[int, int]
    ) -> list[Exit]:
        each = instructions[number]
        found = [
            exit
            for new in self._altered.get(each.ip, ())
            for other in new.code
            if other.flow_control in _DIRECT
            for exit in self._direct(other, number, each.ip, place)
        ]
        return found + self._own_exits(instructions, number, place)

    def _direct(
        self, each: Instruction, number: int, site: int, place: Mapping[int, int]
    ) -> list[Exit]:
        """The exit by a call or jump of a replacement; none for a thunk, whose register the
        original call has, too."""
        target = self.function(each.near_branch_target)
        inside = each.near_branch_target in place
        if inside or target < 0 or target in self.quiet or target in self.thunks:
            return []
        return [Exit(number, site, target, each.flow_control != FlowControl.CALL, None)]

    def _own_exits(
        self, instructions: Sequence[Instruction], number: int, place: Mapping[int, int]
    ) -> list[Exit]:
        each = instructions[number]
        flow = each.flow_control
        tail = flow not in (FlowControl.CALL, FlowControl.INDIRECT_CALL)
        if flow in (FlowControl.INDIRECT_CALL, FlowControl.INDIRECT_BRANCH):
            slot = self._operand(instructions, number)
            return [Exit(number, each.ip, -1, tail, slot)] if slot or not tail else []
        if flow not in _DIRECT:
            return []
        address = each.near_branch_target
        if tail and address in place:
            return []
        target = self.function(address)
        if target in self.thunks:
            slot = self._source(instructions, number, self.thunks[target])
            return [Exit(number, each.ip, -1, tail, slot)]
        if target < 0 or target in self.quiet:
            return []
        return [Exit(number, each.ip, target, tail, None)]

    def function(self, address: int) -> int:
        """The function around an address: code may jump into a fragment's middle."""
        place = bisect_right(self._starts, address) - 1
        return place if place >= 0 and address < self._ends[place] else -1

    def _operand(self, instructions: Sequence[Instruction], number: int) -> Slot | None:
        each = instructions[number]
        if each.op0_kind == OpKind.MEMORY:
            return _memory(each)
        name = _NAMES.get(each.op0_register)
        return self._source(instructions, number, name) if name else None

    def _source(
        self, instructions: Sequence[Instruction], number: int, register: str
    ) -> Slot | None:
        """The load that the pointer in `register` comes from, not far above."""
        for each in reversed(instructions[max(number - _BACK, 0) : number]):
            if each.flow_control == FlowControl.CALL:
                return None
            if each.op_count < 2 or each.op0_kind != OpKind.REGISTER:
                continue
            if _NAMES.get(each.op0_register) != register:
                continue
            if each.op1_kind == OpKind.MEMORY:
                return _memory(each)
            if each.op1_kind == OpKind.REGISTER and each.op1_register in _NAMES:
                register = _NAMES[each.op1_register]
                continue
            return None
        return None


def _memory(each: Instruction) -> Slot:
    base, index = each.memory_base, each.memory_index
    offset = each.memory_displacement
    if base == Register.RIP or (base == Register.NONE and index == Register.NONE):
        return Slot(offset, None)
    return Slot(0, offset if offset < 1 << 31 else offset - (1 << 64))
