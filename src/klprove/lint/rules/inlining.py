"""H03: copies of the old code that a compiler made, inlined or with a name of their own."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from klprove.image.dwarf import Call, Inlines
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule, several
from klprove.lint.kernel import Kernel
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
    elsewhere = [each.shown for each, place in case.replaced if place.object != VMLINUX]
    if elsewhere:
        text = "cannot tell whether inlined copies exist: the DWARF of modules is not read"
        yield Finding(UNKNOWN, several(elsewhere), text)
    names = [each.shown for each, place in case.replaced if place.object == VMLINUX]
    if not isinstance(case.inlines, Inlines):
        text = f"cannot tell whether inlined copies exist: {case.inlines}"
    elif case.inlines.notes:
        text = f"cannot tell whether more inlined copies exist: {'; '.join(case.inlines.notes)}"
    else:
        return
    if names:
        yield Finding(UNKNOWN, several(names), text)


def _inlined(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    if case.kernel is None or place.object != VMLINUX or not isinstance(case.inlines, Inlines):
        return
    calls: dict[int, list[Call]] = {}
    for number in case.inlines.of(place.address, place.name):
        for call in case.inlines.calls(number):
            calls.setdefault(call.host, []).append(call)
    numbers = case.inlines.of(place.address, place.name)
    if (
        not calls
        and not _CLONE.search(place.name)
        and {*numbers} & {*case.inlines.traceless.tolist()}
    ):
        text = "cannot tell where: the compiler inlined it, or says so, and left no record"
        yield Finding(UNKNOWN, function.shown, text)
    left = [host for host in calls if (VMLINUX, host) not in case.patched]
    setup = [host for host in left if _setup(case.kernel, host)]
    left = [host for host in left if host not in setup]
    evidence = tuple(_told(case.kernel, call) for host in left for call in calls[host])
    if left:
        text = f"is also inlined into {_listed(case.kernel, left)}, not patched: the old code runs"
        yield Finding(ERROR, function.shown, text, evidence=evidence)
    if setup:
        text = f"is also inlined into {_listed(case.kernel, setup)}: setup code, which is over"
        evidence = tuple(_told(case.kernel, call) for host in setup for call in calls[host])
        yield Finding(NOTE, function.shown, text, evidence=evidence)


def _listed(kernel: Kernel, hosts: Sequence[int]) -> str:
    return _some([_name(kernel, host) for host in hosts])


def _some(names: Sequence[str]) -> str:
    """`f, g (3 of that name), h and 5 more`."""
    counted = sorted(Counter(names).items())
    told = [name + (f" ({count} of that name)" if count > 1 else "") for name, count in counted]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def _name(kernel: Kernel, address: int) -> str:
    found = kernel.at(address)
    return found[0] if found else f"{address:#x}"


def _setup(kernel: Kernel, address: int) -> bool:
    """The host lies in code that has run."""
    homes = (each for each in kernel.named(_name(kernel, address)) if each.address == address)
    return any(each.section.startswith(_SETUP) for each in homes)


def _told(kernel: Kernel, call: Call) -> str:
    """`into HOST through A, B; called at file:line`."""
    through = f" through {', '.join(call.through)}" if call.through else ""
    at = f", at {call.file}:{call.line}" if call.file else ""
    return f"into {_name(kernel, call.host)}{through}{at}"


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
    owner = case.owner(place)
    if case.kernel and place.object == VMLINUX and isinstance(case.inlines, Inlines):
        numbers = case.inlines.functions_at(place.address)
        if numbers:
            others = {each for number in numbers for each in case.inlines.instances(number)}
            found = ((each, _name(case.kernel, each)) for each in others - {place.address})
            homes = [(each, name) for each, name in sorted(found) if ".cold" not in name]
            return [
                home
                for address, name in homes
                for home in case.kernel.named(name)
                if home.address == address and not home.section.startswith(_SETUP)
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
    if any(
        each.address == copy.address and each.object == copy.object for _, each in case.replaced
    ):
        return True
    return any(
        each.name == copy.name and each.object == copy.object and case.old(each) is None
        for each in case.patch.functions
    )


def _names(copies: Sequence[Place]) -> str:
    return _some([each.name for each in copies])


def _facts(owner: Target, copies: Sequence[Place]) -> tuple[str, ...]:
    return tuple(f"{each.name}: {owner.told(each)}" for each in copies)


H03 = Rule("H03", check_copies)
