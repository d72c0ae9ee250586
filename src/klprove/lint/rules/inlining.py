# SPDX-License-Identifier: GPL-2.0-or-later
"""H03: copies of the old code that a compiler made, inlined or with a name of their own."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from klprove.image.dwarf import Call
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule, several
from klprove.lint.livepatch import VMLINUX, Function
from klprove.lint.target import Place, Target

_CLONE = re.compile(r"\.(isra|constprop|part|llvm)\.\d+")
_PART = re.compile(r"\.part\.\d+")
_SETUP = (".init", ".exit", ".meminit")
"""Code that no longer runs when a livepatch can be loaded, or never (of what is built in)."""
_NAMED = 3
"""Hosts that are named in the line itself."""


def check_copies(case: Case) -> Iterator[Finding]:
    """Inlined copies by DWARF, and clones by DWARF or by their names."""
    yield from case.unseen("whether copies of the old functions exist")
    for function, place in case.replaced:
        yield from _inlined(case, function, place)
        yield from _clones(case, function, place)
        if _CLONE.search(function.name):
            text = "is a clone that the compiler made: its parameters may differ from the source's"
            yield Finding(NOTE, function.shown, text)
    for name in dict.fromkeys(place.object for _, place in case.replaced):
        yield from _taken_along(case, name)
        yield from _unknown(case, name)


def _unknown(case: Case, name: str) -> Iterator[Finding]:
    """What the DWARF of an object leaves open."""
    dwarf = case.dwarf(name)
    names = [each.shown for each, place in case.replaced if place.object == name]
    if dwarf is None or not names:
        return
    if isinstance(dwarf.inlines, str):
        text = f"cannot tell whether inlined copies exist: {dwarf.inlines}"
        yield Finding(UNKNOWN, several(names), text)
    elif dwarf.inlines.notes:
        why = "; ".join(dwarf.inlines.notes)
        text = f"cannot tell whether more inlined copies exist: {why}"
        yield Finding(UNKNOWN, several(names), text)


def _inlined(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    dwarf, owner = case.dwarf(place.object), case.owner(place)
    if dwarf is None:
        return
    calls: dict[int, list[Call]] = {}
    for host, call in dwarf.calls(place):
        calls.setdefault(host, []).append(call)
    if not calls and not _CLONE.search(place.name) and dwarf.traceless(place):
        text = "cannot tell where: the compiler inlined it, or says so, and left no record"
        yield Finding(UNKNOWN, function.shown, text)
    left = [host for host in calls if (place.object, host) not in case.patched]
    setup = [host for host in left if _setup(owner, host)]
    left = [host for host in left if host not in setup]
    if left:
        text = f"is also inlined into {_listed(owner, left)}, not patched: the old code runs"
        yield Finding(ERROR, function.shown, text, evidence=_evidence(owner, left, calls))
    if setup:
        text = f"is also inlined into {_listed(owner, setup)}: setup code, which is over"
        yield Finding(NOTE, function.shown, text, evidence=_evidence(owner, setup, calls))


def _taken_along(case: Case, name: str) -> Iterator[Finding]:
    """Functions that the source of the module has again because they are inlined in what it
    replaces: others may have them inside, too. Whether they were changed is not to be seen."""
    dwarf, owner = case.dwarf(name), case.target(name)
    if dwarf is None or owner is None or isinstance(dwarf.inlines, str):
        return
    places = [place for _, place in case.replaced if place.object == name]
    files = {dwarf.inlines.said(each)[1] for place in places for each in dwarf.functions(place)}
    kept: dict[str, Sequence[int]] = {}
    for own in sorted(case.module_types.own_functions - {place.name for place in places}):
        numbers = (e for e in dwarf.inlines.named(own) if dwarf.inlines.said(e)[1] in files)
        hosts = {call.host for e in numbers for call in dwarf.inlines.calls(e)}
        left = [e for e in sorted(hosts) if (name, e) not in case.patched and not _setup(owner, e)]
        if left:
            kept[own] = left
    if kept:
        where = _listed(owner, sorted({host for each in kept.values() for host in each}))
        text = f"has its own {_some([*kept])}: if changed, {where} keep the old code, inlined"
        evidence = tuple(f"{own}: in {_listed(owner, left)}" for own, left in kept.items())
        yield Finding(NOTE, case.patch.name, text, evidence=evidence)


def _evidence(
    owner: Target, hosts: Sequence[int], calls: Mapping[int, Sequence[Call]]
) -> tuple[str, ...]:
    found = (_told(owner, host, call) for host in hosts for call in calls[host])
    return tuple(dict.fromkeys(found))


def _listed(owner: Target, hosts: Sequence[int]) -> str:
    return _some([_name(owner, host) for host in hosts])


def _some(names: Sequence[str]) -> str:
    """`f, g (3 of that name), h and 5 more`."""
    counted = sorted(Counter(names).items())
    told = [name + (f" ({count} of that name)" if count > 1 else "") for name, count in counted]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def _name(owner: Target, address: int) -> str:
    found = owner.at(address)
    return found[0] if found else f"{address:#x}"


def _setup(owner: Target, address: int) -> bool:
    """The host lies in code that has run."""
    homes = (each for each in owner.named(_name(owner, address)) if each.address == address)
    return any(_over(each) for each in homes)


def _over(place: Place) -> bool:
    return place.section.startswith(_SETUP if place.object == VMLINUX else _SETUP[:1])


def _told(owner: Target, host: int, call: Call) -> str:
    """`into HOST through A, B, at file:line`."""
    through = f" through {', '.join(call.through)}" if call.through else ""
    at = f", at {call.file}:{call.line}" if call.file else ""
    return f"into {_name(owner, host)}{through}{at}"


def _clones(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    """Out-of-line copies that the patch leaves alone."""
    owner = case.owner(place)
    left = [each for each in _copies(case, function, place) if not _covered(case, each)]
    split = [each for each in left if _PART.search(each.name)]
    copies = [each for each in left if each not in split]
    if copies:
        text = f"{_names(copies)} is a copy of it and is not patched"
        yield Finding(WARNING, function.shown, text, evidence=_facts(owner, copies))
    if split and not _calls(case, place, split):
        text = f"{_names(split)} holds a part of it that others call"
        yield Finding(WARNING, function.shown, text, evidence=_facts(owner, split))


def _copies(case: Case, function: Function, place: Place) -> Sequence[Place]:
    """By DWARF: code of the same declaration. Else by name, which may take what is a namesake's."""
    owner, dwarf = case.owner(place), case.dwarf(place.object)
    if dwarf and dwarf.entry(place) is not None:
        others = ((each, _name(owner, each)) for each in dwarf.instances(place))
        homes = (each for address, name in others for each in owner.named(name)
                 if each.address == address)  # fmt: skip
        return [
            each
            for each in dict.fromkeys(homes)
            if each.address != place.address and ".cold" not in each.name and not _over(each)
        ]
    names = owner.stems.get(function.name, ())
    clones = (name for name in names if _CLONE.search(name) and not name.endswith(".cold"))
    return [home for name in clones for home in owner.named(name)]


def _calls(case: Case, place: Place, parts: Sequence[Place]) -> bool:
    """Only the function itself reaches its parts, as far as it does so directly."""
    names = {each.name for each in parts}
    return case.decodable and not names - case.old_body(place).callees


def _covered(case: Case, copy: Place) -> bool:
    """The patch replaces it: this very one, or the only one that a wrong position leaves."""
    return (copy.object, copy.address) in case.patched or any(
        each.name == copy.name and each.object == copy.object and case.old(each) is None
        for each in case.patch.functions
    )


def _names(copies: Sequence[Place]) -> str:
    return _some([each.name for each in copies])


def _facts(owner: Target, copies: Sequence[Place]) -> tuple[str, ...]:
    return tuple(f"{each.name}: {owner.told(each)}" for each in copies)


H03 = Rule("H03", check_copies)
