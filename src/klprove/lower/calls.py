# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls: intrinsics do what they do, everything else is inlined."""

from collections.abc import Sequence

from klprove.c import FunctionDecl, Node
from klprove.c.types import CType, Function, Integer, Pointer, Record, Void
from klprove.ir.expressions import Const, Reg
from klprove.ir.instructions import Check, Limit, Set, Site
from klprove.ir.types import I32
from klprove.lower.dispatch import (
    Frame,
    Run,
    expression,
    lower_statement,
    lvalue,
    place,
    refusal,
    rvalue,
    zero,
)
from klprove.lower.intrinsics import find
from klprove.lower.memory import cast, copy, new_local
from klprove.lower.statements import bind
from klprove.lower.values import LocalAddr, LocalObject, Place, Value, binary, pointer, scalar
from klprove.source import BadInput, Diagnostic

MOST_INSTRUCTIONS = 60_000


@expression("CALL_EXPR")
def _call_value(run: Run, node: Node) -> Value:
    result = _call(run, node)
    return zero(node) if result is None or isinstance(result, Place) else result


@lvalue("CALL_EXPR")
def _call_place(run: Run, node: Node) -> Place:
    result = _call(run, node)
    if isinstance(result, Place):
        return result
    return Place(LocalAddr(new_local(run, "result", node.type), 0), node.type)


def _call(run: Run, node: Node) -> Value | Place | None:
    callee, *arguments = node.children
    target = callee.bare
    while target.kind == "UNARY_OPERATOR" and target.operator in "*&":
        target = target.children[0].bare
    declaration = target.target if target.kind == "DECL_REF_EXPR" else None
    if declaration is not None and declaration.kind == "FUNCTION_DECL":
        function = run.world.unit.declared.get(target.name)
        if function is None:
            function = FunctionDecl(target.name, [declaration])
        return _direct(run, node, function, arguments)
    return _indirect(run, node, rvalue(run, callee), arguments)


def _direct(
    run: Run, node: Node, function: FunctionDecl, arguments: Sequence[Node]
) -> Value | Place | None:
    if function.body is None:
        intrinsic = find(function.name)
        if intrinsic is not None:
            return intrinsic(run, node, arguments)
        text = f"function '{function.name}' is declared but has no body"
        raise refusal("unknown", node, text, f"define '{function.name}', or a model of it, in C")
    return inline(run, node, function, _arguments(run, function, arguments, node))


def _arguments(
    run: Run, function: FunctionDecl, arguments: Sequence[Node], node: Node
) -> list[Value | Place]:
    ctype = function.node.type
    if isinstance(ctype, Function) and ctype.variadic:
        hint = "make it a macro, or give it fixed parameters"
        raise refusal("unsupported", node, f"'{function.name}' takes variable arguments", hint)
    values: list[Value | Place] = []
    for each in arguments:
        if isinstance(each.type, Record):
            values.append(_copied(run, place(run, each), each))
        else:
            value = rvalue(run, each)
            later = arguments[len(values) + 1 :]
            effects = any(argument.has_effects for argument in later)
            values.append(run.settle(value, each) if effects else value)
    return values


def _copied(run: Run, source: Place, node: Node) -> Place:
    local = new_local(run, "argument", source.type)
    result = Place(LocalAddr(local, 0), source.type)
    copy(run, result, source, node)
    return result


def _indirect(
    run: Run, node: Node, address: Value, arguments: Sequence[Node]
) -> Value | Place | None:
    """A call through a pointer: one branch for every function that it may be."""
    candidates = [
        each
        for each in run.world.survey.addressed.values()
        if _fits(each, len(arguments), node.type)
    ]
    if isinstance(address, Const):
        for each in candidates:
            if run.world.layout.function(each.name) == address.value:
                return _direct(run, node, each, arguments)
    builder, at = run.builder, run.site(node)
    address = run.keep(address, node, "function")
    values = [
        _copied(run, place(run, each), each)
        if isinstance(each.type, Record)
        else run.keep(rvalue(run, each), each, "argument")
        for each in arguments
    ]
    result = None
    if isinstance(node.type, Integer | Pointer | Record):
        result = new_local(run, "result", node.type)
    end = builder.label()
    for function in candidates:
        this, following = builder.label(), builder.label()
        test = binary("eq", address, pointer(run.world.layout.function(function.name)))
        builder.branch(scalar(test), this, following, at)
        builder.place(this)
        value = inline(run, node, function, values)
        if result is not None and builder.alive:
            _keep_result(run, result, value, node)
        builder.jump(end, at)
        builder.place(following)
    builder.emit(Check(Const(0, I32), "wild-call", "a call of no function", at))
    builder.place(end)
    if result is None:
        return None
    whole = Place(LocalAddr(result, 0), node.type)
    if isinstance(node.type, Record):
        return whole
    return Reg(result.leaves[0].register, result.leaves[0].ty)


