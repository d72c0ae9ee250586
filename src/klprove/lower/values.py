# SPDX-License-Identifier: GPL-2.0-or-later
"""What an expression of C is worth while it is being lowered.

A value is an expression over registers, folded as far as it goes, or the address of a local
variable. Locals have no address in memory: an access through such an address is an access to a
register, so a local address may be passed down and dereferenced but never stored.
"""

from typing import NamedTuple, TypeAlias

from klprove.c.types import CType
from klprove.ir.expressions import (
    COMPARISONS,
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Select,
    Unary,
    apply_binary,
    apply_unary,
    type_of,
)
from klprove.ir.types import I32, U64, Int


class Leaf(NamedTuple):
    """One scalar of a local: its offset, and the register that holds it."""

    offset: int
    register: str
    ty: Int


class LocalObject:
    """A local variable, one instance for each time its function is inlined."""

    def __init__(self, name: str, size: int, leaves: list[Leaf]) -> None:
        self.name, self.size, self.leaves = name, size, leaves
        self.bound: dict[int, LocalAddr] = {}
        """Pointers in it, by offset, that hold the address of a local for good."""


class LocalAddr(NamedTuple):
    """The address of byte `offset` of a local."""

    object: LocalObject
    offset: int


Value: TypeAlias = Const | Reg | Unary | Binary | Convert | Select | LocalAddr


class Bits(NamedTuple):
    """A bit-field inside the integer `unit`."""

    unit: Int
    shift: int
    width: int


class Place(NamedTuple):
    """An lvalue: an address, the type found there, and which of its bits."""

    addr: Value
    type: CType
    bits: Bits | None = None


class NotScalar(Exception):
    """The address of a local would have to become a number."""


ZERO = Const(0, I32)
NULL = Const(0, U64)

_NEGATED = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def pointer(address: int) -> Const:
    """A fixed address."""
    return Const(address & (1 << 64) - 1, U64)


def ty_of(value: Value) -> Int:
    """The IR type of a value."""
    return U64 if isinstance(value, LocalAddr) else type_of(value)


def scalar(value: Value) -> Expr:
    """`value` as an expression; raises NotScalar for the address of a local."""
    if isinstance(value, LocalAddr):
        raise NotScalar(value.object.name)
    return value


def convert(value: Value, ty: Int) -> Value:
    """`value` wrapped to `ty`."""
    if isinstance(value, LocalAddr):
        if ty.bits == 64:
            return value
        raise NotScalar(value.object.name)
    if isinstance(value, Const):
        return Const(ty.wrap(value.value), ty)
    have = type_of(value)
    if have == ty:
        return value
    if isinstance(value, Convert) and ty.bits <= have.bits:
        inner = type_of(value.arg)
        if inner == ty:
            return value.arg
        return Convert(value.arg, ty)
    return Convert(value, ty)


def truth(value: Value) -> Expr:
    """i32 1 where `value` is not zero, else 0."""
    if isinstance(value, LocalAddr):
        return Const(1, I32)
    match value:
        case Const(value=number):
            return Const(int(number != 0), I32)
        case Binary(op=op) if op in COMPARISONS:
            return value
        case Unary(op="lnot"):
            return value
        case Convert(arg=arg, ty=ty) if ty.bits >= type_of(arg).bits or _is_truth(arg):
            return truth(arg)
    return Binary("ne", value, Const(0, type_of(value)), type_of(value))


def negation(value: Value) -> Expr:
    """i32 1 where `value` is zero, else 0."""
    if isinstance(value, LocalAddr):
        return ZERO
    match value:
        case Const(value=number):
            return Const(int(number == 0), I32)
        case Binary(op=op, left=left, right=right, ty=ty) if op in COMPARISONS:
            return Binary(_NEGATED[op], left, right, ty)
        case Unary(op="lnot", arg=arg):
            return truth(arg)
        case Convert(arg=arg, ty=ty) if ty.bits >= type_of(arg).bits or _is_truth(arg):
            return negation(arg)
    return Unary("lnot", value, type_of(value))


