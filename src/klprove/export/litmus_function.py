# SPDX-License-Identifier: GPL-2.0-or-later
"""One function of a litmus test: the statements of a task as text."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from klprove.export.litmus_expressions import Unfit, negated, truth, value
from klprove.export.litmus_places import Places
from klprove.export.litmus_thread import (
    Access,
    Assign,
    Barrier,
    Block,
    Done,
    If,
    Statement,
    Violation,
    refuse,
    statements,
)
from klprove.ir.expressions import Const, Expr, registers
from klprove.ir.instructions import Site
from klprove.ir.program import Context

_HINT = "it has int, + - * / & | ^ and comparisons"


class Function:
    """One task: its text, and what may be asked about it."""

    def __init__(self, number: int, context: Context, places: Places, observe: bool) -> None:
        self.number = number
        self.flags: dict[str, str] = {}
        """Locals that become 1 where a property is violated, and where that is."""
        self.taken: dict[str, None] = {}
        """Locals that take what is read."""
        self._context, self._places = context, places
        whole = statements(context.code)
        self.may_stop = observe and not any(isinstance(each, Done) for each in whole)
        """True where a run may end in the middle of it; `done` then says that it does not."""
        self._body = _useful(whole, self.may_stop)
        self._checks = Counter(each.at for each in _all(self._body) if isinstance(each, Violation))
        self._locals = _Locals(self._body)
        self._shared: dict[int, str] = {}
        self._lines = list(self._block(self._body, 1))

    def text(self) -> str:
        """The function."""
        names = ((self._places.type(addr), name) for addr, name in sorted(self._shared.items()))
        formals = ", ".join(f"{ty} *{name}" for ty, name in names)
        always = {each.dst for each in self._body if isinstance(each, Access | Assign)}
        locals_ = [
            f"\tint {name};" if register in always else f"\tint {name} = 0;"
            for register, name in self._locals.names.items()
        ]
        locals_ += [f"\tint {flag} = 0;" for flag in self.flags]
        locals_ += ["\tint done = 0;"] if self.may_stop else []
        body = self._lines or ["\tbarrier();"]
        gap = [""] if locals_ else []
        return "\n".join([f"P{self.number}({formals})", "{", *locals_, *gap, *body, "}"])

    def legend(self) -> Iterator[str]:
        """What the names of the function stand for, a line each."""
        yield f"P{self.number}: {self._context.name}(), CPU {self._context.cpu}"
        yield from (f"{self.number}:{flag}: {where}" for flag, where in self.flags.items())

    def _block(self, block: Block, depth: int) -> Iterator[str]:
        for each in block:
            try:
                yield from self._statement(each, "\t" * depth, depth)
            except Unfit as why:
                refuse(each.at, f"an expression that {why}", _HINT)

    def _statement(self, each: Statement, tab: str, depth: int) -> Iterator[str]:
        place = f"\t// {_place(each.at)}"
        match each:
            case Assign(dst=dst, value=new):
                yield f"{tab}{self._locals.names[dst]} = {self._value(new)};{place}"
            case Access():
                yield f"{tab}{self._access(each)};{place}"
            case Barrier(word=word):
                yield f"{tab}{word}();{place}"
            case Violation(cond=cond):
                flag = self._flag(each)
                failed = self._value(truth(cond))
                if self._checks[each.at] > 1:
                    failed = f"{flag} | ({failed})"
                yield f"{tab}{flag} = {failed};{place}"
            case Done():
                yield f"{tab}done = 1;"
            case If():
                yield from self._if(each, tab, depth)

    def _if(self, each: If, tab: str, depth: int) -> Iterator[str]:
        if each.then:
            yield f"{tab}if ({self._value(each.cond)}) {{\t// {_place(each.at)}"
            yield from self._block(each.then, depth + 1)
            if each.other:
                yield f"{tab}}} else {{"
        else:
            yield f"{tab}if ({self._value(negated(each.cond))}) {{\t// {_place(each.at)}"
        yield from self._block(each.other, depth + 1)
        yield f"{tab}}}"

    def _flag(self, each: Violation) -> str:
        where = f"{_place(each.at)}: {each.text}"
        for flag, known in self.flags.items():
            if known == where:
                return flag
        flag = f"bad{len(self.flags)}"
        self.flags[flag] = where
        return flag

    def _access(self, each: Access) -> str:
        name = self._shared[each.addr] = self._places.name(each)
        values = [self._value(new) for new in each.values]
        match each.word:
            case "":
                said = f"*{name}" if each.dst is not None else f"*{name} = {values[0]}"
            case "READ_ONCE" | "WRITE_ONCE":
                said = f"{each.word}({', '.join([f'*{name}', *values])})"
            case "atomic_add" | "atomic_fetch_add":
                said = f"{each.word}({values[0]}, {name})"
            case word:
                said = f"{word}({', '.join([name, *values])})"
        if each.dst is None:
            return said
        local = self._locals.names[each.dst]
        self.taken[local] = None
        return f"{local} = {said}"

    def _value(self, expr: Expr) -> str:
        text = value(expr, self._locals.names)
        return text[1:-1] if text.startswith("(") else text


class _Locals:
    """Names of the locals: r0, r1 … in the order in which they are first set, or met."""

    def __init__(self, block: Block) -> None:
        self.names: dict[str, str] = {}
        for each in _all(block):
            written = each.dst if isinstance(each, Assign | Access) else None
            for register in (written, *_reads(each)):
                if register is not None and register not in self.names:
                    self.names[register] = f"r{len(self.names)}"


def _all(block: Block) -> Iterator[Statement]:
    """Every statement, in the order of the text."""
    for each in block:
        yield each
        if isinstance(each, If):
            yield from _all(each.then)
            yield from _all(each.other)


def _reads(each: Statement) -> Iterator[str]:
    """The registers that a statement reads itself."""
    exprs: Iterable[Expr] = ()
    match each:
        case Assign(value=new):
            exprs = (new,)
        case Access(values=values):
            exprs = values
        case If(cond=cond) | Violation(cond=cond):
            exprs = (cond,)
    return (register.name for expr in exprs for register in registers(expr))


def _useful(block: Block, ends: bool) -> Block:
    """`block` without locals that nobody reads, checks that cannot fail, empty conditions, and
    without its ends where they do not matter."""
    while True:
        read = {register for each in _all(block) for register in _reads(each)}
        kept = _kept(block, read, ends)
        if kept == block:
            return kept
        block = kept


def _kept(block: Block, read: set[str], ends: bool) -> Block:
    found: Block = []
    for each in block:
        match each:
            case Assign(dst=dst) if dst not in read:
                continue
            case Violation(cond=Const(0)):
                continue
            case Done() if not ends:
                continue
            case If(cond=cond, then=then, other=other, at=at):
                then, other = _kept(then, read, ends), _kept(other, read, ends)
                if then or other:
                    found.append(If(cond, then, other, at))
            case _:
                found.append(each)
    return found


def _place(at: Site) -> str:
    """File and line. Nothing else may stand in a comment of a function: herd takes `exists` and the
    like for the end of the program there too (lib/splitter.mll)."""
    return (
        re.sub(r"[^\w.+-]+", "-", at.span.file.rsplit("/", 1)[-1], flags=re.ASCII)
        + f":{at.span.line}"
    )
