# SPDX-License-Identifier: GPL-2.0-or-later
"""H24 and H05: functions that are gone, or that ftrace cannot reach."""

from collections.abc import Iterator

from klprove.lint.finding import ERROR, UNKNOWN, Case, Finding, Rule
from klprove.lint.livepatch import VMLINUX
from klprove.lint.target import Place

_GONE = {
    ".init": "freed once the kernel has booted",
    ".exit": "dropped in a built-in driver",
    ".altinstr": "a replacement text: it is copied elsewhere",
    ".vdso": "code of user space",
    ".discard": "not in the running kernel",
    ".realmode": "code of real mode",
    ".rodata": "data: the image of another program",
}


def gone(place: Place) -> str:
    """Why no running kernel has the function; empty where it has."""
    if place.object != VMLINUX:
        return "freed once the module is loaded" if place.section.startswith(".init") else ""
    return next((why for start, why in _GONE.items() if place.section.startswith(start)), "")


def check_section(case: Case) -> Iterator[Finding]:
    """The section that the old function is in."""
    yield from case.unseen("which section the old functions are in")
    for function, place in case.replaced:
        why = gone(place)
        if place.code and why:
            yield Finding(ERROR, function.shown, f"is in {place.section}, {why}")


def check_site(case: Case) -> Iterator[Finding]:
    """The entry of the old function."""
    yield from case.unseen("whether the old functions have an ftrace site")
    for function, place in case.replaced:
        owner = case.owner(place)
        patchable = owner.patchable(place)
        if not place.code or gone(place):
            continue
        if patchable is None:
            text = (
                f"cannot tell whether it has an ftrace site: {owner.path} does not hold the table"
            )
            yield Finding(UNKNOWN, function.shown, text)
        elif not patchable:
            text = f"has no ftrace site at its entry{_why(place)}: the patch is refused"
            evidence = (f"{place.name}: {owner.told(place)}",)
            yield Finding(ERROR, function.shown, text, evidence=evidence)


def _why(place: Place) -> str:
    part = place.section.partition("/")[2]
    if part == "noinstr":
        return " (noinstr)"
    if part in ("entry", "cpuidle", "kprobes", "sched"):
        return f" (section {part})"
    if ".cold" in place.name:
        return " (the cold part of a function)"
    return " (notrace, assembly, or compiled without -pg)"


H24 = Rule("H24", check_section)
H05 = Rule("H05", check_site)
