# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions of the IR as LLVM values of the same widths."""

from collections.abc import Callable

from klprove.engine.native.text import Text
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
from klprove.ir.types import Int

_PLAIN = {"add": "add", "sub": "sub", "mul": "mul", "and": "and", "or": "or", "xor": "xor"}
_ORDER = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}


def width(ty: Int) -> str:
    """The LLVM type of an integer type; signs are in the operations."""
    return f"i{ty.bits}"


def literal(value: int, ty: Int) -> str:
    """A constant as LLVM writes it: signed."""
    return str(Int(ty.bits, True).wrap(value))


class Values:
    """Evaluates expressions inside one function; `read` gives the value of a register."""

    def __init__(self, text: Text, read: Callable[[str], str]) -> None:
        self._text, self._read = text, read

    def value(self, expr: Expr) -> str:
        """The value of `expr`, at the width of its type."""
        op = self._text.op
        match expr:
            case Const(value=value, ty=ty):
                return literal(value, ty)
            case Reg(name=name):
                return self._read(name)
            case Unary("lnot", _, _):
                return op(f"zext i1 {self.truth(expr)} to i32")
            case Unary("neg", arg, ty):
                return op(f"sub {width(ty)} 0, {self.value(arg)}")
            case Unary(_, arg, ty):
                return op(f"xor {width(ty)} {self.value(arg)}, -1")
            case Binary(name) if name in COMPARISONS:
                return op(f"zext i1 {self.truth(expr)} to i32")
            case Binary(name, left, right, ty):
                return self.binary(name, self.value(left), self.value(right), ty)
            case Convert(arg, ty):
                return self.convert(self.value(arg), type_of(arg), ty)
            case Select(cond, then, other, ty):
                a, b = self.value(then), self.value(other)
                return op(f"select i1 {self.truth(cond)}, {width(ty)} {a}, {width(ty)} {b}")

    def truth(self, expr: Expr) -> str:
        """An i1: whether `expr` is not zero."""
        op = self._text.op
        match expr:
            case Binary(name, left, right, ty) if name in COMPARISONS:
                if name in _ORDER:
                    name = ("s" if ty.signed else "u") + _ORDER[name]
                return op(f"icmp {name} {width(ty)} {self.value(left)}, {self.value(right)}")
            case Unary("lnot", arg, _):
                return op(f"xor i1 {self.truth(arg)}, true")
            case _:
                return op(f"icmp ne {width(type_of(expr))} {self.value(expr)}, 0")

    def binary(self, name: str, a: str, b: str, ty: Int) -> str:
        """`name` on two values of type `ty`; not for comparisons."""
        op, at = self._text.op, width(ty)
        if name in _PLAIN:
            return op(f"{_PLAIN[name]} {at} {a}, {b}")
        if name in ("shl", "shr"):
            count = op(f"and {at} {b}, {ty.bits - 1}")
            return op(f"{self._shift(name, ty)} {at} {a}, {count}")
        return self._divide(name, a, b, ty)

    def _shift(self, name: str, ty: Int) -> str:
        if name == "shl":
            return "shl"
        return "ashr" if ty.signed else "lshr"

    def _divide(self, name: str, a: str, b: str, ty: Int) -> str:
        """Quotient or remainder. The arms of a select are both evaluated here, so a zero divisor,
        or a quotient out of range, must not trap: it gives some value that is not used."""
        op, at = self._text.op, width(ty)
        zero = op(f"icmp eq {at} {b}, 0")
        safe = op(f"select i1 {zero}, {at} 1, {at} {b}")
        if not ty.signed:
            return op(f"{'udiv' if name == 'div' else 'urem'} {at} {a}, {safe}")
        minus = op(f"icmp eq {at} {safe}, -1")
        divisor = op(f"select i1 {minus}, {at} 1, {at} {safe}")
        if name == "rem":
            return op(f"srem {at} {a}, {divisor}")
        quotient = op(f"sdiv {at} {a}, {divisor}")
        negated = op(f"sub {at} 0, {a}")
        return op(f"select i1 {minus}, {at} {negated}, {at} {quotient}")

    def convert(self, value: str, source: Int, ty: Int) -> str:
        """`value` of type `source` wrapped to type `ty`."""
        if ty.bits == source.bits:
            return value
        if ty.bits < source.bits:
            return self._text.op(f"trunc {width(source)} {value} to {width(ty)}")
        extend = "sext" if source.signed else "zext"
        return self._text.op(f"{extend} {width(source)} {value} to {width(ty)}")
