# SPDX-License-Identifier: GPL-2.0-or-later
"""Pure expressions over registers: no memory access, no side effect."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from klprove.ir.types import I32, Int


class Const(NamedTuple):
    """A literal; `value` is in the range of `ty`."""

    value: int
    ty: Int


class Reg(NamedTuple):
    """The value of a register of the running code."""

    name: str
    ty: Int


class Unary(NamedTuple):
    """`neg` or `not` (bitwise), in type `ty`; `lnot` gives i32 0 or 1."""

    op: str
    arg: "Expr"
    ty: Int


class Binary(NamedTuple):
    """`op` on two operands of type `ty`; comparisons give i32 0 or 1.

    Shift counts are taken modulo the width, as x86 does. Division truncates towards zero; whoever
    emits one checks the divisor first.
    """

    op: str
    left: "Expr"
    right: "Expr"
    ty: Int


class Convert(NamedTuple):
    """`arg` wrapped to type `ty`."""

    arg: "Expr"
    ty: Int


class Select(NamedTuple):
    """`then` where `cond` is not zero, else `other`; both pure and of type `ty`."""

    cond: "Expr"
    then: "Expr"
    other: "Expr"
    ty: Int


Expr: TypeAlias = Const | Reg | Unary | Binary | Convert | Select

ARITHMETIC = ("add", "sub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
UNARY = ("neg", "not", "lnot")


def type_of(expr: Expr) -> Int:
    """The type of the value of `expr`."""
    match expr:
        case Binary(op=op) if op in COMPARISONS:
            return I32
        case Unary(op="lnot"):
            return I32
        case _:
            return expr.ty


def registers(expr: Expr) -> Iterator[Reg]:
    """Every register that `expr` reads, in order, repetitions included."""
    match expr:
        case Reg():
            yield expr
        case Unary(arg=arg) | Convert(arg=arg):
            yield from registers(arg)
        case Binary(left=left, right=right):
            yield from registers(left)
            yield from registers(right)
        case Select(cond=cond, then=then, other=other):
            for each in (cond, then, other):
                yield from registers(each)


def apply_unary(op: str, value: int, ty: Int) -> int:
    """The value of unary `op` on `value`."""
    match op:
        case "neg":
            return ty.wrap(-value)
        case "not":
            return ty.wrap(~value)
        case "lnot":
            return int(value == 0)
    raise ValueError(op)


def apply_binary(op: str, a: int, b: int, ty: Int) -> int:
    """The value of binary `op`; raises ZeroDivisionError for div and rem by zero."""
    match op:
        case "add":
            return ty.wrap(a + b)
        case "sub":
            return ty.wrap(a - b)
        case "mul":
            return ty.wrap(a * b)
        case "and":
            return a & b
        case "or":
            return a | b
        case "xor":
            return a ^ b
        case "shl":
            return ty.wrap(a << (b & (ty.bits - 1)))
        case "shr":
            return a >> (b & (ty.bits - 1))
        case "div" | "rem":
            quotient = abs(a) // abs(b)
            if (a < 0) != (b < 0):
                quotient = -quotient
            return ty.wrap(quotient if op == "div" else a - b * quotient)
        case "eq":
            return int(a == b)
        case "ne":
            return int(a != b)
        case "lt":
            return int(a < b)
        case "le":
            return int(a <= b)
        case "gt":
            return int(a > b)
        case "ge":
            return int(a >= b)
    raise ValueError(op)


def evaluate(expr: Expr, values: dict[str, int]) -> int:
    """The value of `expr` where register r holds values[r]; a register never set holds 0."""
    match expr:
        case Const(value=value):
            return value
        case Reg(name=name):
            return values.get(name, 0)
        case Unary(op, arg, ty):
            return apply_unary(op, evaluate(arg, values), ty)
        case Binary(op, left, right, ty):
            return apply_binary(op, evaluate(left, values), evaluate(right, values), ty)
        case Convert(arg, ty):
            return ty.wrap(evaluate(arg, values))
        case Select(cond, then, other, _):
            return evaluate(then if evaluate(cond, values) else other, values)


def fold(expr: Expr) -> Expr:
    """`expr` with every constant part evaluated and trivial conversions dropped."""
    match expr:
        case Unary(op, arg, ty):
            arg = fold(arg)
            if isinstance(arg, Const):
                return Const(apply_unary(op, arg.value, ty), type_of(expr))
            return Unary(op, arg, ty)
        case Binary(op, left, right, ty):
            left, right = fold(left), fold(right)
            undefined = op in ("div", "rem") and right == Const(0, ty)
            if isinstance(left, Const) and isinstance(right, Const) and not undefined:
                return Const(apply_binary(op, left.value, right.value, ty), type_of(expr))
            if isinstance(right, Const) and right.value == 0 and op in ("add", "sub", "or", "xor"):
                return left
            if isinstance(left, Const) and left.value == 0 and op in ("add", "or", "xor"):
                return right
            return Binary(op, left, right, ty)
        case Convert(arg, ty):
            arg = fold(arg)
            if isinstance(arg, Const):
                return Const(ty.wrap(arg.value), ty)
            return arg if type_of(arg) == ty else Convert(arg, ty)
        case Select(cond, then, other, ty):
            cond = fold(cond)
            if isinstance(cond, Const):
                return fold(then if cond.value else other)
            return Select(cond, fold(then), fold(other), ty)
        case _:
            return expr
