# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions of a unit are contexts and properties, and on which CPUs they run."""

import ast
from dataclasses import dataclass

from klprove.c import FunctionDecl, Unit
from klprove.c.types import Function
from klprove.ir.program import KINDS, PROPERTIES
from klprove.lower.world import Options
from klprove.source import Diagnostic, near

ALL = -1
MOST_CPUS = 64


@dataclass(frozen=True)
class Role:
    """A function as a context: its kind and its CPU (ALL: one instance on each)."""

    function: FunctionDecl
    kind: str
    cpu: int


@dataclass(frozen=True)
class Claim:
    """A function as a property: its kind (`klprove.ir.program.PROPERTIES`) and its name."""

    function: FunctionDecl
    kind: str
    name: str


def roles(unit: Unit, options: Options, bad: list[Diagnostic]) -> tuple[list[Role], int]:
    """The contexts of `unit` in the order of the text, and the number of CPUs."""
    found: list[Role] = []
    for function in unit.declared.values():
        for annotation in function.annotations:
            if annotation.startswith("context:"):
                role = _role(function, annotation, bad)
                if role is not None:
                    found.append(role)
    if not found and not bad:
        hint = "write __task(0) in front of the function that the task of CPU 0 runs"
        bad.append(Diagnostic("context", unit.span(), "no function is a context", hint))
    cpus = 1 + max((role.cpu for role in found), default=0)
    cpus = max(cpus, 1)
    if options.cpus is not None:
        for role in found:
            if role.cpu >= options.cpus:
                text = f"'{role.function.name}' runs on CPU {role.cpu}, and there are "
                text += f"{options.cpus} (counted from 0)"
                bad.append(Diagnostic("context", role.function.node.span, text))
        cpus = options.cpus
    return found, cpus


def _role(function: FunctionDecl, annotation: str, bad: list[Diagnostic]) -> Role | None:
    _, kind, text = annotation.split(":", 2)
    span = function.node.span
    cpu = _number(text)
    ctype = function.node.type
    if kind not in KINDS:
        bad.append(Diagnostic("context", span, f"no such kind of context: {kind}"))
    elif cpu is None or not ALL <= cpu < MOST_CPUS:
        hint = "write a number, as in __task(0), or ALL"
        bad.append(Diagnostic("context", span, f"'{text}' is no CPU", hint))
    elif function.body is None:
        text = f"context '{function.name}' has no body"
        bad.append(Diagnostic("unknown", span, text, f"define '{function.name}'"))
    elif isinstance(ctype, Function) and ctype.parameters:
        text = f"context '{function.name}' has parameters, and nobody to pass them"
        bad.append(Diagnostic("context", span, text, "write (void)"))
    elif function.is_ghost:
        bad.append(Diagnostic("context", span, f"context '{function.name}' is a ghost function"))
    else:
        return Role(function, kind, cpu)
    return None


def _number(text: str) -> int | None:
    """The value of an integer expression of literals."""
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left) + _value(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _value(left) - _value(right)
    raise ValueError(node)


def claims(unit: Unit) -> list[Claim]:
    """The properties of `unit`, in the order of the text."""
    found = []
    for function in unit.declared.values():
        for annotation in function.annotations:
            kind, _, name = annotation.partition(":")
            if kind in PROPERTIES and function.body is not None:
                found.append(Claim(function, kind, name))
    return found


def check_patched(unit: Unit, options: Options, bad: list[Diagnostic]) -> None:
    """Complain about functions that cannot be patched, with those that look like them."""
    possible = [
        name
        for name in unit.functions
        if unit.declared[name].is_traceable(options.outlined, options.inlined)
    ]
    for name in sorted(options.patched):
        if name not in possible:
            bad.append(_unpatchable(unit, options, name, possible))
    entry = unit.declared.get("__fentry__")
    if options.patched and (entry is None or entry.body is None):
        hint = "choose a kernel model with --kernel"
        text = "nothing can be patched: there is no __fentry__()"
        bad.append(Diagnostic("patch", unit.span(), text, hint))


def _unpatchable(unit: Unit, options: Options, name: str, possible: list[str]) -> Diagnostic:
    function = unit.declared.get(name)
    meant = near(name, possible, 0.6)
    hint = f"did you mean {' or '.join(meant)}?" if meant else ""
    if function is None or function.body is None:
        return Diagnostic("patch", unit.span(), f"there is no function '{name}' to patch", hint)
    span = function.node.span
    if name in options.inlined or function.is_inline:
        return Diagnostic("patch", span, f"'{name}' is inlined: it has no place to patch", hint)
    return Diagnostic("patch", span, f"'{name}' is notrace: it cannot be patched", hint)
