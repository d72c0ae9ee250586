"""What lint finds in the modules, beside what was judged by hand."""

from collections.abc import Iterator, Sequence

from klprove.lint import Case, Finding, Kernel, lint, read_livepatch
from klprove.lint.finding import UNKNOWN
from klprove.scan import Map
from tests.lint.cves.building import made
from tests.lint.cves.recipe import Recipe, positions

EVERYWHERE = "H30 note"
"""Our builds have no key: told of every module, and judged once."""


def found(recipe: Recipe, kernel: Kernel, contexts: Map) -> tuple[Finding, ...]:
    """All findings of a built module."""
    return lint(Case(read_livepatch(str(made(recipe))), kernel, None, contexts)).findings


def unknown_names(recipe: Recipe, kernel: Kernel) -> Iterator[str]:
    """What the module will look up in vain, or find at more than one address. lint cannot see it:
    the names are only strings to it."""
    for name, position in () if recipe.object else positions(recipe.lookup):
        there = len(kernel.named(name))
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
