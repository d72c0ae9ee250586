"""Values while they are lowered: the shorter expression has the value of the longer one."""

from itertools import product

import pytest

from klprove.ir.expressions import (
    ARITHMETIC,
    COMPARISONS,
    Binary,
    Const,
    Convert,
    Expr,
    Reg,
    Unary,
    apply_binary,
    evaluate,
    type_of,
)
from klprove.ir.types import I8, I32, U8, U32, U64
from klprove.lower.values import (
    LocalAddr,
    LocalObject,
    NotScalar,
    Value,
    binary,
    condition,
    convert,
    negation,
    pointer,
    scalar,
    select,
    truth,
    unary,
)

R, S = Reg("r", I32), Reg("s", I32)
LESS = Binary("lt", R, Const(2, I32), I32)
FORMS: tuple[Expr, ...] = (
    R,
    Const(0, I32),
    Const(5, I32),
    Binary("add", R, Const(3, I32), I32),
    Binary("sub", R, Const(3, I32), I32),
    LESS,
    Unary("lnot", R, I32),
    Unary("neg", R, I32),
    Convert(LESS, I32),
    Convert(Reg("b", U8), I32),
)
VALUES = [{"r": r, "s": 7, "b": r & 255} for r in (-(1 << 31), -4, -1, 0, 1, 2, 3, (1 << 31) - 1)]
CONSTANTS = [Const(each, I32) for each in (-3, -1, 0, 1, 2, 3)]

OBJECT = LocalObject("object", 16, [])
OTHER = LocalObject("other", 16, [])


@pytest.mark.parametrize("op", (*ARITHMETIC, *COMPARISONS))
def test_a_binary_has_its_value(op: str) -> None:
    pairs = [*product(FORMS, [*CONSTANTS, S]), *product(CONSTANTS, [R])]
    for (left, right), values in product(pairs, VALUES):
        a, b = evaluate(left, values), evaluate(right, values)
        if op in ("div", "rem") and b == 0:
            continue
        made = scalar(binary(op, left, right))
        assert evaluate(made, values) == apply_binary(op, a, b, I32), (left, right, values)
        assert type_of(made) == I32


def test_a_binary_is_short() -> None:
    zero, one = Const(0, I32), Const(1, I32)
    for op in ("add", "sub", "or", "xor", "shl", "shr"):
        assert binary(op, R, zero) == R
    for op in ("add", "or", "xor"):
        assert binary(op, zero, R) == R
    assert [binary(op, R, zero) for op in ("and", "mul")] == [zero, zero]
    assert [binary(op, R, one) for op in ("mul", "div")] == [R, R]
    three = Binary("add", R, Const(3, I32), I32)
    assert binary("sub", three, Const(3, I32)) == R
    assert binary("add", three, Const(-5, I32)) == Binary("add", R, Const(-2, I32), I32)
    assert binary("add", binary("sub", R, Const(1, I32)), one) == R
    assert binary("ne", LESS, zero) == LESS
    assert binary("eq", LESS, zero) == Binary("ge", R, Const(2, I32), I32)
    assert binary("eq", R, zero) == Binary("eq", R, zero, I32)
    byte = Convert(LESS, U8)
    assert binary("eq", byte, Const(0, U8)) == Binary("eq", byte, Const(0, U8), U8)
    assert binary("div", Const(6, I32), zero) == Binary("div", Const(6, I32), zero, I32)


@pytest.mark.parametrize("form", FORMS)
def test_truth_and_negation(form: Expr) -> None:
    for values in VALUES:
        wanted = int(evaluate(form, values) != 0)
        assert evaluate(truth(form), values) == wanted
        assert evaluate(negation(form), values) == 1 - wanted
        assert bool(evaluate(condition(form), values)) == bool(wanted)


def test_tests_are_short() -> None:
    zero = Const(0, I32)
    assert truth(R) == Binary("ne", R, zero, I32)
    assert condition(R) == condition(truth(R)) == R
    assert truth(LESS) == truth(Convert(LESS, U8)) == LESS
    assert truth(Unary("lnot", R, I32)) == Unary("lnot", R, I32)
    assert negation(Unary("lnot", R, I32)) == truth(R)
    assert negation(LESS) == negation(Convert(LESS, U8)) == Binary("ge", R, Const(2, I32), I32)
    assert negation(R) == Unary("lnot", R, I32)
    wide, narrow = Convert(R, U64), Convert(R, I8)
    assert (truth(wide), negation(wide)) == (truth(R), negation(R))
    assert truth(narrow) == Binary("ne", narrow, Const(0, I8), I8)
    assert negation(narrow) == Unary("lnot", narrow, I8)
    assert (truth(Const(9, I32)), negation(Const(9, I32))) == (Const(1, I32), zero)


