# SPDX-License-Identifier: GPL-2.0-or-later
"""What the programs of one unit have in common, whatever is patched in them.

A livepatch changes the code of the contexts in which the patched function runs, and no other. Code
that was lowered with nothing patched is taken again wherever a fresh lowering would come to the
same: no function of the context is patched, and what it asked of the layout is answered as before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from klprove.c import FunctionDecl, Unit
from klprove.ir.program import Context
from klprove.lower.layout import Layout, Request
from klprove.lower.survey import Survey
from klprove.lower.usage import Usage
from klprove.lower.world import Options


@dataclass(frozen=True)
class Kept:
    """A context as it is with nothing patched."""

    context: Context
    entered: frozenset[str]
    """Functions that __fentry__ would run in, were they patched."""
    requests: tuple[Request, ...]
    """What its lowering asked of the layout, in order, with the answers."""


class Shared:
    """What is kept of a unit, for `options` with whatever is patched."""

    def __init__(self, unit: Unit, options: Options) -> None:
        self.unit = unit
        self.usages: dict[str, Usage] = {}
        self.contexts: dict[tuple[str, int], Kept] = {}
        """By function and CPU."""
        self._options = _unpatched(options)
        self._surveys: dict[tuple[str, ...], Survey] = {}

    def fits(self, unit: Unit, options: Options) -> bool:
        """True where a program of `unit` with `options` may be made of what is kept here."""
        return unit is self.unit and _unpatched(options) == self._options

    def survey(self, roots: Iterable[FunctionDecl]) -> Survey:
        """What `roots` can reach."""
        wanted = list(roots)
        key = tuple(each.name for each in wanted)
        if key not in self._surveys:
            self._surveys[key] = Survey(self.unit).reach(reversed(wanted))
        return self._surveys[key]

    def context(
        self, function: str, cpu: int, patched: frozenset[str], layout: Layout
    ) -> Context | None:
        """The context that `function` is on `cpu`; None where it has to be lowered."""
        kept = self.contexts.get((function, cpu))
        if kept is None or kept.entered & patched or not layout.repeats(kept.requests):
            return None
        return kept.context


def _unpatched(options: Options) -> Options:
    return replace(options, patched=frozenset(), until=None)
