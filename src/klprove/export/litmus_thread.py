# SPDX-License-Identifier: GPL-2.0-or-later
"""A task of the IR as statements that nest: conditions, loops and calls gone.

Loops are run here as far as their conditions are constants. An `await` that does not hold ends its
thread: whatever else happens is then what klprove finds while the task still waits.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from klprove.export.litmus_expressions import negated
from klprove.ir.expressions import Binary, Const, Convert, Expr, Reg, Select, Unary, fold
from klprove.ir.instructions import (
    PLAIN,
    WORD,
    Assume,
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    End,
    Free,
    Halt,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
    Load,
    Pause,
    Reach,
    Report,
    Rmw,
    Set,
    Site,
    Store,
    UnmaskNmi,
    Warned,
    Yield,
)
from klprove.ir.liveness import successors
from klprove.ir.program import Code
from klprove.ir.types import I32, Int
from klprove.source import BadInput, Diagnostic

_MOST = 400
"""Statements of a thread; what unrolls to more is no small case."""


@dataclass(frozen=True, slots=True)
class Assign:
    """A local becomes `value`."""

    dst: str
    value: Expr
    at: Site


@dataclass(frozen=True, slots=True)
class Access:
    """One access to memory: `word` is the kernel's, or empty for a plain one."""

    word: str
    dst: str | None
    """The local that takes what is read; None for a store."""
    addr: int
    ty: Int
    values: tuple[Expr, ...]
    """What is written; for a cmpxchg what is expected comes first."""
    at: Site


@dataclass(frozen=True, slots=True)
class Barrier:
    """A barrier, by the kernel's word."""

    word: str
    at: Site


@dataclass(frozen=True, slots=True)
class Violation:
    """Where `cond` is not zero, a property is violated here."""

    cond: Expr
    text: str
    at: Site


@dataclass(frozen=True, slots=True)
class If:
    """`then` where `cond` is not zero, else `other`."""

    cond: Expr
    then: "Block"
    other: "Block"
    at: Site


@dataclass(frozen=True, slots=True)
class Done:
    """The end of the task."""

    at: Site


Statement: TypeAlias = Assign | Access | Barrier | Violation | If | Done
Block: TypeAlias = list[Statement]

_NOT_THERE = {
    Choose: ("choose()", "leave one case in, and export each"),
    Free: ("kfree()", ""),
    Halt: ("await(0)", ""),
    IrqGet: ("the interrupt flag", "a litmus test has no interrupts: leave it out"),
    IrqSet: ("the interrupt flag", "a litmus test has no interrupts: leave it out"),
    Limit: ("recursion up to a bound", ""),
    UnmaskNmi: ("iret_reenables_nmi()", ""),
    Yield: ("schedule()", "a litmus test has one task a CPU"),
}
_BARRIERS = (
    "smp_mb",
    "smp_rmb",
    "smp_wmb",
    "barrier",
    "smp_mb__before_atomic",
    "smp_mb__after_atomic",
)
_OPS = {"xchg": ("xchg", "atomic_xchg"), "add": ("atomic_fetch_add", "atomic_add")}


def statements(code: Code) -> Block:
    """The whole of a task. Raises BadInput where it does not fit."""
    return _Walk(code).block(0, None, {})[0]


def refuse(at: Site, what: str, hint: str = "") -> NoReturn:
    """Raise BadInput: a litmus test cannot say `what`."""
    raise BadInput([Diagnostic("litmus", at.span, f"a litmus test cannot say this: {what}", hint)])


