# SPDX-License-Identifier: GPL-2.0-or-later
"""One step of the IR as the source of one Python function.

The local part of a step is a small piece of control-flow graph. Instructions with one way to reach
them are nested where they are reached; one that can be reached in several ways becomes a numbered
block of a loop.
"""

from collections import Counter
from collections.abc import Mapping

from klprove.engine.image import FREED, Image
from klprove.ir.expressions import (
    COMPARISONS,
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    type_of,
)
from klprove.ir.instructions import (
    Assume,
    Atomic,
    Await,
    Branch,
    Check,
    Choose,
    CmpXchg,
    Fence,
    Free,
    Instr,
    IrqGet,
    IrqSet,
    Jump,
    Limit,
    Load,
    Pause,
    Reach,
    Report,
    Result,
    Rmw,
    Set,
    Store,
    UnmaskNmi,
    Warned,
    Yield,
    visible,
)
from klprove.ir.liveness import successors
from klprove.ir.program import Code
from klprove.ir.types import Int

LOOP_LIMIT = 100_000
"""Turns of the local part of one step after which it counts as endless."""

_LETTER = {8: "b", 16: "h", 32: "i", 64: "q"}
_INFIX = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def letter(ty: Int) -> str:
    """The struct format letter of an integer type."""
    return _LETTER[ty.bits] if ty.signed else _LETTER[ty.bits].upper()


