# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of x86-64, as far as rules ask: calls, jumps, addresses taken."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from iced_x86 import (
    Code,
    Decoder,
    FlowControl,
    Instruction,
    InstructionInfoFactory,
    OpAccess,
    OpKind,
    Register,
    Register_,
    RegisterExt,
)

from klprove.image.relocatable import Relocation, Symbol
from klprove.lint.livepatch import klp_symbol
from klprove.lint.module import Module

CALL, JUMP, BRANCH, ADDRESS, STORE, DATA = "call", "jump", "branch", "address", "store", "data"
_PC_RELATIVE = frozenset((2, 4, 24))  # R_X86_64_PC32, PLT32, PC64
_IMMEDIATES = (
    OpKind.IMMEDIATE8,
    OpKind.IMMEDIATE32,
    OpKind.IMMEDIATE64,
    OpKind.IMMEDIATE32TO64,
)
_FLOW = {
    FlowControl.CALL: CALL,
    FlowControl.UNCONDITIONAL_BRANCH: JUMP,
    FlowControl.CONDITIONAL_BRANCH: BRANCH,
}


class Use(NamedTuple):
    """One reference to something outside: `offset` of the instruction in the function, `name` of
    what is meant, `symbol` and `at` (section, offset) where that is in the same module."""

    offset: int
    kind: str
    name: str
    symbol: Symbol | None = None
    at: tuple[int, int] | None = None


@dataclass(frozen=True)
class Body:
    """The instructions of one function, and what they refer to."""

    instructions: Sequence[Instruction]
    start: int
    uses: tuple[Use, ...]
    data: frozenset[int] = frozenset()
    """Addresses that stand in the instructions; of old functions only."""

    @cached_property
    def _indices(self) -> Mapping[int, int]:
        return {each.ip - self.start: index for index, each in enumerate(self.instructions)}

    @cached_property
    def _called(self) -> Mapping[int, str]:
        return {each.offset: each.name for each in self.uses}

    @cached_property
    def callees(self) -> frozenset[str]:
        """Names that are called or jumped to."""
        return frozenset(each.name for each in self.uses if each.kind in (CALL, JUMP, BRANCH))

    def calls(self, *names: str) -> Iterator[Use]:
        """Calls of one of `names`, and jumps to it."""
        return (each for each in self.uses if each.kind in (CALL, JUMP) and each.name in names)

    def goes_to(self, use: Use) -> str:
        """Where an address goes that `use` puts into a register: the function that gets it as an
        argument, STORE for memory outside the stack, empty where that is not seen."""
        if use.kind == STORE:
            return STORE
        index = self._indices[use.offset]
        held = {_full(self.instructions[index].op0_register)}
        for each in self.instructions[index + 1 : index + 40]:
            if each.flow_control == FlowControl.CALL or _leaves(each):
                return self._called.get(each.ip - self.start, "") if held & _ARGUMENTS else ""
            if each.mnemonic == _MOV and each.op_count == 2:
                if _full(each.op1_register) in held and each.op_kind(1) == OpKind.REGISTER:
                    if each.op_kind(0) == OpKind.MEMORY:
                        if each.memory_base not in (Register.RSP, Register.RBP):
                            return STORE
                    else:
                        held.add(_full(each.op0_register))
                elif each.op_kind(0) == OpKind.REGISTER:
                    held.discard(_full(each.op0_register))
            if not held:
                return ""
        return ""

    def argument(self, call: Use, register: int) -> int | None:
        """The constant in a register at a call; None where it is no constant or comes from before
        the call or branch that precedes."""
        index = self._indices[call.offset]
        factory = InstructionInfoFactory()
        for each in reversed(self.instructions[max(0, index - 24) : index]):
            if each.flow_control != FlowControl.NEXT:
                return None
            for used in factory.info(each).used_registers():
                if _full(used.register) == register and used.access not in (
                    OpAccess.READ, OpAccess.COND_READ,
                ):  # fmt: skip
                    return _constant(each)
        return None


_ARGUMENTS = frozenset(
    (Register.RDI, Register.RSI, Register.RDX, Register.RCX, Register.R8, Register.R9)
)


def _leaves(instruction: Instruction) -> bool:
    return instruction.flow_control in (FlowControl.UNCONDITIONAL_BRANCH, FlowControl.RETURN)


def _full(register: Register_) -> int:
    return RegisterExt.full_register(register)


def _constant(instruction: Instruction) -> int | None:
    if instruction.code in (Code.XOR_R32_RM32, Code.XOR_RM32_R32) and (
        instruction.op0_register == instruction.op1_register
    ):
        return 0
    if instruction.mnemonic != _MOV or instruction.op_count != 2:
        return None
    return instruction.immediate(1) if instruction.op_kind(1) in _IMMEDIATES else None