@dataclass
class _Walk:
    """What is known on the way through the code."""

    code: Code
    count: int = 0
    words: list[str] = field(default_factory=list)
    """The word that the next access was written with."""
    inside: bool = False
    """True inside an await."""
    waits: bool = False
    """True behind the access of the await under way."""
    met: dict[str, Const] | None = None
    """What is known there if that is a cmpxchg, and has written."""
    wrote: bool = False
    """True where the step under way has written."""
    open: list[tuple[int, frozenset[tuple[str, Const]]]] = field(default_factory=list)
    """Branches that both ways are being followed from, with the constants known there."""

    def block(
        self, index: int, end: int | None, known: dict[str, Const]
    ) -> tuple[Block, dict[str, Const]]:
        """Statements from `index` up to `end`, and the constants known there."""
        found: Block = []
        while index != end:
            instr = self.code.instrs[index]
            self.count += 1
            if self.count > _MOST:
                refuse(instr.at, "it unrolls to too much", "bound the loop by a small constant")
            match instr:
                case Jump(to=to):
                    index = to
                    continue
                case Branch(cond=cond, then=then, other=other):
                    tested = substituted(cond, known)
                    if isinstance(tested, Const):
                        index = then if tested.value else other
                        continue
                    made, joined, known = self._both(index, tested, known)
                    found.append(made)
                    if joined is None:
                        return found, {}
                    index = joined
                    continue
                case Await(cond=cond) | Assume(cond=cond):
                    tested = self._tested(instr, substituted(cond, known))
                    rest, _ = self.block(index + 1, end, known)
                    return [*found, If(tested, rest, [], instr.at)], {}
                case End():
                    return [*found, Done(instr.at)], known
            found += self._one(index, known)
            index += 1
        return found, known

    def _both(
        self, index: int, cond: Expr, known: dict[str, Const]
    ) -> tuple[Statement, int | None, dict[str, Const]]:
        """The statement for a branch, where it goes on, and what is known there."""
        instr = self.code.instrs[index]
        assert isinstance(instr, Branch)
        here = index, frozenset(known.items())
        if here in self.open:
            refuse(instr.at, "a loop that ends by what memory holds", "write await(), or unroll it")
        self.open.append(here)
        join = self._join(index)
        wrote = self.wrote
        then, left = self.block(instr.then, join, dict(known))
        after, self.wrote = self.wrote, wrote
        other, right = self.block(instr.other, join, dict(known))
        self.wrote |= after
        self.open.pop()
        both = {name: const for name, const in left.items() if right.get(name) == const}
        return If(cond, then, other, instr.at), join, both

    def _join(self, index: int) -> int | None:
        """Where both ways of a branch meet again on every path; None where one of them may stop."""
        for each in _way_out(self.code, index):
            before = _reached(self.code, index, each)
            if not any(isinstance(self.code.instrs[at], End) for at in before):
                stops = any(isinstance(self.code.instrs[at], Await | Assume) for at in before)
                return None if stops else each
        return None

    def _tested(self, instr: Await | Assume, cond: Expr) -> Expr:
        if isinstance(instr, Assume):
            if self.wrote:
                refuse(instr.at, "assume() would have to take a write back")
            return cond
        if self.met is not None:
            met = substituted(instr.cond, self.met)
            if not isinstance(met, Const) or not met.value:
                hint = "wait for its old value to be the one expected"
                refuse(instr.at, "an await that may write and wait on", hint)
        self.inside, self.waits, self.met = False, False, None
        return cond

    def _one(self, index: int, known: dict[str, Const]) -> Iterator[Statement]:
        instr = self.code.instrs[index]
        match instr:
            case Set(dst=dst, expr=expr):
                new = substituted(expr, known)
                if self.met is not None:
                    _learn(self.met, dst, substituted(expr, self.met))
                _learn(known, dst, new)
                yield Assign(dst, new, instr.at)
            case Report(code=code) if code.startswith(WORD):
                word = code.removeprefix(WORD)
                if word in _BARRIERS:
                    yield Barrier(word, instr.at)
                else:
                    self.words = [word]
            case Load() | Store() | Rmw() | CmpXchg():
                yield self._access(index, instr, known)
            case Atomic():
                self.inside, self.wrote = True, False
            case Check(cond=cond, text=text):
                yield Violation(negated(substituted(cond, known)), text, instr.at)
            case Report(code=code) if not code.endswith("-warned"):
                yield Violation(Const(1, I32), code, instr.at)
            case Report() | Warned() | Reach() | Pause():
                pass
            case _:
                what, hint = _NOT_THERE[type(instr)]
                refuse(instr.at, what, hint)

    def _access(
        self, index: int, instr: Load | Store | Rmw | CmpXchg, known: dict[str, Const]
    ) -> Access:
        word = self.words.pop() if self.words else ""
        self._fused(instr)
        self.wrote = not isinstance(instr, Load)
        addr = substituted(instr.addr, known)
        if not isinstance(addr, Const):
            refuse(instr.at, "a computed address", "name the object")
        match instr:
            case Load(dst=dst):
                known.pop(dst, None)
                word = "READ_ONCE" if word == "ACCESS_ONCE" else word
                return Access(word, dst, addr.value, instr.ty, (), instr.at)
            case Store(value=value):
                word = "WRITE_ONCE" if word == "ACCESS_ONCE" else word
                new = substituted(value, known)
                return Access(word, None, addr.value, instr.ty, (new,), instr.at)
            case Rmw(op=op, value=value):
                values: tuple[Expr, ...] = (substituted(value, known),)
                fits = instr.order != PLAIN and word in _OPS.get(op, ())
            case CmpXchg(expected=expected, value=value):
                values = substituted(expected, known), substituted(value, known)
                fits = instr.order != PLAIN and word in ("cmpxchg", "atomic_cmpxchg")
        if not fits:
            hint = "xchg, cmpxchg, atomic_add and the like are there"
            refuse(instr.at, "an operation that the kernel's memory model has no word for", hint)
        if instr.dst is not None:
            known.pop(instr.dst, None)
        if self.inside:
            self.met = dict(known)
            if instr.dst is not None:
                _learn(self.met, instr.dst, values[0])
        taken = None if word == "atomic_add" else instr.dst or f"unused {index}"
        return Access(word, taken, addr.value, instr.ty, values, instr.at)

    def _fused(self, instr: Load | Store | Rmw | CmpXchg) -> None:
        """Refuse what only a step of several accesses could do."""
        if not instr.fused:
            return
        if not self.inside:
            refuse(instr.at, "ghost code", "keep it out of what is exported")
        if self.waits:
            refuse(instr.at, "an await of several accesses, which are one step here")
        if not isinstance(instr, Load | CmpXchg):
            refuse(instr.at, "an await that may write and wait on", "wait by a cmpxchg")
        self.waits = True


