# SPDX-License-Identifier: GPL-2.0-or-later
"""H02: what the old body takes and gives back, beside the new one."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from klprove.lint.arguments import argument_of
from klprove.lint.finding import NOTE, WARNING, Case, Finding, Rule
from klprove.lint.flow import Family, Flow, Held, flow_of, new_flow
from klprove.lint.livepatch import Function
from klprove.lint.rules.bodies import both
from klprove.lint.rules.names import DEAD
from klprove.lint.target import Place

_TABLES = tomllib.loads((Path(__file__).parent / "balance.toml").read_text(encoding="ascii"))


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is taken and given back. `lock`: on each way through the code; `mode`: how,
    where there are two ways to take one thing, and `thing` is what both are called."""

    thing: str
    mode: str
    lock: bool
    family: Family


def _kind(table: Mapping[str, Any]) -> Kind:
    names = [frozenset(table.get(each, ())) for each in ("takes", "gives", "tries", "fails")]
    mode, _, thing = table["name"].partition(" ") if "mode" in table else ("", "", table["name"])
    return Kind(thing, mode, table.get("lock", False), Family(*names))


KINDS = tuple(_kind(each) for each in _TABLES["family"])
_THINGS = tuple(
    tuple(each) for _, each in groupby(KINDS, key=lambda kind: (kind.thing, bool(kind.mode)))
)


class _Side:
    """One body: what it does with each kind."""

    def __init__(self, case: Case, flow: Flow) -> None:
        self.case, self.flow = case, flow

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(each.name for each in self.flow.uses.values())

    def does(self, kind: Kind) -> str:
        return _does(self.names, kind.family)

    def held(self, kind: Kind) -> Held | None:
        return self.flow.held(kind.family)

    def locks(self, kind: Kind) -> Mapping[str, str]:
        """By argument, what is done with it; empty where one is not seen."""
        found: dict[str, set[str]] = {}
        for at, use in self.flow.calls(kind.family.all_takes | kind.family.gives):
            found.setdefault(argument_of(self.case, self.flow, at), set()).add(use.name)
        if "" in found:
            return {}
        return {lock: _does(frozenset(names), kind.family) for lock, names in found.items()}

    def calls(self, kinds: Sequence[Kind]) -> str:
        known = frozenset[str]().union(
            *(each.family.all_takes | each.family.gives for each in kinds)
        )
        return ", ".join(sorted(self.names & known)) or "none"


def _does(names: frozenset[str], family: Family) -> str:
    taken, given = bool(names & family.all_takes), bool(names & family.gives)
    return "both" if taken and given else "takes" if taken else "gives" if given else ""


_SAYS = {
    "": "does neither take nor give it back",
    "takes": "takes it",
    "gives": "gives it back",
    "both": "takes it and gives it back",
}


def check(case: Case) -> Iterator[Finding]:
    """What is taken without being given back, before and after."""
    yield from both(case, "whether locks and references stay balanced", _compare)


def _compare(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    assert function.new is not None
    old = _Side(case, flow_of(case, place, DEAD))
    new = _Side(case, new_flow(case, function.new, DEAD))
    for kinds in _THINGS:
        told = (f"old: {old.calls(kinds)}", f"new: {new.calls(kinds)}")
        for severity, text in _thing(old, new, kinds):
            yield Finding(severity, function.shown, text, evidence=told)


def _thing(old: _Side, new: _Side, kinds: Sequence[Kind]) -> Iterator[tuple[str, str]]:
    changed = _mode(old, new, kinds) if len(kinds) == 2 else None
    if changed:
        yield changed
        return
    for kind in kinds:
        before, after = old.does(kind), new.does(kind)
        name = f"{kind.mode} {kind.thing}".strip()
        if before != after and {"takes", "gives"} & {before, after}:
            yield WARNING, f"{name}: the old body {_SAYS[before]}, the new one {_SAYS[after]}"
        elif kind.lock and after == "both":
            yield from ((WARNING, f"{name}: {text}") for text in _ways(old, new, kind))
            yield from ((WARNING, f"{name}: {text}") for text in _arguments(old, new, kind))


def _mode(old: _Side, new: _Side, kinds: Sequence[Kind]) -> tuple[str, str] | None:
    """A thing that the old body takes or gives back in one mode and the new one in the other."""
    before = [each for each in kinds if old.does(each)]
    after = [each for each in kinds if new.does(each)]
    if len(before) != 1 or len(after) != 1 or before == after:
        return None
    (was,), (now,) = before, after
    text = (
        f"{was.thing}: the old body {_SAYS[old.does(was)]} for {_DOING[was.mode]}, "
        f"the new one {_SAYS[new.does(now)]} for {_DOING[now.mode]}"
    )
    own = all(
        side.does(kind) == "both" and (held := side.held(kind)) and held == Held(frozenset((0,)), 0)
        for side, kind in ((old, was), (new, now))
    )
    return (NOTE if own else WARNING), text


_DOING = {"read": "reading", "write": "writing"}


def _ways(old: _Side, new: _Side, kind: Kind) -> Iterator[str]:
    """Ways through the new body that leave more or less than was there; the old one has none."""
    before, after = old.held(kind), new.held(kind)
    if before is None or after is None or before != Held(frozenset((0,)), 0):
        return
    ends = after.ends - {0}
    if ends and min(ends) > 0:
        yield "a way through the new body returns with it held, none through the old one does"
    elif ends and max(ends) < 0:
        yield "a way through the new body gives back what it did not take, none through the old one"
    elif not ends and after.lowest < 0:
        yield "the new body gives back for a while what its caller holds, the old one does not"


def _arguments(old: _Side, new: _Side, kind: Kind) -> Iterator[str]:
    """Another lock is given back than is taken, or a copy of the old one is taken."""
    before, after = old.locks(kind), new.locks(kind)
    takes = sorted(lock for lock, does in after.items() if does == "takes")
    gives = sorted(lock for lock, does in after.items() if does == "gives")
    if takes and gives and "takes" not in before.values():
        yield f"the new body takes {takes[0]} and gives back {gives[0]}"
    kernels = {lock for lock in before if not lock.startswith("+")}
    own = sorted(after.keys() & new.case.patch.variables)
    if kernels and own and not kernels & (after.keys() - set(own)):
        yield (
            f"the old body takes {min(kernels)}, the new one {own[0]}, a variable of the module: "
            "they do not keep each other out"
        )


H02 = Rule("H02", check)
