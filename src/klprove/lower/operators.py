# SPDX-License-Identifier: GPL-2.0-or-later
"""Operators: arithmetic, assignment, and the choices between two expressions."""

from collections.abc import Callable

from klprove.c import Node
from klprove.c.types import Array, Function, Integer, Pointer, Record, Refused
from klprove.ir.expressions import Binary, Const, Expr
from klprove.ir.instructions import Check, Set
from klprove.ir.types import I32, U64, Int
from klprove.lower.bitfields import EASY, narrowed, refuse_wide
from klprove.lower.dispatch import (
    Run,
    branch_on,
    expression,
    has_place,
    kind_refusal,
    lower_statement,
    lvalue,
    number,
    place,
    rvalue,
    type_refusal,
    zero,
)
from klprove.lower.memory import cast, convert_index, copy, load, new_local, store
from klprove.lower.places import from_place, integer, subscript
from klprove.lower.values import (
    LocalAddr,
    NotScalar,
    Place,
    Value,
    binary,
    condition,
    convert,
    negation,
    pointer,
    scalar,
    select,
    truth,
    ty_of,
    unary,
)

OPERATIONS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem", "&": "and", "|": "or", "^": "xor",
    "<<": "shl", ">>": "shr", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip


@expression("UNARY_OPERATOR")
def _unary(run: Run, node: Node) -> Value:
    operand, operator = node.children[0], node.operator
    match operator:
        case "&":
            return _address_of(run, operand)
        case "*":
            return from_place(run, node)
        case "__extension__":
            return rvalue(run, operand)
        case "+":
            return rvalue(run, operand)
        case "-":
            refuse_wide(operand)
            return unary("neg", number(run, operand))
        case "~":
            refuse_wide(operand)
            return unary("not", number(run, operand))
        case "!":
            return negation(rvalue(run, operand))
        case "x++" | "x--" | "++x" | "--x":
            return _step(run, node, operand)
    raise kind_refusal(node)


def _address_of(run: Run, operand: Node) -> Value:
    plain = operand
    while plain.kind == "PAREN_EXPR":
        plain = plain.children[0]
    if plain.kind == "ARRAY_SUBSCRIPT_EXPR":
        return subscript(run, plain, one_more=True).addr
    if isinstance(plain.type, Function):
        return rvalue(run, plain)
    return place(run, operand).addr


def _step(run: Run, node: Node, operand: Node) -> Value:
    where = stable_place(run, place(run, operand), node)
    old = load(run, where, operand)
    if node.operator.startswith("x"):
        old = run.keep(old, node)
    amount = operand.type.target.size if isinstance(operand.type, Pointer) else 1
    op = "add" if "+" in node.operator else "sub"
    if isinstance(operand.type, Integer) and operand.type.boolean:
        new: Value = Const(1, I32) if op == "add" else negation(old)
    else:
        new = binary(op, old, Const(amount, ty_of(old)))
    stored = store(run, where, new, node)
    return old if node.operator.startswith("x") else stored


def stable_place(run: Run, where: Place, node: Node) -> Place:
    """`where` with its address kept, so that it can be used twice."""
    return where._replace(addr=run.keep(where.addr, node, "address"))


@lvalue("UNARY_OPERATOR")
def _unary_place(run: Run, node: Node) -> Place:
    operand = node.children[0]
    if node.operator == "*":
        address = rvalue(run, operand)
        target = operand.type.target if isinstance(operand.type, Pointer) else node.type
        return Place(address, target)
    if node.operator == "__extension__":
        return place(run, operand)
    raise kind_refusal(node)


@expression("BINARY_OPERATOR")
def _binary(run: Run, node: Node) -> Value:
    left, right = node.children
    match node.operator:
        case "=":
            return _assign(run, node, left, right)
        case ",":
            lower_statement(run, left)
            return rvalue(run, right)
        case "&&" | "||":
            return _logical(run, node, left, right)
    refuse_wide(left, right)
    first = rvalue(run, left)
    first = run.settle(first, node) if right.has_effects else first
    return arithmetic(run, node, node.operator, (left, first), (right, rvalue(run, right)))


@lvalue("BINARY_OPERATOR")
def _binary_place(run: Run, node: Node) -> Place:
    left, right = node.children
    if node.operator == "=":
        _assign(run, node, left, right)
        return place(run, left)
    lower_statement(run, left)
    return place(run, right)