class Emitter:
    """Writes the step functions of one code of one CPU."""

    def __init__(
        self,
        code: Code,
        image: Image,
        cpu: int,
        points: Mapping[int, int],
        live: Mapping[int, tuple[str, ...]],
    ) -> None:
        self._code, self._image, self._points, self._live = code, image, points, live
        self._machine = image.machine[cpu]
        self._name = {name: f"v{place}" for place, name in enumerate(sorted(code.registers))}
        self._joins: frozenset[int] = frozenset()
        self._lines: list[str] = []

    def function(self, name: str, start: int, entered: bool) -> str:
        """Source of the step that begins at instruction `start`; `entered`: nothing there is
        visible."""
        self._lines = [f"def {name}(m, r, note, c):"]
        if entered and self._name:
            self._put(1, " = ".join(self._name.values()) + " = 0")
        elif self._live.get(start):
            self._put(1, ", ".join(self._name[each] for each in self._live[start]) + ", = r")
        self._joins = self._find_joins(start, entered)
        if not self._joins:
            self._run(start, 1, entered)
            return "\n".join(self._lines)
        self._put(1, "b = -1")
        self._put(1, f"for _ in range({LOOP_LIMIT}):")
        self._put(2, "if b == -1:")
        if entered and start in self._joins:
            self._put(3, f"b = {start}")
        else:
            self._run(start, 3, entered)
        for each in sorted(self._joins):
            self._put(2, f"elif b == {each}:")
            self._run(each, 3, True)
        self._put(1, f"note.append(('spin', {start}, 0))")
        self._put(1, "return None")
        return "\n".join(self._lines)

    def _put(self, depth: int, text: str) -> None:
        self._lines.append("    " * depth + text)

    def _find_joins(self, start: int, entered: bool) -> frozenset[int]:
        """Local instructions of the step that can be reached in more than one way."""
        instrs = self._code.instrs
        reached: Counter[int] = Counter()
        seen: set[int] = set()
        work = [start]
        if entered:
            reached[start] += 1
        while work:
            index = work.pop()
            if index in seen:
                continue
            seen.add(index)
            for each in successors(index, instrs[index]):
                if not visible(instrs[each]):
                    reached[each] += 1
                    work.append(each)
        return frozenset(index for index, ways in reached.items() if ways > 1)

    def _run(self, index: int, depth: int, inside: bool) -> None:
        """Emit from instruction `index` on; `inside`: it is reached within the step, or is its
        block."""
        instrs = self._code.instrs
        first = True
        while True:
            instr = instrs[index]
            if not first or (inside and visible(instr)):
                if visible(instr):
                    values = "".join(self._name[each] + ", " for each in self._live[index])
                    self._put(depth, f"return {self._points[index]}, ({values}), m")
                    return
                if index in self._joins:
                    self._put(depth, f"b = {index}")
                    self._put(depth, "continue")
                    return
            first = False
            match instr:
                case Branch(cond=cond, then=then, other=other):
                    self._put(depth, f"if {self._truth(cond)}:")
                    self._arm(then, depth + 1)
                    index = other
                    if self._stops(other):
                        self._arm(other, depth)
                        return
                case Jump(to=to):
                    index = to
                    if self._stops(to):
                        self._arm(to, depth)
                        return
                case Limit():
                    self._put(depth, f"note.append(('limit', {index}, 0))")
                    self._put(depth, "return None")
                    return
                case Result(value=value):
                    self._put(depth, f"return {self._value(value)}")
                    return
                case _:
                    if self._one(index, instr, depth):
                        return
                    index += 1

    def _stops(self, index: int) -> bool:
        return visible(self._code.instrs[index]) or index in self._joins

    def _arm(self, index: int, depth: int) -> None:
        if index in self._joins:
            self._put(depth, f"b = {index}")
            self._put(depth, "continue")
        else:
            self._run(index, depth, True)

    def _fail(self, depth: int, what: str, index: int, detail: int | str) -> None:
        self._put(depth, f"note.append(('{what}', {index}, {detail}))")
        self._put(depth, "return None")

    def _one(self, index: int, instr: Instr, depth: int) -> bool:
        """Emit one instruction that simply goes on; True where it never does."""
        put = self._put
        match instr:
            case Load(dst=dst, addr=addr, ty=ty):
                where = self._place(index, addr, ty.size, False, depth)
                if where is None:
                    return True
                put(depth, f"{self._name[dst]} = {self._get(where, ty)}")
            case Store(addr=addr, value=value, ty=ty):
                where = self._place(index, addr, ty.size, True, depth)
                if where is None:
                    return True
                self._set(where, addr, self._value(value), ty, depth)
            case Rmw(op=op, dst=dst, addr=addr, value=value, ty=ty):
                where = self._place(index, addr, ty.size, True, depth)
                if where is None:
                    return True
                put(depth, f"old = {self._get(where, ty)}")
                new = self._value(value)
                if op != "xchg":
                    new = self._wrap(f"old {_INFIX[op]} {new}", ty)
                self._set(where, addr, new, ty, depth)
                if dst is not None:
                    put(depth, f"{self._name[dst]} = old")
            case CmpXchg(dst=dst, addr=addr, expected=expected, value=value, ty=ty):
                where = self._place(index, addr, ty.size, True, depth)
                if where is None:
                    return True
                put(depth, f"old = {self._get(where, ty)}")
                put(depth, f"if old == {self._value(expected)}:")
                self._set(where, addr, self._value(value), ty, depth + 1)
                if dst is not None:
                    put(depth, f"{self._name[dst]} = old")
            case Free(addr=addr, size=size):
                put(depth, f"n = free(m, {self._value(addr)}, {size})")
                put(depth, "if n.__class__ is int:")
                self._fail(depth + 1, "fault", index, "n")
                put(depth, "m = n")
            case IrqSet(value=value):
                at = self._machine.irq_flag
                put(
                    depth,
                    f"m = m[:{at}] + (b'\\1' if {self._truth(value)} else b'\\0') + m[{at + 1}:]",
                )
            case IrqGet(dst=dst):
                put(depth, f"{self._name[dst]} = m[{self._machine.irq_flag}]")
            case UnmaskNmi():
                at = self._machine.nmi_mask
                put(depth, f"m = m[:{at}] + b'\\0' + m[{at + 1}:]")
            case Choose(dst=dst):
                put(depth, f"{self._name[dst]} = c")
            case Atomic() | Pause() | Yield() | Fence():
                put(depth, "pass")
            case Await(cond=cond):
                put(depth, f"if not {self._truth(cond)}:")
                self._fail(depth + 1, "blocked", index, 0)
            case Check(cond=cond):
                put(depth, f"if not {self._truth(cond)}:")
                self._fail(depth + 1, "check", index, 0)
            case Assume(cond=cond):
                put(depth, f"if not {self._truth(cond)}:")
                put(depth + 1, "return None")
            case Report():
                put(depth, f"note.append(('report', {index}, 0))")
            case Warned():
                put(depth, f"note.append(('warned', {index}, 0))")
            case Reach():
                put(depth, f"note.append(('reach', {index}, 0))")
            case Set(dst=dst, expr=expr):
                put(depth, f"{self._name[dst]} = {self._value(expr)}")
            case _:
                raise TypeError(f"no step for {instr!r}")
        return False

    def _place(
        self, index: int, addr: Expr, size: int, writes: bool, depth: int
    ) -> str | int | None:
        """Where the bytes stand: a position, `p` for a computed one, bytes that never change as a
        negative number of their address; None where the access always fails."""
        if isinstance(addr, Const):
            fault = self._image.fault(addr.value, size, writes)
            if fault:
                self._fail(depth, "fault", index, fault)
                return None
            for flag in self._image.flags(addr.value, size):
                self._put(depth, f"if m[{flag}]:")
                self._fail(depth + 1, "fault", index, FREED)
            position = self._image.position(addr.value)
            return -addr.value if position is None else position
        self._put(depth, f"a = {self._value(addr)}")
        self._put(depth, f"p = locate(m, a, {size}, {writes})")
        self._put(depth, "if p < 0:")
        self._fail(depth + 1, "fault", index, "p")
        return "p"

    def _get(self, where: str | int, ty: Int) -> str:
        if isinstance(where, int) and where < 0:
            holder = self._image.holder(-where)
            assert holder is not None
            offset = -where - holder.addr
            raw = holder.init[offset : offset + ty.size]
            return str(int.from_bytes(raw, "little", signed=ty.signed))
        if ty.bits == 8 and not ty.signed:
            return f"m[{where}]"
        return f"get_{letter(ty)}(m, {where})[0]"

    def _set(self, where: str | int, addr: Expr, value: str, ty: Int, depth: int) -> None:
        if isinstance(addr, Const):
            bits = self._image.wraps.get((addr.value, ty.size))
            if bits is not None:
                value = f"{value} & {(1 << bits) - 1}"
        elif self._image.wraps:
            value = f"wrapped(a, {ty.size}, {value})"
        end = where + ty.size if isinstance(where, int) else f"p + {ty.size}"
        self._put(depth, f"m = m[:{where}] + put_{letter(ty)}({value}) + m[{end}:]")

    def _wrap(self, text: str, ty: Int) -> str:
        mask = (1 << ty.bits) - 1
        if not ty.signed:
            return f"({text} & {mask})" if "&" not in text else f"(({text}) & {mask})"
        half = 1 << (ty.bits - 1)
        return f"((({text}) + {half} & {mask}) - {half})"

    def _truth(self, expr: Expr) -> str:
        match expr:
            case Binary(op, left, right, _) if op in COMPARISONS:
                return f"({self._value(left)} {_COMPARE[op]} {self._value(right)})"
            case Unary("lnot", arg, _):
                return f"(not {self._truth(arg)})"
            case _:
                return self._value(expr)

    def _value(self, expr: Expr) -> str:
        match expr:
            case Const(value=value):
                return str(value) if value >= 0 else f"({value})"
            case Reg(name=name):
                return self._name[name]
            case Unary("lnot", arg, _):
                return f"(0 if {self._truth(arg)} else 1)"
            case Unary("neg", arg, ty):
                return self._wrap(f"-{self._value(arg)}", ty)
            case Unary(_, arg, ty):
                return (
                    f"(~{self._value(arg)})"
                    if ty.signed
                    else f"({self._value(arg)} ^ {(1 << ty.bits) - 1})"
                )
            case Binary(op) if op in COMPARISONS:
                return f"(1 if {self._truth(expr)} else 0)"
            case Binary(op, left, right, ty):
                return self._binary(op, self._value(left), self._value(right), ty)
            case Convert(arg, ty):
                return self._convert(arg, ty)
            case Select(cond, then, other, _):
                return f"({self._value(then)} if {self._truth(cond)} else {self._value(other)})"

    def _binary(self, op: str, a: str, b: str, ty: Int) -> str:
        if op in ("and", "or", "xor"):
            return f"({a} {_INFIX[op]} {b})"
        if op == "shr":
            return f"({a} >> ({b} & {ty.bits - 1}))"
        if op == "shl":
            return self._wrap(f"({a} << ({b} & {ty.bits - 1}))", ty)
        if op in ("div", "rem"):
            return self._wrap(f"{'quotient' if op == 'div' else 'remainder'}({a}, {b})", ty)
        return self._wrap(f"({a} {_INFIX[op]} {b})", ty)

    def _convert(self, arg: Expr, ty: Int) -> str:
        source = type_of(arg)
        wider = ty.bits > source.bits or (ty.bits == source.bits and ty.signed == source.signed)
        if wider and (ty.signed or not source.signed):
            return self._value(arg)
        if isinstance(arg, Binary) and arg.op in COMPARISONS:
            return self._value(arg)
        return self._wrap(self._value(arg), ty)