def test_conversions() -> None:
    assert convert(R, I32) == R
    assert convert(Const(-1, I32), U8) == Const(255, U8)
    assert convert(R, U8) == Convert(R, U8)
    assert convert(Convert(R, U64), I32) == R
    assert convert(Convert(R, U64), U8) == Convert(R, U8)
    assert convert(Convert(R, U8), I32) == Convert(Convert(R, U8), I32)
    assert convert(Convert(R, U64), U64) == Convert(R, U64)


def test_unary() -> None:
    assert unary("neg", Const(-(1 << 31), I32)) == Const(-(1 << 31), I32)
    assert unary("not", Const(0, U8)) == Const(255, U8)
    assert unary("not", R) == Unary("not", R, I32)


def test_selections() -> None:
    zero, one, two = (Const(each, I32) for each in (0, 1, 2))
    assert select(R, S, S) == S
    assert (select(two, R, S), select(zero, R, S)) == (R, S)
    assert select(LESS, one, zero) == LESS
    assert select(LESS, zero, one) == Binary("ge", R, Const(2, I32), I32)
    assert select(R, Const(1, U8), Const(0, U8)) == Convert(truth(R), U8)
    assert select(R, Const(0, U8), Const(1, U8)) == Convert(negation(R), U8)
    made = scalar(select(truth(R), one, two))
    assert [evaluate(made, {"r": r}) for r in (0, 5)] == [2, 1]
    assert type_of(made) == I32


@pytest.mark.parametrize(
    ("op", "left", "right", "wanted"),
    [
        ("add", LocalAddr(OBJECT, 4), pointer(8), LocalAddr(OBJECT, 12)),
        ("add", pointer(8), LocalAddr(OBJECT, 4), LocalAddr(OBJECT, 12)),
        ("add", LocalAddr(OBJECT, 4), pointer(-4), LocalAddr(OBJECT, 0)),
        ("sub", LocalAddr(OBJECT, 4), pointer(4), LocalAddr(OBJECT, 0)),
        ("sub", LocalAddr(OBJECT, 4), LocalAddr(OBJECT, 12), pointer(-8)),
        ("lt", LocalAddr(OBJECT, 4), LocalAddr(OBJECT, 12), Const(1, I32)),
        ("eq", LocalAddr(OBJECT, 4), LocalAddr(OBJECT, 4), Const(1, I32)),
        ("ne", LocalAddr(OBJECT, 4), LocalAddr(OBJECT, 4), Const(0, I32)),
        ("eq", LocalAddr(OBJECT, 4), LocalAddr(OTHER, 4), Const(0, I32)),
        ("ne", LocalAddr(OBJECT, 4), LocalAddr(OTHER, 4), Const(1, I32)),
        ("eq", LocalAddr(OBJECT, 4), pointer(0), Const(0, I32)),
        ("ne", LocalAddr(OBJECT, 4), pointer(0), Const(1, I32)),
        ("eq", pointer(0), LocalAddr(OBJECT, 4), Const(0, I32)),
        ("ne", pointer(0), LocalAddr(OBJECT, 4), Const(1, I32)),
        ("eq", LocalAddr(OBJECT, 0), Reg("p", U64), Const(0, I32)),
        ("ne", Reg("p", U64), LocalAddr(OBJECT, 0), Const(1, I32)),
    ],
)
def test_addresses_of_locals(op: str, left: Value, right: Value, wanted: Value) -> None:
    assert binary(op, left, right) == wanted


def test_what_an_address_of_a_local_cannot_be() -> None:
    address = LocalAddr(OBJECT, 4)
    assert (truth(address), negation(address)) == (Const(1, I32), Const(0, I32))
    assert convert(address, U64) == address
    for attempt in (
        lambda: scalar(address),
        lambda: convert(address, U32),
        lambda: unary("neg", address),
        lambda: binary("mul", address, pointer(2)),
        lambda: binary("sub", pointer(2), address),
        lambda: binary("add", address, Reg("n", U64)),
        lambda: binary("add", Reg("n", U64), address),
        lambda: binary("sub", address, LocalAddr(OTHER, 0)),
        lambda: binary("lt", address, LocalAddr(OTHER, 0)),
        lambda: select(R, address, pointer(0)),
    ):
        with pytest.raises(NotScalar, match=r"^object$"):
            attempt()