def arithmetic(
    run: Run, node: Node, operator: str, left: tuple[Node, Value], right: tuple[Node, Value]
) -> Value:
    """`left operator right`, each given as its node and its value, of types that fit."""
    (first, a), (second, b) = left, right
    op = OPERATIONS.get(operator)
    if op is None:
        raise kind_refusal(node)
    if isinstance(first.type, Pointer | Array) and operator in "+-":
        size = pointer(_step_size(first))
        if isinstance(second.type, Pointer | Array):
            distance = convert(binary("sub", a, b), Int(64, True))
            return binary("div", distance, Const(max(_step_size(first), 1), Int(64, True)))
        offset = binary("mul", convert(convert_index(b), U64), size)
        return binary(op, a, offset)
    if isinstance(second.type, Pointer | Array) and operator == "+":
        offset = binary("mul", convert(convert_index(a), U64), pointer(_step_size(second)))
        return binary("add", b, offset)
    if op in ("shl", "shr"):
        return binary(op, a, convert(b, ty_of(a)))
    if op in ("div", "rem") and not (isinstance(b, Const) and b.value):
        check = Check(scalar(truth(b)), "division-by-zero", "division by zero", run.site(node))
        run.builder.emit(check)
        if isinstance(b, Const):
            return Const(0, ty_of(a))
    if op in ("div", "rem") and (ty := ty_of(a)).signed:
        _refuse_overflow(run, node, scalar(a), scalar(b), ty)
    return binary(op, a, b)


def _refuse_overflow(run: Run, node: Node, a: Expr, b: Expr, ty: Int) -> None:
    """The least number by -1 has no quotient: x86 raises a divide error, as it does for zero (Intel
    SDM volume 2, IDIV)."""
    least, minus = Const(-1 << ty.bits - 1, ty), Const(-1, ty)
    if any(isinstance(side, Const) and side != bad for side, bad in ((a, least), (b, minus))):
        return
    fits = Binary("or", Binary("ne", a, least, ty), Binary("ne", b, minus, ty), I32)
    text = "division overflow"
    run.builder.emit(Check(fits, "division-overflow", text, run.site(node)))


def _step_size(node: Node) -> int:
    ctype = node.type
    if isinstance(ctype, Array):
        return ctype.element.size
    return ctype.target.size if isinstance(ctype, Pointer) else 1


def _assign(run: Run, node: Node, left: Node, right: Node) -> Value:
    if isinstance(left.type, Refused):
        raise type_refusal(left, left.type)
    if isinstance(left.type, Record):
        source = place(run, right)
        copy(run, place(run, left), source, node)
        return zero(node)
    if has_place(left) and _is_plain(left):
        value = rvalue(run, right)
        bound = _bound(run, left, value)
        if bound is not None:
            return bound
        return store(run, place(run, left), value, node)
    where = place(run, left)
    if right.has_effects:
        where = stable_place(run, where, node)
    return store(run, where, rvalue(run, right), node)


def _bound(run: Run, left: Node, value: Value) -> Value | None:
    """Let a local that is assigned only here be the value, where that needs no register."""
    declaration = left.bare.target
    if declaration is None or not run.frames or declaration.key not in run.frame.usage.late:
        return None
    if not run.builder.alive or not isinstance(left.type, Integer | Pointer):
        return None
    new = cast(value, left.type)
    if not run.is_stable(new):
        return None
    run.frame.names[declaration.key] = new = run.keep(new, left)
    return new


def _is_plain(node: Node) -> bool:
    return node.bare.kind == "DECL_REF_EXPR"


@expression("COMPOUND_ASSIGNMENT_OPERATOR")
def _compound_assignment(run: Run, node: Node) -> Value:
    left, right = node.children
    operator = node.operator.removesuffix("=")
    refuse_wide(*(() if operator in EASY else (left,)), right)
    where = stable_place(run, place(run, left), node)
    if right.has_effects:
        # As gcc does, the right side first.
        value = run.keep(rvalue(run, right), node)
        old = load(run, where, left)
    else:
        old = load(run, where, left)
        value = rvalue(run, right)
    if isinstance(left.type, Pointer):
        return store(run, where, arithmetic(run, node, operator, (left, old), (right, value)), node)
    own = promoted(ty_of(old) if where.bits is None else narrowed(ty_of(old), where.bits.width))
    ty = own if operator in ("<<", ">>") else usual(own, ty_of(value))
    if operator not in ("<<", ">>"):
        value = convert(value, ty)
    result = arithmetic(run, node, operator, (left, convert(old, ty)), (right, value))
    return store(run, where, result, node)


