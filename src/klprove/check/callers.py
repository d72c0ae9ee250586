# SPDX-License-Identifier: GPL-2.0-or-later
"""Who calls the functions that a question patches, by the text."""

from collections.abc import Collection, Iterable, Iterator

from klprove.c import Node, Unit
from klprove.source import BadInput, Diagnostic, Span


def calls(unit: Unit, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Caller and callee of every call of one of `names` by name, each once, in the order of `names`
    and of the text. Ghost functions take no steps: their calls are none."""
    found: dict[str, dict[str, None]] = {name: {} for name in names}
    for function in unit.declared.values():
        if function.body is not None and not function.is_ghost:
            for callee in _callees(function.body):
                if callee in found:
                    found[callee][function.name] = None
    return tuple((caller, callee) for callee, callers in found.items() for caller in callers)


def unentered(unit: Unit, inlined: Collection[str], names: Iterable[str]) -> frozenset[str]:
    """Those of `names` of which every call in the text is in `inlined`, as `caller:callee`."""
    if not any(":" in each for each in inlined):
        return frozenset()
    called: dict[str, bool] = {}
    for caller, callee in calls(unit, names):
        called[callee] = called.get(callee, True) and f"{caller}:{callee}" in inlined
    return frozenset(name for name, every in called.items() if every)


def refuse_uncalled(unit: Unit, inlined: Collection[str]) -> None:
    """Raise BadInput for each `caller:callee` of `inlined` that is no call of the text."""
    pairs = [each for each in sorted(inlined) if ":" in each]
    if not pairs:
        return
    callers: dict[str, list[str]] = {}
    for caller, callee in calls(unit, (each.partition(":")[2] for each in pairs)):
        callers.setdefault(callee, []).append(caller)
    refused = []
    for caller, _, callee in (each.partition(":") for each in pairs):
        found = callers.get(callee, ())
        if caller not in found:
            hint = f"it is called in: {', '.join(found)}" if found else "nothing calls that by name"
            text = f"{caller}() does not call {callee}()"
            refused.append(Diagnostic("option", Span("--inline", 0, 0), text, hint))
    if refused:
        raise BadInput(refused)


def _callees(node: Node) -> Iterator[str]:
    if node.kind == "CALL_EXPR" and node.children:
        callee = node.children[0].bare
        if callee.kind == "DECL_REF_EXPR":
            yield callee.name
    for part in node.parts:
        yield from _callees(part)
