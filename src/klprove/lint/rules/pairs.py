# SPDX-License-Identifier: GPL-2.0-or-later
"""H13 and H19: this patch after others, states, shadow variables."""

from collections.abc import Iterator, Mapping

from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.livepatch import Function, Livepatch
from klprove.lint.rules.bodies import own_data
from klprove.lint.shadows import shadow_ids


def check_after(case: Case) -> Iterator[Finding]:
    """Functions and states of this patch and of those that are in effect before it."""
    new = case.patch
    here = {(each.object, each.name): each for each in new.functions}
    seen: set[tuple[str, str]] = set()
    for old in reversed(case.active):
        if new.name == old.name:
            text = f"has the name of the patch before it: while {old.path} is loaded it is refused"
            yield Finding(ERROR, new.name, text)
        if new.plan.missing or old.plan.missing:
            text = "cannot tell what both patch: functions are not static"
            yield Finding(UNKNOWN, new.name, text)
            continue
        yield from _functions(new, old, here, seen)
        yield from _sets(case, old, here)
        yield from _states(new, old)
        seen |= {(each.object, each.name) for each in old.functions}


_Key = tuple[str, str]


def _functions(
    new: Livepatch, old: Livepatch, here: Mapping[_Key, Function], seen: set[_Key]
) -> Iterator[Finding]:
    """Fixes that are lost, and bodies that go on top; `seen`: what a newer patch has already."""
    there = {(each.object, each.name): each for each in old.functions}
    for key in sorted(here.keys() & there.keys() - seen):
        if not new.plan.replace:
            text = f"{old.name} patches it, too: its fix has to be in this body, which goes on top"
            yield Finding(NOTE if new.plan.replace is None else WARNING, here[key].shown, text)
    for key in sorted(there.keys() - here.keys() - seen):
        if new.plan.replace is not False:
            text = f"{old.name} patches it and this patch does not: its fix is lost{_maybe(new)}"
            yield Finding(WARNING, there[key].shown, text)


def _sets(case: Case, old: Livepatch, here: Mapping[_Key, Function]) -> Iterator[Finding]:
    """Functions of the older patch that share a variable of it, of which this patch has some."""
    new = case.patch
    if old.elf.machine != new.elf.machine or not case.decodable:
        return
    for variable, functions in _sharing(Case(old)).items():
        kept = [each.shown for each in functions if (each.object, each.name) in here]
        left = [each.shown for each in functions if (each.object, each.name) not in here]
        if kept and left:
            fate = "goes back to the kernel's own body" if new.plan.replace else "stays as it is"
            text = (
                f"in {old.name} it shares {variable} with {left[0]}: the two were made to go "
                f"together, and {left[0]} {fate}"
            )
            told = (f"all of them: {', '.join(kept + left)}",)
            yield Finding(WARNING, kept[0], text, evidence=told)


def _sharing(case: Case) -> Mapping[str, list[Function]]:
    """The variables of a patch that several of its new functions use, with these."""
    found: dict[str, list[Function]] = {}
    for function in case.patch.functions:
        if function.new:
            parts = (function.new, *case.fragments(function.new))
            for name in {name for each in parts for name in own_data(case, case.body(each))}:
                found.setdefault(name, []).append(function)
    return {name: users for name, users in sorted(found.items()) if len(users) > 1}


def _maybe(patch: Livepatch) -> str:
    return "" if patch.plan.replace else " if it replaces"


def _states(new: Livepatch, old: Livepatch) -> Iterator[Finding]:
    """What kernel/livepatch/state.c asks (v5.5): klp_is_patch_compatible()."""
    versions = {each.id: each.version for each in new.plan.states}
    for each in old.plan.states:
        where = f"state {each.id}"
        if each.id not in versions:
            if new.plan.replace is not False:
                text = f"{old.name} changes it and this patch does not know it: it is refused"
                yield Finding(ERROR if new.plan.replace else WARNING, where, text + _maybe(new))
        elif versions[each.id] < each.version:
            text = f"version {versions[each.id]} after version {each.version}: it is refused"
            yield Finding(ERROR, where, text)


def check_shadows(case: Case) -> Iterator[Finding]:
    """Shadow variables that nobody frees, or that two patches share."""
    if not case.decodable:
        if any(each.name.startswith("klp_shadow_") for each in case.patch.elf.symbols):
            text = f"cannot tell shadow ids: no decoder for {case.patch.elf.machine}"
            yield Finding(UNKNOWN, case.patch.name, text)
        return
    made, freed, unknown = shadow_ids(case.patch, case.body)
    for number, use in made.items():
        if number not in freed and not unknown:
            text = f"shadow variables of id {number:#x} are made and never freed"
            yield Finding(WARNING, use.where, text, use.offset)
    for old in case.active:
        if old.elf.machine != case.patch.elf.machine:
            continue
        theirs, _, _ = shadow_ids(old, Case(old).body)
        for number in sorted(theirs):
            if number in made:
                text = f"shadow id {number:#x} is made by {old.name}, too: is it the same thing?"
                yield Finding(NOTE, made[number].where, text, made[number].offset)
            elif number not in freed and case.patch.plan.replace is not False:
                text = f"shadow variables of id {number:#x} of {old.name} stay, with nobody's code"
                yield Finding(WARNING, case.patch.name, text + _maybe(case.patch))


H13 = Rule("H13", check_after)
H19 = Rule("H19", check_shadows)