def promoted(ty: Int) -> Int:
    """The type of `ty` after integer promotion."""
    return I32 if ty.bits < 32 else ty


def usual(left: Int, right: Int) -> Int:
    """The common type of two operands (C11 6.3.1.8)."""
    left, right = promoted(left), promoted(right)
    if left.bits != right.bits:
        return max(left, right, key=lambda ty: ty.bits)
    return left if not left.signed else right


# Choices


def _logical(run: Run, node: Node, left: Node, right: Node) -> Value:
    is_and = node.operator == "&&"
    first = truth(rvalue(run, left))
    if isinstance(first, Const):
        if bool(first.value) != is_and:
            return Const(int(not is_and), I32)
        return truth(rvalue(run, right))
    builder, at = run.builder, run.site(node)
    rest, skip, end = builder.label(), builder.label(), builder.label()
    mark = len(builder.instrs)
    builder.branch(condition(first), *((rest, skip) if is_and else (skip, rest)), at)
    builder.place(rest)
    changes = builder.changes
    second = truth(rvalue(run, right))
    if builder.changes == changes and builder.alive:
        builder.undo(mark)
        ends = Const(int(not is_and), I32)
        return select(first, second, ends) if is_and else select(first, ends, second)
    result = run.temporary(I32, "both" if is_and else "either")
    run.kept.add(result.name)
    builder.emit(Set(result.name, second, at))
    builder.jump(end, at)
    builder.place(skip)
    builder.emit(Set(result.name, Const(int(not is_and), I32), at))
    builder.place(end)
    return result


@expression("CONDITIONAL_OPERATOR")
def _conditional(run: Run, node: Node) -> Value:
    test, then, other = node.children
    cond = rvalue(run, test)
    return _choice(run, node, cond, lambda: rvalue(run, then), lambda: rvalue(run, other))


@expression("ELVIS_EXPR")
def _elvis(run: Run, node: Node) -> Value:
    cond = run.keep(rvalue(run, node.children[0]), node)
    other = node.children[-1]
    return _choice(run, node, cond, lambda: cast(cond, node.type), lambda: rvalue(run, other))


@lvalue("CONDITIONAL_OPERATOR")
def _conditional_place(run: Run, node: Node) -> Place:
    return _chosen_place(run, node, *node.children)


def _chosen_place(run: Run, node: Node, test: Node, then: Node, other: Node) -> Place:
    """A struct chosen by a condition: a copy of it."""
    local = new_local(run, "choice", node.type)
    result = Place(LocalAddr(local, 0), node.type)
    cond = rvalue(run, test)
    _choice(
        run,
        node,
        cond,
        lambda: copy(run, result, place(run, then), then),
        lambda: copy(run, result, place(run, other), other),
    )
    return result


def _choice(
    run: Run,
    node: Node,
    cond: Value,
    then: Callable[[], Value | None],
    other: Callable[[], Value | None],
) -> Value:
    """One of two values; without a branch where neither takes a step to compute."""
    test = truth(cond)
    if isinstance(test, Const):
        return (then() if test.value else other()) or zero(node)
    builder, at = run.builder, run.site(node)
    first, second, end = builder.label(), builder.label(), builder.label()
    has_value = isinstance(node.type, Integer | Pointer)
    result = run.temporary(integer(node), "choice") if has_value else None
    mark = len(builder.instrs)
    branch_on(run, test, first, second, node)
    values, computed = [], False
    for label, arm in ((first, then), (second, other)):
        builder.place(label)
        changes = builder.changes
        value = arm()
        values.append(value)
        computed = computed or builder.changes != changes or not builder.alive
        if result is not None and label == first:
            builder.emit(Set(result.name, _scalar_or_zero(value, result.ty), at))
        if label == first:
            builder.jump(end, at)
    if result is None:
        builder.place(end)
        return zero(node)
    if not computed and values[0] is not None and values[1] is not None:
        builder.undo(mark)
        return select(test, values[0], values[1])
    run.kept.add(result.name)
    builder.emit(Set(result.name, scalar(values[1] or zero(node)), at))
    builder.place(end)
    if isinstance(values[0], LocalAddr):
        raise NotScalar(values[0].object.name)
    return result


def _scalar_or_zero(value: Value | None, ty: Int) -> Expr:
    return Const(0, ty) if value is None or isinstance(value, LocalAddr) else value
