# SPDX-License-Identifier: GPL-2.0-or-later
"""H20: modules that are loaded while the patch is there, and that it may keep from loading."""

from collections.abc import Iterator

from klprove.lint.finding import ERROR, NOTE, UNKNOWN, Case, Finding, Rule, several
from klprove.lint.livepatch import VMLINUX, Function, Object, klp_symbol
from klprove.lint.rules.sections import gone
from klprove.lint.target import Target


def check(case: Case) -> Iterator[Finding]:
    """What happens when a patched module is loaded, or goes away."""
    for each in case.patch.plan.objects:
        if each.name == VMLINUX:
            continue
        target = case.target(each.name)
        asked = bool(each.functions or _used(case, each.name))
        if target is None and asked:
            text = f"cannot tell whether it can still be loaded: no --object {each.name}.ko"
            yield Finding(UNKNOWN, each.name, text)
        elif target:
            yield from _refused(case, target, each)
        yield from _callbacks(each)


def _refused(case: Case, target: Target, patched: Object) -> Iterator[Finding]:
    """kernel/livepatch/core.c, klp_module_coming(): what fails there fails the load."""
    bad = [each for each in patched.functions if _fails(case, target, each)]
    used = [name for name in _used(case, target.name) if not target.named(name)]
    names = [each.shown for each in bad] + [f".klp.sym {name}" for name in used]
    if names:
        text = (
            f"{several(names)} cannot be resolved or patched: while this patch is enabled, loading "
            f"{target.name} is refused; where it is loaded already, the patch is"
        )
        yield Finding(ERROR, target.name, text, evidence=tuple(names))


def _used(case: Case, owner: str) -> list[str]:
    """Symbols of an object that the patch refers to."""
    named = (klp_symbol(each.name) for each in case.patch.elf.symbols)
    return [each[1] for each in named if each and each[0] == owner]


def _fails(case: Case, target: Target, function: Function) -> bool:
    place = case.old(function)
    return place is None or not place.code or target.patchable(place) is False or bool(gone(place))


def _callbacks(patched: Object) -> Iterator[Finding]:
    if "pre_patch" in patched.callbacks:
        text = (
            f"runs each time {patched.name} is loaded; if it fails, loading {patched.name} is "
            "refused"
        )
        yield Finding(NOTE, patched.callbacks["pre_patch"], text)


H20 = Rule("H20", check)
