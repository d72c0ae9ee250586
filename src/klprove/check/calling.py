# SPDX-License-Identifier: GPL-2.0-or-later
"""Who calls the functions that a question patches, by the text."""

from collections.abc import Iterator

from klprove.c import Node, Unit
from klprove.check.checking import kernel_of, unit_of
from klprove.check.question import EACH, Question


def calls_of(question: Question) -> tuple[tuple[str, str], ...]:
    """Caller and callee of every call of a function that `question` patches, each once, in the
    order of the sites and of the text. Raises BadInput where the text cannot be read."""
    kernel = kernel_of(question)
    unit = _unit(question)
    known = kernel.sites if kernel else ()
    chosen = [name for each in question.patch if each != EACH for name in each.split("+")]
    if EACH in question.patch:
        chosen += known or unit.traceable()
    names = dict.fromkeys(chosen)
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for caller, callee in _calls(unit):
        if callee in found:
            found[callee][caller] = None
    return tuple((caller, callee) for callee, callers in found.items() for caller in callers)


def _unit(question: Question) -> Unit:
    if not question.lift:
        return unit_of(question, kernel_of(question))
    from klprove.check.lifting import asked_for  # nobody else waits for it

    return asked_for(question)[0]


def _calls(unit: Unit) -> Iterator[tuple[str, str]]:
    """Every direct call in the bodies of `unit` that take steps."""
    for function in unit.declared.values():
        if function.body is not None and not function.is_ghost:
            for callee in _callees(function.body):
                yield function.name, callee


def _callees(node: Node) -> Iterator[str]:
    if node.kind == "CALL_EXPR" and node.children:
        callee = node.children[0].bare
        if callee.kind == "DECL_REF_EXPR":
            yield callee.name
    for part in node.parts:
        yield from _callees(part)
