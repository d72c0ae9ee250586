# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of the IR.

A *step* of a context begins at a *visible* instruction and runs on, through local ones, to the
next visible one: that is what no other context can cut in two. Memory instructions that are
`fused` belong to the step that is under way (inside an await, in a ghost function).

Every instruction has `at`, the place it comes from.

A write says how it reaches memory, which matters under x86-TSO (`engine/tso`): `plain` goes through
the CPU's store buffer, `locked` waits until that is empty, `ghost` is no hardware and takes effect
at once.
"""

from typing import NamedTuple, TypeAlias

from klprove.ir.expressions import Expr
from klprove.ir.types import Int
from klprove.source import Span

PLAIN, LOCKED, GHOST = "plain", "locked", "ghost"
ORDERS = (PLAIN, LOCKED, GHOST)

WORD = "word:"
"""How the code of a Report begins that is no finding: the rest is the kernel's word for the next
access, or a barrier. Only programs made for `export --litmus` have such."""


class Site(NamedTuple):
    """A place in the program: where in the text, and through which inlined calls."""

    span: Span
    calls: tuple[str, ...]
    """Functions from the context's own function to the innermost one."""

    @property
    def function(self) -> str:
        """The innermost function."""
        return self.calls[-1] if self.calls else ""


class Load(NamedTuple):
    """dst = the object of type `ty` at `addr`."""

    dst: str
    addr: Expr
    ty: Int
    fused: bool
    at: Site


class Store(NamedTuple):
    """The object of type `ty` at `addr` becomes `value`."""

    addr: Expr
    value: Expr
    ty: Int
    fused: bool
    at: Site
    order: str = PLAIN


class Rmw(NamedTuple):
    """dst = old value at `addr`; it becomes `op`(old, value). op: xchg add and or xor."""

    op: str
    dst: str | None
    addr: Expr
    value: Expr
    ty: Int
    fused: bool
    at: Site
    order: str = LOCKED


class CmpXchg(NamedTuple):
    """dst = old value at `addr`; where it equals `expected` it becomes `value`."""

    dst: str | None
    addr: Expr
    expected: Expr
    value: Expr
    ty: Int
    fused: bool
    at: Site
    order: str = LOCKED


class Free(NamedTuple):
    """The `size` bytes at `addr` are no object any more."""

    addr: Expr
    size: int
    fused: bool
    at: Site


class IrqSet(NamedTuple):
    """The CPU's interrupt flag becomes `value` (0 or 1). A visible step."""

    value: Expr
    at: Site


class IrqGet(NamedTuple):
    """dst = the CPU's interrupt flag. Local: nobody else changes it for good."""

    dst: str
    at: Site


class UnmaskNmi(NamedTuple):
    """iret_reenables_nmi(): NMIs may arrive again on this CPU. A visible step."""

    at: Site


class Yield(NamedTuple):
    """schedule(): another task of this CPU may run. A visible step."""

    at: Site


class Choose(NamedTuple):
    """dst = any of 0 .. count-1. A visible step with `count` successors."""

    dst: str
    count: int  # type: ignore[assignment]  # hides tuple.count
    at: Site


class Atomic(NamedTuple):
    """Start of an await: a visible step whose memory accesses, up to the Await, are fused."""

    at: Site


class Await(NamedTuple):
    """Inside the step begun by an Atomic: where `cond` is zero the whole step is not enabled."""

    cond: Expr
    at: Site


class Fence(NamedTuple):
    """smp_mb(). Local, and nothing where memory is sequentially consistent; `engine/tso` makes it a
    step that waits for an empty store buffer."""

    at: Site


class Halt(NamedTuple):
    """await(0): this context never runs again. Visible, never enabled, no deadlock."""

    at: Site


class Pause(NamedTuple):
    """A step that does nothing: keeps a loop without accesses from being one endless step."""

    at: Site


class End(NamedTuple):
    """The context returns: a visible step (for an interrupt context its iret)."""

    at: Site


class Set(NamedTuple):
    """dst = expr. Local."""

    dst: str
    expr: Expr
    at: Site


class Jump(NamedTuple):
    """Go on at instruction `to`. Local."""

    to: int
    at: Site


class Branch(NamedTuple):
    """Go on at `then` where `cond` is not zero, else at `other`. Local."""

    cond: Expr
    then: int
    other: int
    at: Site


class Check(NamedTuple):
    """Where `cond` is zero the property `code` is violated and the run ends here. Local."""

    cond: Expr
    code: str
    text: str
    at: Site


class Report(NamedTuple):
    """A finding of code `code`; the run goes on. Local."""

    code: str
    at: Site


class Warned(NamedTuple):
    """A WARN_ON fired; the run goes on. Local."""

    text: str
    at: Site


class Reach(NamedTuple):
    """Witness `name` is reached. Local."""

    name: str
    at: Site


class Assume(NamedTuple):
    """Where `cond` is zero this path is dropped. Local."""

    cond: Expr
    at: Site


class Limit(NamedTuple):
    """A bound of the tool is hit here (`text` says which): the answer is incomplete. Local."""

    text: str
    at: Site


class Result(NamedTuple):
    """End of the code of a property: its value. Local."""

    value: Expr
    at: Site


Memory: TypeAlias = Load | Store | Rmw | CmpXchg | Free
Instr: TypeAlias = (
    Memory
    | IrqSet
    | IrqGet
    | UnmaskNmi
    | Yield
    | Choose
    | Atomic
    | Await
    | Fence
    | Halt
    | Pause
    | End
    | Set
    | Jump
    | Branch
    | Check
    | Report
    | Warned
    | Reach
    | Assume
    | Limit
    | Result
)

ALWAYS_VISIBLE = (IrqSet, UnmaskNmi, Yield, Choose, Atomic, Halt, Pause, End)
MEMORY = (Load, Store, Rmw, CmpXchg, Free)


def visible(instr: Instr) -> bool:
    """True where a step begins at `instr`."""
    if isinstance(instr, MEMORY):
        return not instr.fused
    return isinstance(instr, ALWAYS_VISIBLE)
