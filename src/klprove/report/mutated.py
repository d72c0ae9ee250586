# SPDX-License-Identifier: GPL-2.0-or-later
"""A campaign of mutants for the formats of the trade: a part for each mutant."""

from klprove import formats
from klprove.mutation import Report, Result
from klprove.mutation.running import CAUGHT, REFUSED, SAME, SURVIVED, UNDECIDED

_RULES = {
    "survived": formats.Rule(
        "no property sees this change",
        "the changed model gives the same answers: what the change breaks is not checked",
        "add a property or a question that sees it, or give the reason why none can "
        "(campaigns/README.md)",
    )
}


def mutants_results(report: Report, heading: str, status: int) -> formats.Results:
    """A file, its mutants as parts: a change that is seen, or that has its reason, passes."""
    files: dict[str, list[formats.Item]] = {}
    for each in report.results:
        files.setdefault(each.mutant.file, []).append(_item(each))
    items = [formats.Item(name, items=tuple(parts)) for name, parts in files.items()]
    if report.interrupted or not items:
        left = f"interrupted: {len(report.results)} of {report.mutants} mutants were looked at"
        items.append(formats.Item("the other mutants", formats.INCOMPLETE, left))
    return formats.Results("mutate", heading, tuple(items), status, _RULES)


def _item(result: Result) -> formats.Item:
    mutant = result.mutant
    name = mutant.name.removeprefix(f"{mutant.file}: ")
    facts = [f"{result.word}: {result.reason.strip()}" if result.reason else result.word]
    facts += [f"{each.code}, {each.steps} steps" for each in result.seen]
    facts += [f"no {each.code} any more" for each in result.gone]
    findings: tuple[formats.Finding, ...] = ()
    if result.word == SURVIVED and not result.reason:
        text = f"{mutant.function}: {mutant.text}"
        survivor = formats.Finding(
            SURVIVED, formats.ERROR, text, mutant.span, key=f"{SURVIVED}: {mutant.name}"
        )
        findings = (survivor,)
    reason = result.reason.strip() or "some search was not complete"
    return formats.Item(name, _outcome(result), reason, findings, tuple(dict.fromkeys(facts)))


def _outcome(result: Result) -> str:
    if result.word in (CAUGHT, SAME) or (result.word == SURVIVED and result.reason):
        return formats.PASS
    return {REFUSED: formats.SKIP, UNDECIDED: formats.INCOMPLETE}.get(result.word, formats.FAIL)