def _learn(known: dict[str, Const], dst: str, value: Expr) -> None:
    known.pop(dst, None)
    if isinstance(value, Const):
        known[dst] = value


def _reached(code: Code, index: int, without: int) -> set[int]:
    """Instructions that may follow `index`, but for those behind `without`."""
    seen: set[int] = set()
    todo = [index]
    while todo:
        at = todo.pop()
        for each in successors(at, code.instrs[at]):
            if each != without and each not in seen:
                seen.add(each)
                todo.append(each)
    return seen


def _way_out(code: Code, index: int) -> list[int]:
    """A shortest way from behind `index` to an end of the task, which comes last."""
    came: dict[int, int] = {}
    todo = deque([index])
    while todo:
        at = todo.popleft()
        if isinstance(code.instrs[at], End):
            way = [at]
            while came[way[-1]] != index:
                way.append(came[way[-1]])
            return way[::-1]
        for each in successors(at, code.instrs[at]):
            if each not in came:
                came[each] = at
                todo.append(each)
    return []


def substituted(expr: Expr, known: Mapping[str, Const]) -> Expr:
    """`expr` with the registers that are known replaced, and folded."""
    return fold(_replaced(expr, known))


def _replaced(expr: Expr, known: Mapping[str, Const]) -> Expr:
    match expr:
        case Reg(name):
            return known.get(name, expr)
        case Unary(op, arg, ty):
            return Unary(op, _replaced(arg, known), ty)
        case Binary(op, left, right, ty):
            return Binary(op, _replaced(left, known), _replaced(right, known), ty)
        case Convert(arg, ty):
            return Convert(_replaced(arg, known), ty)
        case Select(cond, then, other, ty):
            tested, a, b = (_replaced(each, known) for each in (cond, then, other))
            return Select(tested, a, b, ty)
    return expr
