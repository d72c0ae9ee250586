# SPDX-License-Identifier: GPL-2.0-or-later
"""Expressions of the IR in C.

The text of an expression of 32 or 64 bits has just its C type. One of 8 or 16 bits has the same
value in an `int`, as C promotes it. Signed arithmetic is done on unsigned operands and converted
back: it wraps, as the IR's does, whatever the compiler is told.
"""

import re
from collections.abc import Iterable, Mapping

from klprove.ir.expressions import COMPARISONS, Binary, Const, Convert, Expr, Reg, Select, Unary
from klprove.ir.types import Int

_INFIX = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^", "shl": "<<"}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def names(registers: Iterable[str]) -> dict[str, str]:
    """For each register the name of its variable in C: its own, as far as C allows."""
    return {
        each: f"r{place}_{re.sub('[^A-Za-z0-9]+', '_', each).strip('_')}"
        for place, each in enumerate(sorted(registers))
    }


def literal(value: int, ty: Int) -> str:
    """A constant of type `ty`."""
    suffix = {32: "" if ty.signed else "u", 64: "ll" if ty.signed else "ull"}.get(ty.bits, "")
    if value < 0:
        least = value == -(1 << (ty.bits - 1)) and ty.bits >= 32
        return f"(-{-value - 1}{suffix} - 1)" if least else f"(-{-value}{suffix})"
    return (hex(value) if value >= 0x10000 else str(value)) + suffix


def value(expr: Expr, name: Mapping[str, str]) -> str:
    """`expr` in C; `name` gives the variable of each register."""
    match expr:
        case Const(value=number, ty=ty):
            return literal(number, ty)
        case Reg(name=register):
            return name[register]
        case Unary("lnot", arg, _):
            return f"(!{value(arg, name)})"
        case Unary("neg", arg, ty):
            return binary("sub", literal(0, ty), value(arg, name), ty)
        case Unary(_, arg, ty):
            return _cut(f"~{value(arg, name)}", ty)
        case Binary(op, left, right, ty):
            return binary(op, value(left, name), value(right, name), ty)
        case Convert(arg, ty):
            return f"({ty}){value(arg, name)}"
        case Select(cond, then, other, ty):
            arms = f"{value(then, name)} : {value(other, name)}"
            return f"({value(cond, name)} ? {arms})"


def binary(op: str, a: str, b: str, ty: Int) -> str:
    """`op` on two texts of type `ty`."""
    if op in COMPARISONS:
        return f"({a} {_COMPARE[op]} {b})"
    if op in ("and", "or", "xor"):
        return f"({a} {_INFIX[op]} {b})"
    if op in ("div", "rem"):
        return f"({ty}){op}_{'i' if ty.signed else 'u'}({a}, {b})"
    if op == "shr":
        return f"({a} >> ({b} & {ty.bits - 1}))"
    if op == "shl":
        b = f"({b} & {ty.bits - 1})"
    if ty.bits >= 32 and not ty.signed:
        return f"({a} {_INFIX[op]} {b})"
    wide = Int(max(ty.bits, 32), False)
    right = b if op == "shl" else f"({wide}){b}"
    return f"({ty})(({wide}){a} {_INFIX[op]} {right})"


def _cut(text: str, ty: Int) -> str:
    """The value of a text that C may have promoted to int."""
    return f"({text})" if ty.bits >= 32 else f"({ty})({text})"
