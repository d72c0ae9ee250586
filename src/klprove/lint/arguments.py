# SPDX-License-Identifier: GPL-2.0-or-later
"""What a call is given as its first argument, as far as the instructions before it say."""

from iced_x86 import FlowControl, Instruction, Mnemonic, OpKind, Register, RegisterExt

from klprove.lint.finding import Case
from klprove.lint.flow import Flow, Position

_BACK = 24
_KEEPS = (Mnemonic.POP, Mnemonic.PUSH, Mnemonic.TEST, Mnemonic.CMP)
"""Name a register first and do not set it; what `pop` brings back was there before."""


def argument_of(case: Case, flow: Flow, call: Position) -> str:
    """The variable whose address is the first argument of the call at `call`, `+0x68` for a member
    of something, empty where that is not seen."""
    at = call
    for _ in range(_BACK):
        before = flow.before.get(at)
        if before is None or flow.steps[before].flow_control != FlowControl.NEXT:
            return ""
        at, step = before, flow.steps[before]
        if _writes(step, Register.RDI):
            if step.mnemonic == Mnemonic.MOV and step.op1_kind == OpKind.REGISTER:
                return _only(case, flow, RegisterExt.full_register(step.op1_register))
            return _value(case, flow, at)
    return ""


def _only(case: Case, flow: Flow, register: int) -> str:
    """The value of a register that one instruction of the function sets."""
    found = [at for at, step in flow.steps.items() if _writes(step, register)]
    return _value(case, flow, found[0]) if len(found) == 1 else ""


def _value(case: Case, flow: Flow, at: Position) -> str:
    use, step = flow.uses.get(at), flow.steps[at]
    if step.mnemonic == Mnemonic.MOV and step.op1_kind in _IMMEDIATES:
        return _variable(case, use.at, use.name) if use else _data(case, step.immediate(1))
    if step.mnemonic != Mnemonic.LEA:
        return ""
    if use:
        return _variable(case, use.at, use.name)
    if step.is_ip_rel_memory_operand:
        return _data(case, step.memory_displacement)
    return f"+{step.memory_displacement:#x}" if step.memory_index == Register.NONE else ""


_IMMEDIATES = (OpKind.IMMEDIATE32, OpKind.IMMEDIATE32TO64, OpKind.IMMEDIATE64)


def _variable(case: Case, at: Position | None, name: str) -> str:
    return (case.patch.variable(at) if at else "") or name


def _data(case: Case, address: int) -> str:
    return case.kernel.data_at(address % (1 << 64)) if case.kernel else ""


def _writes(step: Instruction, register: int) -> bool:
    return (
        step.op_count > 0
        and step.op0_kind == OpKind.REGISTER
        and RegisterExt.full_register(step.op0_register) == register
        and step.mnemonic not in _KEEPS
    )