def condition(value: Value) -> Expr:
    """Something that is zero exactly where `value` is: shorter than truth()."""
    simple = truth(value)
    if isinstance(simple, Binary) and simple.op == "ne" and simple.right == Const(0, simple.ty):
        return simple.left
    return simple


def unary(op: str, value: Value) -> Value:
    """`neg` or `not` of `value`."""
    plain = scalar(value)
    ty = type_of(plain)
    if isinstance(plain, Const):
        return Const(apply_unary(op, plain.value, ty), ty)
    return Unary(op, plain, ty)


def binary(op: str, left: Value, right: Value) -> Value:
    """`op` of two values of the same type; addresses of locals are added to and compared."""
    if isinstance(left, LocalAddr) or isinstance(right, LocalAddr):
        return _address(op, left, right)
    ty = type_of(left)
    divides_by_zero = op in ("div", "rem") and isinstance(right, Const) and not right.value
    if isinstance(left, Const) and isinstance(right, Const) and not divides_by_zero:
        result = apply_binary(op, left.value, right.value, ty)
        return Const(result, I32 if op in COMPARISONS else ty)
    if isinstance(right, Const):
        if right.value == 0 and op in ("add", "sub", "or", "xor", "shl", "shr"):
            return left
        if right.value == 0 and op in ("and", "mul"):
            return Const(0, ty)
        if right.value == 1 and op in ("mul", "div"):
            return left
        if op in ("add", "sub") and (parts := _sum(left)) is not None:
            start, first = parts
            second = right.value if op == "add" else -right.value
            return binary("add", start, Const(ty.wrap(first + second), ty))
        if right.value == 0 and op in ("eq", "ne") and type_of(left) == I32 and _is_truth(left):
            return left if op == "ne" else negation(left)
    if isinstance(left, Const) and left.value == 0 and op in ("add", "or", "xor"):
        return right
    return Binary(op, left, right, ty)


def _sum(expr: Expr) -> tuple[Expr, int] | None:
    """The parts of something plus or minus a constant."""
    match expr:
        case Binary(op="add", left=left, right=Const(value=value)):
            return left, value
        case Binary(op="sub", left=left, right=Const(value=value)):
            return left, -value
    return None


def _is_truth(expr: Expr) -> bool:
    """True for an expression whose value is 0 or 1."""
    match expr:
        case Binary(op=op):
            return op in COMPARISONS
        case Unary(op=op):
            return op == "lnot"
        case Convert(arg=arg):
            return _is_truth(arg)
    return False


def _address(op: str, left: Value, right: Value) -> Value:
    if isinstance(left, LocalAddr) and isinstance(right, LocalAddr):
        same = left.object is right.object
        if same and op == "sub":
            return pointer(left.offset - right.offset)
        if same and op in COMPARISONS:
            return Const(apply_binary(op, left.offset, right.offset, U64), I32)
        if op in ("eq", "ne"):
            return Const(int(op == "ne"), I32)
    elif isinstance(left, LocalAddr) and isinstance(right, Const):
        if op in ("add", "sub"):
            delta = Int(64, True).wrap(right.value)
            return LocalAddr(left.object, left.offset + (delta if op == "add" else -delta))
        if op in ("eq", "ne"):
            return Const(int(op == "ne"), I32)
    elif isinstance(right, LocalAddr) and isinstance(left, Const) and op in ("add", "eq", "ne"):
        return _address(op, right, left)
    elif op in ("eq", "ne"):
        # A local's address is stored nowhere, so nothing that is read can be equal to it.
        return Const(int(op == "ne"), I32)
    local = left if isinstance(left, LocalAddr) else right
    assert isinstance(local, LocalAddr)
    raise NotScalar(local.object.name)


def select(cond: Value, then: Value, other: Value) -> Value:
    """`then` where `cond` is not zero, else `other`; both of the same type."""
    if then == other:
        return then
    test = condition(cond)
    if isinstance(test, Const):
        return then if test.value else other
    first, second = scalar(then), scalar(other)
    ty = type_of(first)
    if isinstance(first, Const) and isinstance(second, Const):
        if (first.value, second.value) == (1, 0):
            return convert(truth(test), ty)
        if (first.value, second.value) == (0, 1):
            return convert(negation(test), ty)
    return Select(test, first, second, ty)
