"""Expressions of the IR in C.

Arithmetic is done in u64 and cut down to the type of the result, so it wraps as the IR's does;
every part has its own type, so comparisons, shifts and divisions see what the IR sees.
"""

import re
from collections.abc import Iterable, Mapping

from klprove.ir.expressions import COMPARISONS, Binary, Const, Convert, Expr, Reg, Select, Unary
from klprove.ir.types import Int

_INFIX = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def names(registers: Iterable[str]) -> dict[str, str]:
    """For each register the name of its variable in C: its own, as far as C allows."""
    return {
        each: f"r{place}_{re.sub('[^A-Za-z0-9]+', '_', each).strip('_')}"
        for place, each in enumerate(sorted(registers))
    }


def literal(value: int, ty: Int) -> str:
    """A constant of type `ty`."""
    if -(1 << 31) < value < 1 << 31:
        return f"({ty}){value}" if value >= 0 else f"({ty})({value})"
    return f"({ty}){value & ((1 << 64) - 1):#x}ULL"


def value(expr: Expr, name: Mapping[str, str]) -> str:
    """`expr`, of the C type of that name; `name` gives the variable of each register."""
    match expr:
        case Const(value=number, ty=ty):
            return literal(number, ty)
        case Reg(name=register):
            return name[register]
        case Unary("lnot", arg, _):
            return f"(i32)(!{value(arg, name)})"
        case Unary("neg", arg, ty):
            return f"({ty})(0 - (u64){value(arg, name)})"
        case Unary(_, arg, ty):
            return f"({ty})(~{value(arg, name)})"
        case Binary(op, left, right, ty):
            return binary(op, value(left, name), value(right, name), ty)
        case Convert(arg, ty):
            return f"({ty})({value(arg, name)})"
        case Select(cond, then, other, ty):
            arms = f"{value(then, name)} : {value(other, name)}"
            return f"({ty})({value(cond, name)} ? {arms})"


def binary(op: str, a: str, b: str, ty: Int) -> str:
    """`op` on two texts of type `ty`."""
    if op in COMPARISONS:
        return f"(i32)({a} {_COMPARE[op]} {b})"
    if op in ("div", "rem"):
        return f"({ty}){op}_{'i' if ty.signed else 'u'}({a}, {b})"
    if op == "shr":
        return f"({ty})({a} >> ({b} & {ty.bits - 1}))"
    if op == "shl":
        return f"({ty})((u64){a} << ({b} & {ty.bits - 1}))"
    return f"({ty})((u64){a} {_INFIX[op]} (u64){b})"
