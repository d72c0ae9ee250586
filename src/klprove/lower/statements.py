# SPDX-License-Identifier: GPL-2.0-or-later
"""Statements: the flow of control inside one function."""

from functools import partial

from klprove.c import Node
from klprove.c.types import Array, Function, Integer, Pointer, Record, Void
from klprove.ir.expressions import Const, Expr
from klprove.ir.instructions import Set
from klprove.lower.dispatch import (
    Run,
    branch_on,
    kind_refusal,
    lower_statement,
    place,
    refusal,
    rvalue,
    skipped,
    statement,
    type_refusal,
)
from klprove.lower.memory import cast, clear, copy, new_local, store
from klprove.lower.operators import promoted
from klprove.lower.places import initialise
from klprove.lower.values import (
    LocalAddr,
    LocalObject,
    Place,
    Value,
    binary,
    convert,
    scalar,
    ty_of,
)

LARGEST_LOCAL = 4096
"""In bytes: each scalar of a local becomes a register."""


@statement("COMPOUND_STMT")
def _compound(run: Run, node: Node) -> None:
    for each in node.children:
        if not skipped(run, each):
            lower_statement(run, each)


@statement("NULL_STMT")
def _nothing(run: Run, node: Node) -> None:
    """`;`"""


@statement("UNEXPOSED_STMT")
def _attributed(run: Run, node: Node) -> None:
    for each in node.children:
        if each.cursor.kind.is_statement() or each.cursor.kind.is_expression():
            lower_statement(run, each)


@statement("DECL_STMT")
def _declarations(run: Run, node: Node) -> None:
    for each in node.children:
        if each.kind == "VAR_DECL" and not each.is_static:
            run.catch(each, partial(declare, run, each))


def declare(run: Run, variable: Node) -> None:
    """Lower the declaration of a local."""
    ctype, frame = variable.type, run.frame
    if variable.is_extern or isinstance(ctype, Function):
        return
    if not isinstance(ctype, Integer | Pointer | Array | Record):
        frame.refused.add(variable.key)
        raise kind_refusal(variable) if isinstance(ctype, Void) else type_refusal(variable, ctype)
    if not run.builder.alive:
        return
    if ctype.size > LARGEST_LOCAL:
        frame.refused.add(variable.key)
        text = f"local '{variable.name}' has {ctype.size} bytes, more than {LARGEST_LOCAL}"
        raise refusal("large", variable, text, f"make '{variable.name}' static")
    initialiser = variable.initialiser
    if initialiser is not None and isinstance(ctype, Integer | Pointer):
        value = cast(rvalue(run, initialiser), ctype)
        bind(run, variable, value, variable)
        return
    local = known_local(run, variable)
    if initialiser is None:
        clear(run, local, variable)
    elif isinstance(ctype, Record) and initialiser.bare.kind != "INIT_LIST_EXPR":
        copy(run, Place(LocalAddr(local, 0), ctype), place(run, initialiser), variable)
    else:
        initialise(run, local, variable, initialiser)
    frame.names[variable.key] = local


def known_local(run: Run, variable: Node) -> LocalObject:
    """The registers of a local, made when first asked for."""
    local = run.frame.names.get(variable.key)
    if not isinstance(local, LocalObject):
        local = run.frame.names[variable.key] = new_local(run, variable.name, variable.type)
    return local


def bind(run: Run, variable: Node, value: Value, node: Node) -> None:
    """Let a scalar parameter or local begin with `value`.

    One that never changes needs no register where its value has one, or is a constant, or is the
    address of another local.
    """
    frame = run.frame
    fixed = frame.usage.is_fixed(variable)
    if fixed and run.is_stable(value):
        frame.names[variable.key] = run.keep(value, node)
        return
    if isinstance(value, LocalAddr):
        hint = f"do not assign to '{variable.name}', nor take its address"
        text = f"the address of local '{value.object.name}' is kept in '{variable.name}', "
        raise refusal("address", node, text + "which changes", hint)
    local = known_local(run, variable)
    store(run, Place(LocalAddr(local, 0), variable.type), value, node)
    if fixed:
        run.stable.add(local.leaves[0].register)
        run.kept.add(local.leaves[0].register)


# Conditions


def branch(run: Run, node: Node, then: int, other: int) -> None:
    """Go to `then` where the expression is true, else to `other`."""
    if not run.builder.alive:
        return
    plain = node
    while plain.kind == "PAREN_EXPR":
        plain = plain.children[0]
    if plain.kind == "UNARY_OPERATOR" and plain.operator == "!":
        branch(run, plain.children[0], other, then)
    elif plain.kind == "BINARY_OPERATOR" and plain.operator in ("&&", "||"):
        left, right = plain.children
        middle = run.builder.label()
        if plain.operator == "&&":
            branch(run, left, middle, other)
        else:
            branch(run, left, then, middle)
        run.builder.place(middle)
        branch(run, right, then, other)
    else:
        branch_on(run, rvalue(run, plain), then, other, node)


@statement("IF_STMT")
def _if(run: Run, node: Node) -> None:
    cond, then, *rest = node.children
    builder = run.builder
    first, second, end = builder.label(), builder.label(), builder.label()
    run.catch(cond, lambda: branch(run, cond, first, second))
    builder.place(first)
    if not skipped(run, then):
        lower_statement(run, then)
    builder.jump(end, run.site(node))
    builder.place(second)
    if rest and not skipped(run, rest[0]):
        lower_statement(run, rest[0])
    builder.place(end)


