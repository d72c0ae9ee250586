# SPDX-License-Identifier: GPL-2.0-or-later
"""H17: what the new body calls where nobody may print, wait or sleep."""

from collections.abc import Iterator
from typing import NamedTuple

from klprove.image.relocatable import Symbol
from klprove.lint.code import CALL, JUMP, Use
from klprove.lint.finding import ERROR, WARNING, Case, Finding, Rule
from klprove.lint.livepatch import Function
from klprove.lint.rules.bodies import both
from klprove.lint.rules.names import CONSOLE, PRINTS, SCHEDULER, SLEEPERS, SPINS, quiet
from klprove.lint.target import Place
from klprove.lint.ways import told, way
from klprove.scan.answers import CERTAIN, IRQ, NMI

_DEEP = 2
"""So many calls below a function of the scheduler or of a console its locks count."""


class _Context(NamedTuple):
    """Where the function runs, what must not be called there, and why that is believed."""

    severity: str
    name: str
    forbidden: frozenset[str]
    evidence: tuple[str, ...] = ()


def check(case: Case) -> Iterator[Finding]:
    """What the new bodies call and the old ones did not."""
    what = "what the new bodies call where nobody may print or sleep"
    yield from case.unmapped(NMI, what)
    yield from both(case, what, _added)


def _added(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    assert function.new is not None
    old = case.old_callees(place)
    known = old | (PRINTS if old & PRINTS else frozenset())
    added = tuple(_reached(case, function.new, (), SLEEPERS | PRINTS | SPINS, known))
    if not added:
        return
    told_already: set[str] = set()
    for context in _contexts(case, function, place):
        for where, use, chain in added:
            if use.name in context.forbidden and use.name not in told_already:
                told_already.add(use.name)
                text = f"{function.shown} runs in {context.name}, and now calls {use.name}"
                facts = (" -> ".join((*chain, use.name)), *context.evidence)
                yield Finding(context.severity, where.name, text, use.offset, facts)


def _reached(
    case: Case,
    function: Symbol,
    before: tuple[str, ...],
    wanted: frozenset[str],
    known: frozenset[str],
) -> Iterator[tuple[Symbol, Use, tuple[str, ...]]]:
    """Calls of `wanted` but not of `known` in a function of the module, and in what it calls there:
    the function with the call, the call, and the way to it."""
    if function.name in before:
        return
    chain = (*before, function.name)
    for part in (function, *case.fragments(function)):
        for use in case.body(part).uses:
            if use.kind not in (CALL, JUMP):
                continue
            inner = case.patch.at.get(use.at) if use.at else None
            if inner and inner not in (function, part):
                yield from _reached(case, inner, chain, wanted, known)
            elif use.name in wanted and use.name not in known:
                yield part, use, chain


def _contexts(case: Case, function: Function, place: Place) -> Iterator[_Context]:
    nmi, irq = case.reached(NMI, place), case.reached(IRQ, place)
    if nmi and nmi[0] == CERTAIN:
        yield _Context(ERROR, "NMIs and exceptions", SLEEPERS | PRINTS | SPINS, nmi[1])
    held = "the scheduler, below a runqueue's lock"
    if function.name in SCHEDULER:
        yield _Context(ERROR, held, SLEEPERS | PRINTS)
    elif found := _below(case, place, SCHEDULER):
        yield _Context(WARNING, held, SLEEPERS | PRINTS, (found,))
    own = "what printing itself calls"
    if function.name in CONSOLE:
        yield _Context(ERROR, own, PRINTS)
    elif found := _below(case, place, CONSOLE):
        yield _Context(WARNING, own, PRINTS, (found,))
    if irq and irq[0] == CERTAIN:
        yield _Context(WARNING, "interrupts", SLEEPERS, irq[1])


def _below(case: Case, place: Place, roots: frozenset[str]) -> str:
    """The way from one of `roots` to a function; empty where there is none of direct calls."""
    if case.kernel is None:
        return ""
    for name in sorted(roots):
        for root in case.kernel.named(name):
            found = way(case, root, lambda at: at == place.name, _DEEP, lambda at: not quiet(at))
            if found and found[-1].at == (0, place.address):
                return told(name, found)
    return ""


H17 = Rule("H17", check)
