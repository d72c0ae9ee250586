# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions of the IR in the C of herd.

That C has integers of one kind, wider than `int`, and no type (lib/CParser.mly and lib/CLexer.mll
of herdtools7 7.51): constants, names, + - * / & | ^ and comparisons. A value of 32 bits, whatever
its sign in the IR, is written as the `int` with those bits. What then has another value than in C
is refused.
"""

from collections.abc import Mapping

from klprove.ir.expressions import (
    COMPARISONS,
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    fold,
    type_of,
)
from klprove.ir.types import I32, Int

_INFIX = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NEGATED = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


class Unfit(Exception):
    """What an expression does that herd's C cannot say; the text ends a sentence."""


def value(expr: Expr, name: Mapping[str, str]) -> str:
    """`expr` with a parenthesis around every operation. Raises Unfit."""
    match expr:
        case Const(number, ty):
            return str(I32.wrap(number) if ty.bits == 32 else number)
        case Reg(register):
            return name[register]
        case Unary("lnot", arg):
            return f"({value(arg, name)} == 0)"
        case Unary("neg", arg):
            return f"(0 - {value(arg, name)})"
        case Unary(_, arg):
            return f"(-1 - {value(arg, name)})"
        case Binary(op, left, right, ty):
            return _binary(op, left, right, ty, name)
        case Convert(arg, ty):
            _same(arg, ty)
            return value(arg, name)
        case Select(cond, then, other):
            return _select(truth(cond), then, other, name)


def truth(expr: Expr) -> Expr:
    """0 or 1: whether `expr` is not zero."""
    if is_truth(expr):
        return expr
    return Binary("ne", expr, Const(0, type_of(expr)), type_of(expr))


def negated(expr: Expr) -> Expr:
    """0 or 1: whether `expr` is zero."""
    match expr:
        case Unary("lnot", arg):
            return truth(arg)
        case Binary(op, left, right, ty) if op in _NEGATED:
            return Binary(_NEGATED[op], left, right, ty)
        case Select(cond, Const(1), other, ty) if is_truth(other):
            return Select(negated(cond), negated(other), Const(0, ty), ty)
        case Select(cond, then, Const(0), ty) if is_truth(then):
            return Select(negated(cond), Const(1, ty), negated(then), ty)
    return fold(Binary("eq", expr, Const(0, type_of(expr)), type_of(expr)))


def is_truth(expr: Expr) -> bool:
    """True where the value of `expr` is 0 or 1."""
    match expr:
        case Const(number):
            return number in (0, 1)
        case Unary("lnot"):
            return True
        case Binary(op, left, right):
            return op in COMPARISONS or (
                op in ("and", "or", "xor") and is_truth(left) and is_truth(right)
            )
        case Convert(arg):
            return is_truth(arg)
        case Select(_, then, other):
            return is_truth(then) and is_truth(other)
    return False


def _binary(op: str, left: Expr, right: Expr, ty: Int, name: Mapping[str, str]) -> str:
    a = value(left, name)
    if op == "shl" and isinstance(right, Const):
        return f"({a} * {1 << (right.value & (ty.bits - 1))})"
    b = value(right, name)
    if op in _COMPARE:
        if op not in ("eq", "ne") and not ty.signed:
            raise Unfit("compares unsigned numbers")
        return f"({a} {_COMPARE[op]} {b})"
    if op in _INFIX:
        return f"({a} {_INFIX[op]} {b})"
    if op not in ("div", "rem"):
        raise Unfit("shifts")
    if not ty.signed or not isinstance(right, Const) or not right.value:
        raise Unfit("divides by what is no signed constant")
    quotient = f"({a} / {b})"
    return quotient if op == "div" else f"({a} - ({quotient} * {b}))"


def _select(cond: Expr, then: Expr, other: Expr, name: Mapping[str, str]) -> str:
    c = value(cond, name)
    if is_truth(then) and is_truth(other):
        if other == Const(0, type_of(other)):
            return f"({c} & {value(then, name)})"
        if then == Const(1, type_of(then)):
            return f"({c} | {value(other, name)})"
    return f"(({c} * {value(then, name)}) + ((1 - {c}) * {value(other, name)}))"


def _same(arg: Expr, ty: Int) -> None:
    """Raise Unfit where a conversion may change the number that is written."""
    have = type_of(arg)
    widened = ty.bits >= have.bits and (have.signed or ty.bits == have.bits == 32)
    if not widened and not is_truth(arg):
        raise Unfit(f"converts {have} to {ty}")