# Loops


def _loop(
    run: Run, node: Node, body: Node, cond: Node | None, step: Node | None, *, test_first: bool
) -> None:
    builder, frame = run.builder, run.frame
    head, start, again, end = (builder.label() for _ in range(4))
    is_entered = id(node) in frame.usage.labelled
    builder.place(head, entered=is_entered)
    if test_first and cond is not None:
        run.catch(cond, lambda: branch(run, cond, start, end))
    elif test_first:
        builder.jump(start, run.site(node))
    builder.place(start)
    frame.breaks.append(end)
    frame.continues.append(again)
    if not skipped(run, body):
        lower_statement(run, body)
    frame.breaks.pop()
    frame.continues.pop()
    builder.place(again)
    if step is not None:
        lower_statement(run, step)
    if not test_first and cond is not None:
        repeat = builder.label()
        run.catch(cond, lambda: branch(run, cond, repeat, end))
        builder.place(repeat)
    builder.jump(head, run.site(node))
    builder.place(end)


@statement("WHILE_STMT")
def _while(run: Run, node: Node) -> None:
    cond, body = node.children
    _loop(run, node, body, cond, None, test_first=True)


@statement("DO_STMT")
def _do(run: Run, node: Node) -> None:
    body, cond = node.children
    _loop(run, node, body, cond, None, test_first=False)


@statement("FOR_STMT")
def _for(run: Run, node: Node) -> None:
    parts = run.frame.function.loops[id(node)]
    if parts.start is not None:
        lower_statement(run, parts.start)
    _loop(run, node, parts.body, parts.cond, parts.step, test_first=True)


@statement("BREAK_STMT")
def _break(run: Run, node: Node) -> None:
    run.builder.jump(run.frame.breaks[-1], run.site(node))


@statement("CONTINUE_STMT")
def _continue(run: Run, node: Node) -> None:
    run.builder.jump(run.frame.continues[-1], run.site(node))


# Jumps


def _label(run: Run, name: str) -> int:
    labels = run.frame.labels
    if name not in labels:
        labels[name] = run.builder.label()
    return labels[name]


@statement("GOTO_STMT")
def _goto(run: Run, node: Node) -> None:
    run.builder.jump(_label(run, node.children[0].name), run.site(node))


@statement("LABEL_STMT")
def _labelled(run: Run, node: Node) -> None:
    run.builder.place(_label(run, node.name), entered=True)
    for each in node.children:
        lower_statement(run, each)


@statement("RETURN_STMT")
def _return(run: Run, node: Node) -> None:
    frame, builder = run.frame, run.builder
    result = frame.result
    value: Value | None = None
    mark = len(builder.instrs)
    if node.children:
        given, wanted = node.children[0], frame.function.node.type
        ctype = wanted.result if isinstance(wanted, Function) else given.type
        if isinstance(ctype, Integer | Pointer):
            value = cast(rvalue(run, given), ctype)
            mark = len(builder.instrs)
            if result is not None and builder.alive and not isinstance(value, LocalAddr):
                builder.emit(Set(result.leaves[0].register, scalar(value), run.site(node)))
        elif isinstance(ctype, Record):
            source = place(run, given)
            if result is not None and builder.alive:
                copy(run, Place(LocalAddr(result, 0), ctype), source, node)
        else:
            lower_statement(run, given)
    if builder.alive:
        frame.returns.append((mark, value))
    builder.jump(frame.exit, run.site(node))


# switch


@statement("SWITCH_STMT")
def _switch(run: Run, node: Node) -> None:
    cond, body = node.children
    frame, builder = run.frame, run.builder
    value = rvalue(run, cond)
    value = run.keep(convert(value, promoted(ty_of(value))), cond, "switch")
    cases = list(_cases(body))
    labels = {id(each): builder.label() for each in cases}
    end = builder.label()
    default = next((labels[id(each)] for each in cases if each.kind == "DEFAULT_STMT"), end)
    for each in cases:
        if each.kind == "CASE_STMT":
            following = builder.label()
            test = _matches(value, each)
            builder.branch(test, labels[id(each)], following, run.site(each))
            builder.place(following)
    builder.jump(default, run.site(node))
    frame.breaks.append(end)
    frame.cases.append(labels)
    lower_statement(run, body)
    frame.cases.pop()
    frame.breaks.pop()
    builder.place(end)


def _cases(node: Node) -> list[Node]:
    """The cases of a switch, without those of switches inside it."""
    found = [node] if node.kind in ("CASE_STMT", "DEFAULT_STMT") else []
    for each in node.parts:
        if each.kind != "SWITCH_STMT":
            found += _cases(each)
    return found


def _matches(value: Value, case: Node) -> Expr:
    ty = ty_of(value)

    def bound(node: Node) -> Const:
        if node.constant is None:
            raise refusal("unsupported", node, "a case that is not constant")
        return Const(ty.wrap(node.constant), ty)

    low = bound(case.children[0])
    if len(case.children) < 3:
        return scalar(binary("eq", value, low))
    high = bound(case.children[1])
    above, below = binary("ge", value, low), binary("le", value, high)
    return scalar(binary("and", above, below))


@statement("CASE_STMT", "DEFAULT_STMT")
def _case(run: Run, node: Node) -> None:
    run.builder.place(run.frame.cases[-1][id(node)])
    last = node.children[-1]
    if not skipped(run, last):
        lower_statement(run, last)
