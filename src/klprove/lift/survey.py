# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions of a model can be lifted from a tree, and why not the others."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from klprove.lift.composition import Composed
from klprove.lift.lifted import NAMED, Lifted, lifted
from klprove.lift.modelled import Modelled
from klprove.lift.tree import KernelTree, Place
from klprove.source import Diagnostic, Span

LIFTED, ABSENT, REFUSED = "lifted", "not in this tree", "not lifted"

_FINAL = re.compile(
    r"no member named|unknown type|incomplete|too (?:few|many) arg|conflicting types"
)
"""Complaints that stay when unknown names are supplied; others may only follow from these."""
_MOST_ROUNDS = 60
_DEEPEST = 4
"""Supplied for what is supplied for what is supplied for what is asked for."""

Compose = Callable[[Sequence[Lifted]], Composed]
Attempt = Callable[[Composed], Sequence[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one function of the model."""

    name: str
    word: str
    """`lifted`, `not in this tree` or `not lifted`."""
    place: Span | None = None
    is_macro: bool = False
    reason: str = ""
    at: Span | None = None
    """Where the reason is to be seen."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A tree against a model."""

    entries: tuple[Entry, ...]
    supplied: tuple[Entry, ...]
    """Functions and macros of the tree that lifted text needs and the model does not have."""
    composed: Composed
    diagnostics: tuple[Diagnostic, ...] = ()
    """Of files that cannot be read."""

    @property
    def lifted(self) -> tuple[str, ...]:
        """Names of the model's functions that are lifted."""
        return tuple(each.name for each in self.entries if each.word == LIFTED)

    @property
    def references(self) -> tuple[str, ...]:
        """FILE:NAME of everything that is lifted, as --lift takes it."""
        return tuple(each.reference for each in self.composed.lifted)


@dataclass(slots=True)
class _State:
    tree: KernelTree
    model: Modelled
    parts: dict[str, Lifted] = field(default_factory=dict)
    refused: dict[str, Entry] = field(default_factory=dict)
    sought: set[str] = field(default_factory=set)

    def drop(self, name: str, reason: str, at: Span) -> None:
        part = self.parts.pop(name)
        self.refused[name] = Entry(name, REFUSED, part.span, part.is_macro, reason, at)

    def owner(self, diagnostic: Diagnostic) -> Lifted | None:
        """The part that a complaint is about: it stands there, or what stands there uses it."""
        for each in self.parts.values():
            if each.holds(diagnostic.span):
                return each
        for span, _ in diagnostic.notes:
            for each in self.parts.values():
                if each.holds(span):
                    return each
        line = _line(diagnostic.span)
        for each in self.parts.values():
            if re.search(rf"\b{each.name}\b", f"{line} {diagnostic.text}"):
                return each
        return None


def survey(tree: KernelTree, model: Modelled, compose: Compose, attempt: Attempt) -> Survey:
    """Lift what can be lifted. `attempt` says what is wrong with a composition."""
    state = _State(tree, model)
    places = tree.find(model.named)
    for name in model.named:
        if name in places:
            _enter(state, name, places[name][0])
    composed = compose(tuple(state.parts.values()))
    for _ in range(_MOST_ROUNDS):
        found = attempt(composed)
        if not found:
            break
        if not _settle(state, found):
            _refuse_all(state, found[0], compose, attempt)
        composed = compose(tuple(state.parts.values()))
    else:
        _refuse_all(state, found[0], compose, attempt)
    _prune(state)
    composed = compose(tuple(state.parts.values()))
    entries = tuple(_entry(state, name) for name in model.named)
    extra = tuple(_lifted(each) for each in state.parts.values() if each.name not in model.named)
    return Survey(entries, extra, composed)


def _enter(state: _State, name: str, place: Place, depth: int = 0) -> None:
    part = lifted(state.tree, place, depth)
    if name in state.model.marks:
        reason = f"the model's own reports to its properties: {', '.join(state.model.marks[name])}"
        state.refused[name] = Entry(name, REFUSED, part.span, part.is_macro, reason, part.span)
    elif place.definition.wrong:
        at = Span(part.text.name, place.wrong_line, 1)
        state.refused[name] = Entry(
            name, REFUSED, part.span, part.is_macro, place.definition.wrong, at
        )
    else:
        state.parts[name] = part


def _settle(state: _State, found: Iterable[Diagnostic]) -> bool:
    """Leave out the parts that `found` is about, but for names that the tree may have: add those.
    False where nobody can be blamed."""
    wanted: dict[str, Lifted] = {}
    blamed = False
    for each in found:
        owner = state.owner(each)
        if owner is None:
            continue
        blamed = True
        match = NAMED.search(each.text)
        if match and match[1] not in state.sought and owner.depth < _DEEPEST:
            wanted[match[1]] = owner
        elif owner not in wanted.values() or match or _FINAL.search(each.text):
            state.drop(owner.name, _reason(state, each), each.span)
    _supply(state, {name: each for name, each in wanted.items() if each.name in state.parts})
    return blamed


def _supply(state: _State, wanted: Mapping[str, Lifted]) -> None:
    """Add what the tree has of the names that the parts in `wanted` do not know."""
    new = sorted(wanted.keys() - state.parts.keys() - state.refused.keys())
    state.sought |= wanted.keys()
    places = state.tree.find(new)
    for name in sorted(places):
        _enter(state, name, places[name][0], wanted[name].depth + 1)


def _reason(state: _State, diagnostic: Diagnostic) -> str:
    match = NAMED.search(diagnostic.text)
    if match is None:
        return diagnostic.text
    why = state.refused.get(match[1])
    return f"name {match[1]} unknown" + (f" ({why.reason})" if why else "")


def _refuse_all(state: _State, cause: Diagnostic, compose: Compose, attempt: Attempt) -> None:
    """Nobody can be blamed: keep, one after the other, what goes with what is kept already."""
    tried, state.parts = state.parts, {}
    for name, part in tried.items():
        state.parts[name] = part
        if found := attempt(compose(tuple(state.parts.values()))):
            state.drop(name, _reason(state, found[0]), found[0].span)


def _prune(state: _State) -> None:
    """Leave out what was supplied for a part that is not lifted after all."""
    needed = [name for name in state.parts if name in state.model.named]
    kept = dict.fromkeys(needed)
    while needed:
        for name in sorted(state.parts[needed.pop()].words & state.parts.keys() - kept.keys()):
            kept[name] = None
            needed.append(name)
    state.parts = {name: each for name, each in state.parts.items() if name in kept}


def _entry(state: _State, name: str) -> Entry:
    if name in state.parts:
        return _lifted(state.parts[name])
    return state.refused.get(name) or Entry(name, ABSENT)


def _lifted(part: Lifted) -> Entry:
    return Entry(part.name, LIFTED, part.span, part.is_macro)


def _line(span: Span) -> str:
    """The text of a line of the model."""
    try:
        with open(span.file, encoding="utf-8", errors="replace") as text:
            return text.read().splitlines()[span.line - 1]
    except (OSError, IndexError):
        return ""
