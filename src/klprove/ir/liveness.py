# SPDX-License-Identifier: GPL-2.0-or-later
"""Live registers: what a frame must remember between two steps.

Backward may-analysis over the control-flow graph (Aho, Lam, Sethi, Ullman, section 9.2.5). A frame
that waits at a visible instruction keeps exactly the registers live into it, so that states with
equal futures are equal states.
"""

from collections.abc import Iterator

from klprove.ir.expressions import Expr, registers
from klprove.ir.instructions import (
    Assume,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    End,
    Free,
    Halt,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
    Load,
    Result,
    Rmw,
    Set,
    Store,
)
from klprove.ir.program import Code


def successors(index: int, instr: Instr) -> tuple[int, ...]:
    """Indices of the instructions that may follow `instr`, which stands at `index`."""
    match instr:
        case Jump(to=to):
            return (to,)
        case Branch(then=then, other=other):
            return (then, other)
        case End() | Halt() | Limit() | Result():
            return ()
        case _:
            return (index + 1,)


def operands(instr: Instr) -> Iterator[Expr]:
    """The expressions that `instr` evaluates, addresses included."""
    match instr:
        case Load(addr=addr) | Free(addr=addr):
            yield addr
        case Store(addr=addr, value=value) | Rmw(addr=addr, value=value):
            yield addr
            yield value
        case CmpXchg(addr=addr, expected=expected, value=value):
            yield addr
            yield expected
            yield value
        case IrqSet(value=value) | Result(value=value):
            yield value
        case Set(expr=expr):
            yield expr
        case Branch(cond=cond) | Check(cond=cond) | Assume(cond=cond) | Await(cond=cond):
            yield cond


def target(instr: Instr) -> str | None:
    """The register that `instr` sets, if any."""
    match instr:
        case Load(dst=dst) | Rmw(dst=dst) | CmpXchg(dst=dst) | IrqGet(dst=dst) | Choose(dst=dst):
            return dst
        case Set(dst=dst):
            return dst
    return None


def live_registers(code: Code) -> list[frozenset[str]]:
    """For each instruction, the registers whose values may be read when it is about to run."""
    instrs = code.instrs
    reads = [
        frozenset(reg.name for expr in operands(each) for reg in registers(expr)) for each in instrs
    ]
    follows = [successors(index, each) for index, each in enumerate(instrs)]
    before: list[list[int]] = [[] for _ in instrs]
    for index, nexts in enumerate(follows):
        for each in nexts:
            before[each].append(index)
    live: list[frozenset[str]] = list(reads)
    work = list(range(len(instrs)))
    while work:
        index = work.pop()
        out = frozenset[str]().union(*(live[each] for each in follows[index]))
        new = reads[index] | (out - {target(instrs[index])})
        if new != live[index]:
            live[index] = new
            work.extend(before[index])
    return live