def _keep_result(run: Run, result: LocalObject, value: Value | Place | None, node: Node) -> None:
    if isinstance(value, Place):
        copy(run, Place(LocalAddr(result, 0), value.type), value, node)
    elif value is not None:
        leaf = result.leaves[0]
        run.builder.emit(Set(leaf.register, scalar(cast(value, node.type)), run.site(node)))


def _fits(function: FunctionDecl, count: int, result: CType) -> bool:
    ctype = function.node.type
    if not isinstance(ctype, Function) or len(function.parameters) != count:
        return False
    same = isinstance(ctype.result, Void) == isinstance(result, Void)
    return same and ctype.result.size == result.size


def inline(
    run: Run, node: Node, function: FunctionDecl, arguments: Sequence[Value | Place]
) -> Value | Place | None:
    """The body of `function` in the place of a call; the result is what it returns."""
    calls = run.frames[-1].calls if run.frames else ()
    if not run.builder.alive:
        return None
    if calls.count(function.name) >= run.world.options.recursion:
        _stop_recursion(run, node, calls, function.name)
        return None
    run.world.hurry()
    if len(run.builder.instrs) > MOST_INSTRUCTIONS:
        text = f"'{function.name}' and its callers become more than {MOST_INSTRUCTIONS} steps"
        hint = "fewer calls of it in one context, or --recursion 2"
        raise BadInput([Diagnostic("large", node.span, text, hint)])
    assert function.body is not None
    frame = Frame(function, (*calls, function.name), run.world.usage(function), run.builder.label())
    caller_at = run.site(node) if run.frames else Site(node.span, frame.calls)
    run.frames.append(frame)
    for parameter, given in zip(function.parameters, arguments, strict=False):
        if isinstance(given, Place):
            assert isinstance(given.addr, LocalAddr)
            frame.names[parameter.key] = given.addr.object
        else:
            bind(run, parameter, cast(given, parameter.type), node)
    ctype = function.node.type
    returned = ctype.result if isinstance(ctype, Function) else Void()
    if isinstance(returned, Integer | Pointer | Record):
        frame.result = new_local(run, f"{function.name}.result", returned)
    ghost = function.is_ghost
    run.fused += ghost
    run.ghosts += ghost
    if run.is_patched(function, *calls[-1:]):
        _enter_trampoline(run, function)
    lower_statement(run, function.body)
    value = _returned(run, frame, returned, caller_at)
    run.fused -= ghost
    run.ghosts -= ghost
    run.frames.pop()
    return value


def _returned(run: Run, frame: Frame, ctype: CType, at: Site) -> Value | Place | None:
    builder, result = run.builder, frame.result
    if len(frame.returns) == 1 and not builder.alive:
        mark, value = frame.returns[0]
        size = 1 if result is None or value is None or isinstance(value, LocalAddr) else 2
        if not isinstance(ctype, Record) and len(builder.instrs) == mark + size:
            # The only return is the last thing it does: no register, no jump.
            builder.undo(mark)
            return value
    local = [value for _, value in frame.returns if isinstance(value, LocalAddr)]
    if result is not None and builder.alive:
        # It fell off its end: what it returns is nobody's business, but always the same.
        for leaf in result.leaves:
            builder.emit(Set(leaf.register, Const(0, leaf.ty), at))
    builder.place(frame.exit)
    if local:
        if all(value == local[0] for _, value in frame.returns):
            return local[0]
        name = local[0].object.name
        hint = f"make '{name}' static, or __percpu at file scope"
        text = f"the address of local '{name}' is one of several results"
        raise refusal("address", frame.function.node, text, hint)
    if result is None:
        return None
    if isinstance(ctype, Record):
        return Place(LocalAddr(result, 0), ctype)
    return Reg(result.leaves[0].register, result.leaves[0].ty)


def _enter_trampoline(run: Run, function: FunctionDecl) -> None:
    """The call of __fentry__ that a livepatched function begins with."""
    entry = run.world.unit.declared["__fentry__"]
    address = pointer(run.world.layout.function(function.name))
    assert function.definition is not None
    inline(run, function.definition, entry, [address][: len(entry.parameters)])


def _stop_recursion(run: Run, node: Node, calls: tuple[str, ...], name: str) -> None:
    at = run.site(node)
    seen = dict.fromkeys(calls[calls.index(name) :])
    cycle = " -> ".join((*seen, name))
    run.limits.append(at)
    run.builder.end(Limit(f"recursion of {cycle}", at))


def call_ghost(run: Run, function: FunctionDecl, node: Node) -> None:
    """Inline ghost `function`, which takes no arguments, without a step."""
    with run.fusing():
        run.ghosts += 1
        if function.body is not None:
            inline(run, node, function, [])
        run.ghosts -= 1
