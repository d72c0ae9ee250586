"""Expressions: what they are worth and which places they name."""

from collections.abc import Callable

from klprove.c import Node
from klprove.c.types import Array, Function, Integer, Pointer, Record, Void
from klprove.ir.expressions import Const, Expr
from klprove.ir.instructions import Check, Set
from klprove.ir.types import I32, U64, Int
from klprove.lower.dispatch import (
    Run,
    branch_on,
    expression,
    has_place,
    lower_statement,
    lvalue,
    number,
    place,
    refuse,
    refuse_kind,
    rvalue,
    zero,
)
from klprove.lower.initialisers import field_place, items
from klprove.lower.memory import cast, clear, convert_index, copy, element, load, new_local, store
from klprove.lower.values import (
    LocalAddr,
    LocalObject,
    NotScalar,
    Place,
    Value,
    binary,
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


def integer(node: Node) -> Int:
    """The IR type of a scalar expression."""
    if isinstance(node.type, Integer | Pointer):
        return node.type.ty
    refuse("unsupported", node, f"a value of type '{node.type.text}' is not in the language")


# Constants


@expression("INTEGER_LITERAL", "CHARACTER_LITERAL")
def _literal(run: Run, node: Node) -> Value:
    return _constant(node)


@expression("CXX_UNARY_EXPR")
def _sizeof(run: Run, node: Node) -> Value:
    return _constant(node)


def _constant(node: Node) -> Value:
    if node.constant is None:
        for part in node.children:
            if part.type.text and getattr(part.type, "code", "") == "vla":
                refuse("vla", node, "a variable-length array", "give it a constant size")
        refuse_kind(node)
    ty = integer(node)
    return Const(ty.wrap(node.constant), ty)


@expression("STRING_LITERAL")
def _string(run: Run, node: Node) -> Value:
    return pointer(run.world.layout.string(node.text or ""))


@lvalue("STRING_LITERAL")
def _string_place(run: Run, node: Node) -> Place:
    return Place(pointer(run.world.layout.string(node.text or "")), node.type)


# Names


@expression("DECL_REF_EXPR")
def _name(run: Run, node: Node) -> Value:
    target = node.target
    if target is not None:
        if target.kind == "ENUM_CONSTANT_DECL":
            ty = integer(node)
            return Const(ty.wrap(target.enumerator), ty)
        if target.kind == "FUNCTION_DECL":
            return pointer(run.world.layout.function(target.name))
        if target.kind in ("VAR_DECL", "PARM_DECL"):
            bound = run.frame.names.get(target.key) if run.frames else None
            if bound is not None and not isinstance(bound, LocalObject):
                return bound
    return _from_place(run, node)


@lvalue("DECL_REF_EXPR")
def _variable(run: Run, node: Node) -> Place:
    target = node.target
    if target is None or target.kind not in ("VAR_DECL", "PARM_DECL"):
        refuse_kind(node)
    variable = run.world.layout.variables.get(target.key)
    if variable is not None:
        if not variable.declaration.is_defined:
            text = f"variable '{node.name}' is declared but defined nowhere"
            refuse("unknown", node, text, f"define '{node.name}' in the model")
        return Place(pointer(variable.addr), variable.type)
    if not run.frames:
        refuse("unsupported", node, "an initialiser that is not constant")
    local = run.frame.names.get(target.key)
    if local is None:
        # Its declaration was jumped over, or refused.
        local = run.frame.names[target.key] = new_local(run, target.name, target.type)
    if not isinstance(local, LocalObject):
        refuse("unsupported", node, f"the place of '{node.name}'")
    return Place(LocalAddr(local, 0), target.type)


# Places


def _from_place(run: Run, node: Node) -> Value:
    """The value at an lvalue; of an array its address."""
    where = place(run, node)
    if isinstance(where.type, Array | Function):
        return where.addr
    if isinstance(where.type, Record | Void):
        return zero(node)
    return load(run, where, node)


@expression("MEMBER_REF_EXPR", "ARRAY_SUBSCRIPT_EXPR", "COMPOUND_LITERAL_EXPR")
def _lvalue_value(run: Run, node: Node) -> Value:
    return _from_place(run, node)


@lvalue("MEMBER_REF_EXPR")
def _member(run: Run, node: Node) -> Place:
    base = node.children[0]
    if isinstance(base.type, Pointer):
        address, record = rvalue(run, base), base.type.target
    else:
        outer = place(run, base)
        address, record = outer.addr, outer.type
    key = node.target.key if node.target is not None else 0
    if isinstance(record, Record):
        for field in record.fields:
            if field.key == key:
                offset, bits = field_place(field, 0)
                where = binary("add", address, pointer(offset)) if offset else address
                return Place(where, field.type, bits)
    refuse("unsupported", node, f"no member '{node.name}' here")


@lvalue("ARRAY_SUBSCRIPT_EXPR")
def _subscript(run: Run, node: Node) -> Place:
    return subscript(run, node, one_more=False)


def subscript(run: Run, node: Node, *, one_more: bool) -> Place:
    """The place of `a[i]`; `one_more` where only its address is taken, which may be the end."""
    left, right = node.children
    base, index = (left, right) if isinstance(left.type, Pointer | Array) else (right, left)
    array = base.bare
    if isinstance(array.type, Array) and has_place(array):
        holder = place(run, array)
        count = array.type.count
        at = run.keep(convert_index(rvalue(run, index)), node, "index")
        if count:
            check_index(run, at, count + one_more, node)
        if isinstance(holder.addr, LocalAddr) and not isinstance(at, Const):
            name = holder.addr.object.name
            hint = f"make '{name}' static, or __percpu at file scope"
            refuse("address", node, f"local array '{name}' is indexed by a variable", hint)
        return element(run, holder.addr, array.type, at, node)
    if not isinstance(base.type, Pointer):
        refuse_kind(node)
    address = rvalue(run, base)
    return element(run, address, base.type, rvalue(run, index), node)


def check_index(run: Run, index: Value, count: int, node: Node) -> None:
    """Violate `out-of-bounds` unless 0 <= index < count."""
    unsigned = convert(index, U64)
    inside = binary("lt", unsigned, pointer(count))
    if inside != Const(1, I32):
        text = f"index of {count} elements"
        run.builder.emit(Check(scalar(inside), "out-of-bounds", text, run.site(node)))


@lvalue("COMPOUND_LITERAL_EXPR")
def _compound_literal(run: Run, node: Node) -> Place:
    local = new_local(run, "literal", node.type)
    initialise(run, local, node, node.children[-1])
    return Place(LocalAddr(local, 0), node.type)


def initialise(run: Run, local: LocalObject, node: Node, initialiser: Node) -> None:
    """Give a local the values of its initialiser; the rest is zero."""
    ctype = node.type
    if isinstance(ctype, Array | Record):
        clear(run, local, node)
    for item in items(ctype, initialiser):
        where = item.place(LocalAddr(local, 0))
        if item.constant is not None:
            store(run, where, Const(item.constant, I32), item.node)
        elif isinstance(item.type, Record):
            copy(run, where, place(run, item.node), item.node)
        else:
            store(run, where, rvalue(run, item.node), item.node)


# Wrappers


@expression("PAREN_EXPR", "GENERIC_SELECTION_EXPR")
def _paren(run: Run, node: Node) -> Value:
    return rvalue(run, _inner(node))


@lvalue("PAREN_EXPR", "GENERIC_SELECTION_EXPR")
def _paren_place(run: Run, node: Node) -> Place:
    return place(run, _inner(node))


def _inner(node: Node) -> Node:
    if node.kind == "PAREN_EXPR":
        return node.children[0]
    if node.selected is None:
        refuse("unsupported", node, "a _Generic whose choice the types do not tell")
    return node.selected


@expression("UNEXPOSED_EXPR")
def _implicit(run: Run, node: Node) -> Value:
    parts = node.children
    if len(parts) == 4:
        return _elvis(run, node)
    if len(parts) == 1 and parts[0].kind not in ("TYPE_REF", "MEMBER_REF"):
        return _converted(run, node, parts[0])
    return _constant(node)


@lvalue("UNEXPOSED_EXPR")
def _implicit_place(run: Run, node: Node) -> Place:
    if len(node.children) == 1:
        return place(run, node.children[0])
    return _chosen_place(run, node, node.children[0], node.children[0], node.children[-1])


@expression("CSTYLE_CAST_EXPR")
def _cast(run: Run, node: Node) -> Value:
    return _converted(run, node, node.children[-1])


@lvalue("CSTYLE_CAST_EXPR")
def _cast_place(run: Run, node: Node) -> Place:
    return place(run, node.children[-1])


def _converted(run: Run, node: Node, operand: Node) -> Value:
    value = rvalue(run, operand)
    if isinstance(node.type, Integer | Pointer):
        return cast(value, node.type)
    return value


@expression("StmtExpr")
def _statement_expression(run: Run, node: Node) -> Value:
    last = _run_all_but_last(run, node)
    if last is None or not run.builder.alive:
        return zero(node)
    if isinstance(node.type, Record):
        refuse_kind(node)
    return rvalue(run, last)


@lvalue("StmtExpr")
def _statement_expression_place(run: Run, node: Node) -> Place:
    last = _run_all_but_last(run, node)
    if last is None:
        refuse_kind(node)
    return place(run, last)


def _run_all_but_last(run: Run, node: Node) -> Node | None:
    """Lower the statements of `({ ... })` up to the one that is its value."""
    body = node.children[0].children
    for each in body[:-1]:
        lower_statement(run, each)
    if not body:
        return None
    if isinstance(node.type, Void):
        lower_statement(run, body[-1])
        return None
    return body[-1]


# Operators


@expression("UNARY_OPERATOR")
def _unary(run: Run, node: Node) -> Value:
    operand, operator = node.children[0], node.operator
    match operator:
        case "&":
            return _address_of(run, operand)
        case "*":
            return _from_place(run, node)
        case "__extension__":
            return rvalue(run, operand)
        case "+":
            return rvalue(run, operand)
        case "-":
            return unary("neg", number(run, operand))
        case "~":
            return unary("not", number(run, operand))
        case "!":
            return negation(rvalue(run, operand))
        case "x++" | "x--" | "++x" | "--x":
            return _step(run, node, operand)
    refuse_kind(node)


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
        new = Const(1, I32) if op == "add" else negation(old)
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
    refuse_kind(node)


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
    first = rvalue(run, left)
    first = run.settle(first, node) if has_effects(right) else first
    return arithmetic(run, node, node.operator, (left, first), (right, rvalue(run, right)))


@lvalue("BINARY_OPERATOR")
def _binary_place(run: Run, node: Node) -> Place:
    left, right = node.children
    if node.operator == "=":
        _assign(run, node, left, right)
        return place(run, left)
    lower_statement(run, left)
    return place(run, right)


def has_effects(node: Node) -> bool:
    """True where evaluating `node` may set a register that was read before it."""
    if node.kind in ("CALL_EXPR", "StmtExpr", "COMPOUND_ASSIGNMENT_OPERATOR"):
        return True
    if node.kind in ("UNARY_OPERATOR", "BINARY_OPERATOR"):
        if node.operator in ("=", "x++", "x--", "++x", "--x"):
            return True
    return any(has_effects(each) for each in node.parts)


def arithmetic(
    run: Run, node: Node, operator: str, left: tuple[Node, Value], right: tuple[Node, Value]
) -> Value:
    """`left operator right`, each given as its node and its value, of types that fit."""
    (first, a), (second, b) = left, right
    op = OPERATIONS.get(operator)
    if op is None:
        refuse_kind(node)
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
    if op in ("div", "rem"):
        if isinstance(b, Const) and b.value == 0 or not isinstance(b, Const):
            check = Check(scalar(truth(b)), "division-by-zero", "division by zero", run.site(node))
            run.builder.emit(check)
            if isinstance(b, Const):
                return Const(0, ty_of(a))
    return binary(op, a, b)


def _step_size(node: Node) -> int:
    ctype = node.type
    if isinstance(ctype, Array):
        return ctype.element.size
    return ctype.target.size if isinstance(ctype, Pointer) else 1


def _assign(run: Run, node: Node, left: Node, right: Node) -> Value:
    if isinstance(left.type, Record):
        source = place(run, right)
        copy(run, place(run, left), source, node)
        return zero(node)
    if has_place(left) and _is_plain(left):
        value = rvalue(run, right)
        return store(run, place(run, left), value, node)
    where = place(run, left)
    if has_effects(right):
        where = stable_place(run, where, node)
    return store(run, where, rvalue(run, right), node)


def _is_plain(node: Node) -> bool:
    return node.bare.kind == "DECL_REF_EXPR"


@expression("COMPOUND_ASSIGNMENT_OPERATOR")
def _compound_assignment(run: Run, node: Node) -> Value:
    left, right = node.children
    operator = node.operator.removesuffix("=")
    where = stable_place(run, place(run, left), node)
    if has_effects(right):
        # As gcc does, the right side first.
        value = run.keep(rvalue(run, right), node)
        old = load(run, where, left)
    else:
        old = load(run, where, left)
        value = rvalue(run, right)
    if isinstance(left.type, Pointer):
        return store(run, where, arithmetic(run, node, operator, (left, old), (right, value)), node)
    ty = promoted(ty_of(old)) if operator in ("<<", ">>") else usual(ty_of(old), ty_of(value))
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
    builder.branch(first, *((rest, skip) if is_and else (skip, rest)), at)
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
