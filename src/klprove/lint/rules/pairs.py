"""H13, H14 and H19: this patch after another, callbacks, states, shadow variables."""

from collections.abc import Iterator

from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.livepatch import Livepatch
from klprove.lint.shadows import shadow_ids


def check_after(case: Case) -> Iterator[Finding]:
    """Functions and states of two patches."""
    if case.after is None:
        return
    new, old = case.patch, case.after
    if new.name == old.name:
        text = f"has the name of the patch before it: while {old.path} is loaded it is refused"
        yield Finding(ERROR, new.name, text)
    if new.plan.missing or old.plan.missing:
        yield Finding(UNKNOWN, new.name, "cannot tell what both patch: functions are not static")
        return
    here = {(each.object, each.name): each for each in new.functions}
    there = {(each.object, each.name): each for each in old.functions}
    for key in sorted(here.keys() & there.keys()):
        if not new.plan.replace:
            text = f"{old.name} patches it, too: its fix has to be in this body, which goes on top"
            yield Finding(NOTE if new.plan.replace is None else WARNING, here[key].shown, text)
    for key in sorted(there.keys() - here.keys()):
        if new.plan.replace is not False:
            text = f"{old.name} patches it and this patch does not: its fix is lost{_maybe(new)}"
            yield Finding(WARNING, there[key].shown, text)
    yield from _states(new, old)


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


def check_callbacks(case: Case) -> Iterator[Finding]:
    """Callbacks without their counterpart, and those that a replacement leaves out."""
    for each in case.patch.plan.objects:
        does = [kind for kind in ("pre_patch", "post_patch") if kind in each.callbacks]
        if does and not {"pre_unpatch", "post_unpatch"} & set(each.callbacks):
            name = each.callbacks[does[0]]
            text = f"{does[0]} of {each.name} has no pre_unpatch or post_unpatch that undoes it"
            yield Finding(WARNING, name, text)
    if case.after is None or case.patch.plan.replace is False:
        return
    known = {each.id for each in case.patch.plan.states}
    shared = known & {each.id for each in case.after.plan.states}
    for each in case.after.plan.objects:
        for kind in ("pre_unpatch", "post_unpatch"):
            if kind in each.callbacks:
                text = f"{kind} of {case.after.name} does not run when it is replaced"
                more = f"; state {min(shared)} is in both" if shared else _maybe(case.patch)
                severity = NOTE if shared else WARNING
                yield Finding(severity, each.callbacks[kind], text + more)


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
    if case.after is None or case.after.elf.machine != case.patch.elf.machine:
        return
    theirs, _, _ = shadow_ids(case.after, Case(case.after).body)
    for number in sorted(theirs):
        if number in made:
            text = f"shadow id {number:#x} is made by {case.after.name}, too: is it the same thing?"
            yield Finding(NOTE, made[number].where, text, made[number].offset)
        elif number not in freed and case.patch.plan.replace is not False:
            text = (
                f"shadow variables of id {number:#x} of {case.after.name} stay, with nobody's code"
            )
            yield Finding(WARNING, case.patch.name, text + _maybe(case.patch))


H13 = Rule("H13", check_after)
H14 = Rule("H14", check_callbacks)
H19 = Rule("H19", check_shadows)
