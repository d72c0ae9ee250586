"""What lint finds in the modules, beside what was judged by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from klprove.image.dwarf import Inlines
from klprove.lint import (
    Case,
    Finding,
    Kernel,
    ModuleTarget,
    lint,
    read_livepatch,
    read_object,
)
from klprove.lint.finding import UNKNOWN
from klprove.scan import Map, scan
from klprove.scan.inlining import inlines
from tests.lint.cves.building import made
from tests.lint.cves.fetch import OBJECTS, VMLINUX
from tests.lint.cves.recipe import Recipe, positions

EVERYWHERE = "H30 note"
"""Our builds have no key: told of every module, and judged once."""


@dataclass(frozen=True)
class Target:
    """The kernel that the patches are for, and what was read of it."""

    kernel: Kernel
    contexts: Map
    inlined: Inlines
    objects: Mapping[str, ModuleTarget]


def target() -> Target:
    """Read it (half a minute the first time, then from the cache)."""
    path = str(VMLINUX)
    objects = {each.stem: read_object(str(each)) for each in OBJECTS.glob("*.ko")}
    return Target(Kernel(path), scan(path), inlines(path), objects)


def found(recipe: Recipe, to: Target) -> tuple[Finding, ...]:
    """All findings of a built module."""
    patch = read_livepatch(str(made(recipe)))
    objects = {each: to.objects[each] for each in to.objects if each == recipe.object}
    case = Case(patch, to.kernel, (), to.contexts, objects, inlines=to.inlined)
    return lint(case).findings


def unknown_names(recipe: Recipe, to: Target) -> Iterator[str]:
    """What the module will look up in vain, or find at more than one address. lint cannot see it:
    the names are only strings to it."""
    for name, position in positions(recipe.lookup):
        there = len(to.kernel.named(name))
        there += len(to.objects[recipe.object].named(name)) if recipe.object else 0
        if there < max(position, 1) or (there > 1 and not position):
            yield f"{name} is looked up, and {there} symbols have this name"


def told(finding: Finding) -> str:
    """A finding as recipes name it: rule, severity, place without the offset."""
    return f"{finding.rule} {finding.severity} {finding.where}"


def differences(findings: Sequence[Finding], recipe: Recipe) -> Iterator[str]:
    """Findings that nobody judged, judged ones that are not found any more, and rules that answer
    now or do so no longer."""
    here = {told(each) for each in findings if each.severity != UNKNOWN}
    here = {each for each in here if not each.startswith(EVERYWHERE)}
    known = {each.finding for each in recipe.judged}
    yield from (f"not judged: {each}" for each in sorted(here - known))
    yield from (f"not found any more: {each}" for each in sorted(known - here))
    open_now = {each.rule for each in findings if each.severity == UNKNOWN}
    yield from (f"cannot tell: {each}" for each in sorted(open_now - set(recipe.unanswered)))
    yield from (f"answers now: {each}" for each in sorted(set(recipe.unanswered) - open_now))
