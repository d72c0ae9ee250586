# SPDX-License-Identifier: GPL-2.0-or-later
"""Constants, names, members, elements, conversions: what they are worth, which places they name."""

from klprove.c import Node
from klprove.c.types import Array, Function, Integer, Pointer, Record, Void
from klprove.ir.expressions import Const
from klprove.ir.instructions import Check
from klprove.ir.types import I32, U64, Int
from klprove.lower.dispatch import (
    Refusal,
    Run,
    expression,
    has_place,
    kind_refusal,
    lower_statement,
    lvalue,
    place,
    refusal,
    rvalue,
    skipped,
    zero,
)
from klprove.lower.initialisers import field_place, items, string
from klprove.lower.memory import (
    cast,
    clear,
    convert_index,
    copy,
    element,
    load,
    new_local,
    shifted,
    store,
)
from klprove.lower.values import (
    LocalAddr,
    LocalObject,
    Place,
    Value,
    binary,
    convert,
    pointer,
    scalar,
)


def integer(node: Node) -> Int:
    """The IR type of a scalar expression."""
    if isinstance(node.type, Integer | Pointer):
        return node.type.ty
    raise refusal("unsupported", node, f"a value of type '{node.type.text}' is not in the language")


# Constants


@expression("INTEGER_LITERAL", "CHARACTER_LITERAL")
def _literal(run: Run, node: Node) -> Value:
    return _constant(node)


@expression("CXX_UNARY_EXPR")
def _sizeof(run: Run, node: Node) -> Value:
    return _constant(node)


def _constant(node: Node) -> Value:
    if node.constant is None:
        if node.kind == "CXX_UNARY_EXPR":
            hint = "give it a constant number of elements"
            raise refusal("vla", node, "the size of a variable-length array", hint)
        raise kind_refusal(node)
    ty = integer(node)
    return Const(ty.wrap(node.constant), ty)


@expression("STRING_LITERAL")
def _string(run: Run, node: Node) -> Value:
    return pointer(run.world.layout.string(string(node)))


@lvalue("STRING_LITERAL")
def _string_place(run: Run, node: Node) -> Place:
    return Place(pointer(run.world.layout.string(string(node))), node.type)


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
    return from_place(run, node)


@lvalue("DECL_REF_EXPR")
def _variable(run: Run, node: Node) -> Place:
    target = node.target
    if target is None or target.kind not in ("VAR_DECL", "PARM_DECL"):
        raise kind_refusal(node)
    variable = run.world.layout.variables.get(target.key)
    if variable is not None:
        if not variable.declaration.is_defined:
            text = f"variable '{node.name}' is declared but defined nowhere"
            raise refusal("unknown", node, text, f"define '{node.name}' in the model")
        return Place(pointer(variable.addr), variable.type)
    if not run.frames:
        raise refusal("unsupported", node, "an initialiser that is not constant")
    if target.key in run.frame.refused:
        # Its declaration has been complained of; that is enough.
        raise Refusal(None)
    local = run.frame.names.get(target.key)
    if local is None:
        # Its declaration was jumped over, or refused.
        local = run.frame.names[target.key] = new_local(run, target.name, target.type)
    if not isinstance(local, LocalObject):
        raise refusal("unsupported", node, f"the place of '{node.name}'")
    return Place(LocalAddr(local, 0), target.type)


# Places


def from_place(run: Run, node: Node) -> Value:
    """The value at an lvalue; of an array its address."""
    where = place(run, node)
    if isinstance(where.type, Array | Function):
        return where.addr
    if isinstance(where.type, Record | Void):
        return zero(node)
    return load(run, where, node)


@expression("MEMBER_REF_EXPR", "ARRAY_SUBSCRIPT_EXPR", "COMPOUND_LITERAL_EXPR")
def _lvalue_value(run: Run, node: Node) -> Value:
    return from_place(run, node)


@lvalue("MEMBER_REF_EXPR")
def _member(run: Run, node: Node) -> Place:
    base = node.children[0]
    if isinstance(base.type, Pointer):
        address, record = rvalue(run, base), base.type.target
    else:
        outer = place(run, base)
        address, record = outer.addr, outer.type
    key = node.target.key if node.target is not None else 0
    path = record.path(key) if isinstance(record, Record) else []
    if not path:
        raise refusal("unsupported", node, f"no member '{node.name}' here")
    offset, bits = 0, None
    for _, field in path:
        offset, bits = field_place(field, offset)
    return Place(shifted(address, offset), path[-1][1].type, bits)


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
            raise refusal("address", node, f"local array '{name}' is indexed by a variable", hint)
        return element(run, holder.addr, array.type, at, node)
    if not isinstance(base.type, Pointer):
        raise kind_refusal(node)
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
            value = rvalue(run, item.node)
            if isinstance(value, LocalAddr) and isinstance(where.addr, LocalAddr):
                # A member that points to another local: as long as nothing else is written to it.
                local.bound[where.addr.offset] = value
            else:
                store(run, where, value, item.node)


# Wrappers


@expression("PAREN_EXPR", "GENERIC_SELECTION_EXPR", "CHOOSE_EXPR")
def _paren(run: Run, node: Node) -> Value:
    return rvalue(run, _inner(node))


@lvalue("PAREN_EXPR", "GENERIC_SELECTION_EXPR", "CHOOSE_EXPR")
def _paren_place(run: Run, node: Node) -> Place:
    return place(run, _inner(node))


def _inner(node: Node) -> Node:
    if node.kind == "PAREN_EXPR":
        return node.children[0]
    if node.selected is None:
        raise refusal("unsupported", node, "a choice among types that does not show")
    return node.selected


@expression("UNEXPOSED_EXPR")
def _implicit(run: Run, node: Node) -> Value:
    parts = node.children
    if len(parts) == 1 and parts[0].kind not in ("TYPE_REF", "MEMBER_REF"):
        return _converted(run, node, parts[0])
    return _constant(node)


@lvalue("UNEXPOSED_EXPR")
def _implicit_place(run: Run, node: Node) -> Place:
    if len(node.children) != 1:
        raise kind_refusal(node)
    return place(run, node.children[0])


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
        raise kind_refusal(node)
    return rvalue(run, last)


@lvalue("StmtExpr")
def _statement_expression_place(run: Run, node: Node) -> Place:
    last = _run_all_but_last(run, node)
    if last is None:
        raise kind_refusal(node)
    return place(run, last)


def _run_all_but_last(run: Run, node: Node) -> Node | None:
    """Lower the statements of `({ ... })` up to the one that is its value."""
    body = node.children[0].children
    for each in body[:-1]:
        if not skipped(run, each):
            lower_statement(run, each)
    if not body:
        return None
    if isinstance(node.type, Void):
        lower_statement(run, body[-1])
        return None
    return body[-1]