def module_body(module: Module, function: Symbol) -> Body:
    """The body of a function of the module; empty where its bytes are missing."""
    section = module.elf.sections[function.section]
    data = module.elf.piece(section, function.value, function.size)
    relocations = module.elf.relocated(section)
    instructions = list(Decoder(64, data, ip=function.value))
    uses = []
    for each in instructions:
        inside = range(each.ip, each.next_ip)
        found = next((relocations[at] for at in inside if at in relocations), None)
        use = (
            _relocated(module, function, each, found) if found else _direct(module, function, each)
        )
        if use:
            uses.append(use)
    return Body(instructions, function.value, tuple(uses))


def _relocated(
    module: Module, function: Symbol, instruction: Instruction, found: Relocation
) -> Use | None:
    symbol, at = found.symbol, None
    name = symbol.name
    if 0 < symbol.section < len(module.elf.sections):
        end = instruction.next_ip - found.offset if found.kind in _PC_RELATIVE else 0
        at = (symbol.section, symbol.value + found.addend + end)
        target = module.at.get(at)
        if target:
            symbol, name = target, target.name
        elif within := module.around(at):
            name = within.name  # a cold part jumps back into its function
    named = klp_symbol(name)
    kind = _kind(instruction)
    if kind in (JUMP, BRANCH) and at and _inside(function, at):
        return None
    return Use(instruction.ip - function.value, kind, named[1] if named else name, symbol, at)


def _inside(function: Symbol, at: tuple[int, int]) -> bool:
    return at[0] == function.section and 0 < at[1] - function.value < function.size


def _direct(module: Module, function: Symbol, instruction: Instruction) -> Use | None:
    """A call or jump within the section, which the assembler has resolved itself."""
    kind = _FLOW.get(instruction.flow_control)
    if kind is None or not _near(instruction):
        return None
    at = (function.section, instruction.near_branch_target)
    target = module.at.get(at)
    if target is None or (kind != CALL and _inside(function, at)):
        return None
    return Use(instruction.ip - function.value, kind, target.name, target, at)


def _kind(instruction: Instruction) -> str:
    flow = _FLOW.get(instruction.flow_control)
    if flow:
        return flow
    if instruction.mnemonic == _LEA:
        return ADDRESS
    for index in range(instruction.op_count):
        if instruction.op_kind(index) in (OpKind.IMMEDIATE32TO64, OpKind.IMMEDIATE64):
            memory = instruction.op_kind(0) == OpKind.MEMORY
            own = instruction.memory_base in (Register.RSP, Register.RBP)
            return STORE if memory and not own and instruction.mnemonic == _MOV else ADDRESS
    return DATA


def linked_body(code: bytes, start: int, at: Callable[[int], tuple[str, int] | None]) -> Body:
    """The body of a function at `start` of a linked image: calls and jumps, and addresses of data.
    `at`: name and offset of the function at an address."""
    instructions = list(Decoder(64, code, ip=start))
    uses = []
    data: set[int] = set()
    for each in instructions:
        kind = _FLOW.get(each.flow_control)
        if kind is None or not _near(each):
            data.update(_addresses(each))
            continue
        inside = 0 < each.near_branch_target - start < len(code)
        found = None if kind != CALL and inside else at(each.near_branch_target)
        if found and (not found[1] or (kind != CALL and not inside)):
            uses.append(Use(each.ip - start, kind, found[0], at=(0, each.near_branch_target)))
    return Body(instructions, start, tuple(uses), frozenset(data))


def placed_body(body: Body, address: Callable[[tuple[int, int]], int]) -> Body:
    """The body of a function of a module, as `linked_body` has it: `address` numbers the places
    (section, offset) of the module."""
    uses = []
    data: set[int] = set()
    for each in body.uses:
        if each.kind in (CALL, JUMP, BRANCH):
            uses.append(each._replace(at=(0, address(each.at)) if each.at else None))
        elif each.at:
            data.add(address(each.at))
    return Body(body.instructions, body.start, tuple(uses), frozenset(data))


def _addresses(instruction: Instruction) -> Iterator[int]:
    """What may be addresses of the kernel's image, in the upper 2 GiB."""
    for index in range(instruction.op_count):
        if instruction.op_kind(index) == OpKind.MEMORY:
            value = instruction.memory_displacement
        elif instruction.op_kind(index) in _IMMEDIATES:
            value = instruction.immediate(index)
        else:
            continue
        if value >= 0xFFFFFFFF80000000:
            yield value


def _near(instruction: Instruction) -> bool:
    return instruction.op_count > 0 and instruction.op_kind(0) == OpKind.NEAR_BRANCH64


_LEA, _MOV = (Decoder(64, bytes.fromhex(code)).decode().mnemonic for code in ("488d07", "4889c7"))
