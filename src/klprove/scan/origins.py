# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a pointer that is called comes from: back through one function, by types of `.BTF`.

The parameters of a function, what functions return, the variables of a processor and the members of
structures have types; what is computed otherwise has none here. Two ways that meet with different
values are unknown. It is assumed that a pointer to a structure points to one of that type, or to
one that begins with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iced_x86 import (
    Decoder,
    FlowControl,
    Instruction,
    InstructionInfoFactory,
    Mnemonic,
    OpAccess,
    OpKind,
    Register,
    RegisterExt,
)

from klprove.image.btf import Layout, Leaf, Signature
from klprove.image.btf.reading import POINTER, PROTOTYPE, STRUCTURE, UNION

_REGISTERS = {
    int(value): int(RegisterExt.full_register(value))
    for name, value in vars(Register).items()
    if name.isupper() and RegisterExt.is_gpr(value)
}
"""By register the whole one: al is rax."""
_WHOLE = frozenset(_REGISTERS.values())
_PARAMETERS = (
    Register.RDI, Register.RSI, Register.RDX, Register.RCX, Register.R8, Register.R9,
)  # fmt: skip
_LOST = frozenset({*_PARAMETERS, Register.RAX, Register.R10, Register.R11})
"""What a call need not give back (System V ABI, x86-64)."""
_READS = frozenset({OpAccess.NONE, OpAccess.READ, OpAccess.COND_READ, OpAccess.NO_MEM_ACCESS})
_DEEPEST = 16
"""Steps from definition to definition."""
_NEAR = 8
"""Instructions above a jump in which its table is looked for."""
_LONGEST = 200_000
"""Instructions that are looked at for one function."""
_MASK = (1 << 64) - 1
_INSIDE, _STACK = "inside", "stack"
_ELSEWHERE = -2


@dataclass(frozen=True, slots=True)
class Object:
    """A pointer into an object of type `type`, `offset` bytes from its start."""

    type: int
    offset: int


@dataclass(frozen=True, slots=True)
class Constant:
    """An address, or a number; 0 is no object and agrees with every one."""

    value: int


@dataclass(frozen=True, slots=True)
class Variable:
    """What the variable at an address holds."""

    address: int


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Nothing yet: where a loop meets itself, or the address 0."""


Value = Object | Constant | Variable | Unwritten | Leaf | None
"""None: not known. A `Leaf` is the pointer to a function in that member."""
_Place = tuple[str, int]
"""("inside", register), or ("stack", distance from the stack pointer at the entry)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known outside the function."""

    layout: Layout
    after: Callable[[Instruction], tuple[int, ...]]
    """Addresses at which the processor may go on behind an instruction."""
    signature: Signature | None
    """Of the function itself; None where its registers may hold anything."""
    returns: Mapping[int, int]
    """By address of a function the type that it returns a pointer to."""
    harmless: frozenset[int]
    """Addresses of functions that change no register."""
    own: Sequence[tuple[int, int, int]]
    """Variables of a processor: place, type, size; by place."""
    offsets: frozenset[int]
    """Addresses of what is added to such a place: `this_cpu_off`, `__per_cpu_offset`."""


class Origins:
    """The values in one function."""

    def __init__(self, parts: Sequence[tuple[int, bytes]], around: Surroundings) -> None:
        """`parts`: address and code of the function, then of what the compiler moved out of it."""
        self._around, self._layout = around, around.layout
        self.instructions: Sequence[Instruction] = [
            each for start, code in parts for each in Decoder(64, code, ip=start)
        ]
        place = {each.ip: number for number, each in enumerate(self.instructions)}
        self._switches = any(self.switch(number) for number in range(len(self.instructions)))
        self._before: list[list[int]] = [[] for _ in self.instructions]
        self._follows: list[list[int]] = [[] for _ in self.instructions]
        for number, each in enumerate(self.instructions):
            for address in around.after(each):
                if address in place:
                    self._before[place[address]].append(number)
                    self._follows[number].append(place[address])
        self._info = InstructionInfoFactory()
        self._written: dict[int, frozenset[int]] = {}
        self._depths = self._stack()
        self._budget = _LONGEST
        self._open: set[tuple[int, _Place]] = set()

    def switch(self, number: int) -> bool:
        """Whether an instruction jumps through a table, whose entries are not read: any other may
        follow. A tail call is told from it by having no index."""
        each = self.instructions[number]
        if each.flow_control != FlowControl.INDIRECT_BRANCH:
            return False
        for before in reversed(self.instructions[max(number - _NEAR, 0) : number]):
            if each.op0_kind == OpKind.MEMORY:
                break
            if before.op_count == 2 and before.op0_register == each.op0_register:
                each = before if before.op1_kind == OpKind.MEMORY else each
                break
        memory = OpKind.MEMORY in (each.op0_kind, each.op1_kind)
        return not memory or each.memory_index != Register.NONE

    def register(self, number: int, register: int) -> Value:
        """What a register holds before instruction `number`."""
        return None if self._switches else self._value(number, (_INSIDE, register), 0)

    def either(self, number: int, register: int) -> Sequence[Value]:
        """What a register may hold before instruction `number`, by each way there."""
        return () if self._switches else list(self._ways(number, (_INSIDE, register), 1))

    def _ways(self, number: int, place: _Place, depth: int) -> Iterator[Value]:
        for each in self._definitions(number, place):
            one = self.instructions[each] if each >= 0 else None
            if one is not None and one.mnemonic in _MOVES_IF and depth < _DEEPEST:
                yield from self._ways(each, place, depth + 1)
                yield self._source(each, one, depth)
            else:
                yield self._defined(each, place, depth)

    def distances(self, number: int, register: int) -> frozenset[int]:
        """How far from the start of some object the pointer in a register was read, by each way:
        what is left to say of an object of which nothing is known."""
        found = set()
        for each in self._definitions(number, (_INSIDE, register)):
            one = self.instructions[each] if each >= 0 else None
            if one is not None and one.mnemonic == Mnemonic.MOV:
                found.add(self.distance(each))
        return frozenset(each for each in found if each >= 0)

    def distance(self, number: int) -> int:
        """The displacement of an instruction's memory operand from a pointer; -1 for none."""
        each = self.instructions[number]
        if OpKind.MEMORY not in (each.op0_kind, each.op1_kind):
            return -1
        if each.memory_base in (Register.RIP, Register.NONE, Register.RSP):
            return -1
        return _signed(each.memory_displacement)

    def operand(self, number: int) -> Value:
        """What the memory operand of instruction `number` holds."""
        return None if self._switches else self._load(self._address(number, 0))

    def _value(self, number: int, place: _Place, depth: int) -> Value:
        """What `place` holds before instruction `number`: the values of all its definitions."""
        if depth > _DEEPEST or (number, place) in self._open:
            return None if depth > _DEEPEST else Unwritten()
        self._open.add((number, place))
        found: Value = Unwritten()
        for each in self._definitions(number, place):
            found = _meet(found, self._defined(each, place, depth + 1))
            if found is None:
                break
        self._open.discard((number, place))
        return found

    def _definitions(self, number: int, place: _Place) -> Iterator[int]:
        """The instructions that may have written `place` last; -1 for the entry, or for a way from
        outside that is not known."""
        seen: set[int] = set()
        queue = [number]
        while queue:
            at = queue.pop()
            if at == 0 or not self._before[at]:
                yield -1 if at == 0 else _ELSEWHERE
            for before in self._before[at]:
                if before in seen:
                    continue
                seen.add(before)
                self._budget -= 1
                if self._budget < 0:
                    yield -1
                    return
                if self._writes(before, place):
                    yield before
                else:
                    queue.append(before)

    def _writes(self, number: int, place: _Place) -> bool:
        if place[0] == _INSIDE:
            return place[1] in self._registers(number)
        each = self.instructions[number]
        depth = self._depths[number]
        if each.mnemonic == Mnemonic.PUSH:
            return depth is not None and depth - 8 == place[1]
        if each.op_count < 1 or each.op0_kind != OpKind.MEMORY or depth is None:
            return False
        if each.memory_base != Register.RSP or each.memory_index != Register.NONE:
            return False
        distance = depth + _signed(each.memory_displacement) - place[1]
        return 0 <= distance < 8 and each.mnemonic not in (Mnemonic.CMP, Mnemonic.TEST)

    def _registers(self, number: int) -> frozenset[int]:
        """The registers that an instruction writes."""
        if number not in self._written:
            each = self.instructions[number]
            if each.flow_control in (FlowControl.CALL, FlowControl.INDIRECT_CALL):
                harmless = each.near_branch_target in self._around.harmless
                found = frozenset[int]() if harmless else _LOST
            else:
                found = frozenset(
                    _REGISTERS.get(used.register, 0)
                    for used in self._info.info(each).used_registers()
                    if used.access not in _READS
                )
            self._written[number] = found
        return self._written[number]

    def _defined(self, number: int, place: _Place, depth: int) -> Value:
        """What instruction `number` writes to `place`; -1: what the entry finds there."""
        if self._budget < 0 or number == _ELSEWHERE:
            return None
        if number < 0:
            return self._parameter(place)
        each = self.instructions[number]
        if place[0] == _STACK:
            source = each.op0_kind if each.mnemonic == Mnemonic.PUSH else each.op1_kind
            register = each.op0_register if each.mnemonic == Mnemonic.PUSH else each.op1_register
            if each.mnemonic not in (Mnemonic.PUSH, Mnemonic.MOV) or source != OpKind.REGISTER:
                return None
            return self._full(number, register, depth)
        return self._computed(number, each, place[1], depth)

    def _computed(self, number: int, each: Instruction, register: int, depth: int) -> Value:
        if each.flow_control == FlowControl.CALL:
            target = self._around.returns.get(each.near_branch_target)
            return Object(target, 0) if target and register == Register.RAX else None
        kind = each.mnemonic
        if kind == Mnemonic.POP:
            at = self._depths[number]
            return None if at is None else self._value(number, (_STACK, at), depth)
        if kind == Mnemonic.MOV:
            return self._source(number, each, depth)
        if kind == Mnemonic.LEA:
            return self._address(number, depth)
        if kind == Mnemonic.XOR and each.op0_register == each.op1_register:
            return Constant(0)
        if kind in (Mnemonic.ADD, Mnemonic.SUB):
            return self._sum(number, each, register, depth)
        if each.flow_control == FlowControl.NEXT and kind in _MOVES_IF:
            before = self._value(number, (_INSIDE, register), depth)
            return None if before is None else _meet(before, self._source(number, each, depth))
        return None

    def _source(self, number: int, each: Instruction, depth: int) -> Value:
        """The second operand."""
        if each.op1_kind == OpKind.REGISTER:
            return self._full(number, each.op1_register, depth)
        if each.op1_kind == OpKind.MEMORY:
            if each.op0_register not in _WHOLE:
                return None
            base, at = each.memory_base, self._depths[number]
            if base == Register.RSP and each.memory_index == Register.NONE and at is not None:
                place = (_STACK, at + _signed(each.memory_displacement))
                return self._value(number, place, depth)
            return self._load(self._address(number, depth))
        return Constant(each.immediate(1) & _MASK)

    def _sum(self, number: int, each: Instruction, register: int, depth: int) -> Value:
        base = self._value(number, (_INSIDE, register), depth)
        if each.op1_kind == OpKind.MEMORY and isinstance(base, Constant):
            return self._own(base.value) if self._moves(each) else None
        if each.op1_kind in (OpKind.REGISTER, OpKind.MEMORY):
            return None
        amount = _signed(each.immediate(1))
        return _moved(base, -amount if each.mnemonic == Mnemonic.SUB else amount)

    def _moves(self, each: Instruction) -> bool:
        """Whether the operand is the distance of a processor's variables."""
        return each.memory_displacement & _MASK in self._around.offsets

    def _own(self, place: int) -> Value:
        """A pointer to a processor's own variable at `place`."""
        for start, kind, size in self._around.own:
            if start <= place < start + size:
                return Object(kind, place - start)
        return None

    def _full(self, number: int, register: int, depth: int) -> Value:
        if register not in _WHOLE:
            return None
        return self._value(number, (_INSIDE, register), depth)

    def _address(self, number: int, depth: int) -> Value:
        """The address of an instruction's memory operand."""
        each = self.instructions[number]
        base, index = each.memory_base, each.memory_index
        distance = each.memory_displacement
        if each.memory_segment == Register.GS:
            fixed = base in (Register.RIP, Register.NONE) and index == Register.NONE
            return self._own(distance & 0xFFFFFFFF) if fixed else None
        if base in (Register.RIP, Register.NONE):
            return Constant(distance & _MASK)  # with an index: a table, from its start
        found = self._value(number, (_INSIDE, base), depth + 1)
        if index != Register.NONE and not isinstance(found, Object):
            return None
        return _moved(found, _signed(distance))

    def _load(self, address: Value) -> Value:
        """What stands at an address."""
        if isinstance(address, Constant):
            return Variable(address.value) if address.value else Unwritten()
        if not isinstance(address, Object):
            return address if isinstance(address, Unwritten) else None
        if self._layout.types.kind(address.type) == POINTER:
            target = self._layout.types.pointed(address.type) if not address.offset else 0
            return self._pointer(target, None)
        leaf = self._layout.leaf(address.type, address.offset)
        return self._pointer(self._layout.types.pointed(leaf.type), leaf) if leaf else None

    def _pointer(self, target: int, leaf: Leaf | None) -> Value:
        kind = self._layout.types.kind(target)
        if kind == PROTOTYPE:
            return leaf
        return Object(target, 0) if kind in (STRUCTURE, UNION, POINTER) else None

    def _parameter(self, place: _Place) -> Value:
        signature = self._around.signature
        if signature is None or place[0] != _INSIDE or place[1] not in _PARAMETERS:
            return None
        number = _PARAMETERS.index(place[1]) + 1
        if number >= len(signature) or any(self._wide(each) for each in signature[1:number]):
            return None
        return Object(-1 - signature[number], 0) if signature[number] < -1 else None

    def _wide(self, kind: int) -> bool:
        """Whether a parameter may take two registers or none."""
        return kind >= 0 and not 0 < self._layout.types.size(kind) <= 8

    def _stack(self) -> list[int | None]:
        """How far the stack pointer is from where the entry found it, before each instruction."""
        found: list[int | None] = [None] * len(self.instructions)
        queue = [(0, 0)] if found else []
        while queue:
            number, depth = queue.pop()
            if found[number] is not None:
                continue
            found[number] = depth
            each = self.instructions[number]
            called = each.flow_control in (FlowControl.CALL, FlowControl.INDIRECT_CALL)
            change = 0 if called else each.stack_pointer_increment
            if each.mnemonic in (Mnemonic.ADD, Mnemonic.SUB) and each.op0_register == Register.RSP:
                amount = _signed(each.immediate(1)) if each.op1_kind in _NUMBERS else 0
                change = -amount if each.mnemonic == Mnemonic.SUB else amount
            queue += [(after, depth + change) for after in self._follows[number]]
        return found


_NUMBERS = frozenset(
    value for name, value in vars(OpKind).items() if name.startswith("IMMEDIATE")
)  # fmt: skip
_MOVES_IF = frozenset(value for name, value in vars(Mnemonic).items() if name.startswith("CMOV"))


def _moved(value: Value, distance: int) -> Value:
    if isinstance(value, Object):
        return Object(value.type, value.offset + distance)
    if isinstance(value, Constant) and value.value:
        return Constant((value.value + distance) & _MASK)
    return value if isinstance(value, Unwritten) else None


def _meet(one: Value, other: Value) -> Value:
    """What holds where two ways meet."""
    for here, there in ((one, other), (other, one)):
        if isinstance(here, Unwritten):
            return there
        if here == Constant(0) and isinstance(there, Object | Leaf | Variable):
            return there
    return one if one == other else None


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value
