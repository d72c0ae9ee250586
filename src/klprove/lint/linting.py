# SPDX-License-Identifier: GPL-2.0-or-later
"""The job: every rule over one case, and what is already known taken out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from klprove.lint.finding import ERROR, SEVERITIES, UNKNOWN, WARNING, Case, Finding
from klprove.lint.rules import RULES
from klprove.lint.waivers import Waiver


@dataclass(frozen=True, slots=True)
class Report:
    """What came out. `findings`: worst first, then by rule; `waived`: each with the reason;
    `known`: how many are in the baseline; `unused`: waivers that nothing matches."""

    case: Case
    findings: tuple[Finding, ...]
    waived: tuple[tuple[Finding, Waiver], ...]
    known: int
    unused: tuple[Waiver, ...]

    @property
    def exit_status(self) -> int:
        """1 with an error or a warning, else 3 where something cannot be told, else 0."""
        found = {each.severity for each in self.findings}
        if found & {ERROR, WARNING}:
            return 1
        return 3 if UNKNOWN in found else 0


def lint(
    case: Case,
    rules: Sequence[str] = (),
    waivers: Sequence[Waiver] = (),
    baseline: Iterable[str] = (),
) -> Report:
    """Ask `rules` (none named: all) about `case`; `baseline` holds keys of findings that are not
    told again."""
    found = [
        replace(each, rule=rule.id)
        for rule in RULES.values()
        if not rules or rule.id in rules
        for each in (*rule.check(case), *_damage(case, rule.id))
    ]
    found = sorted(dict.fromkeys(found), key=_rank)
    old = frozenset(baseline)
    new = [each for each in found if each.key not in old]
    waived = [(each, waiver) for each in new if (waiver := _waiver(waivers, each))]
    kept = [each for each in new if not _waiver(waivers, each)]
    used = {waiver for _, waiver in waived}
    unused = tuple(each for each in waivers if each not in used)
    return Report(case, tuple(kept), tuple(waived), len(found) - len(new), unused)


def _damage(case: Case, rule: str) -> list[Finding]:
    """A damaged module is told once, under the rule about what the patch names."""
    if rule != "H12":
        return []
    text = "cannot tell what depends on this section: the file does not hold it whole"
    return [Finding(UNKNOWN, each, text) for each in case.patch.elf.damaged]


def _rank(finding: Finding) -> tuple[int, str, str, int]:
    return SEVERITIES.index(finding.severity), finding.rule, finding.where, finding.offset or 0


def _waiver(waivers: Sequence[Waiver], finding: Finding) -> Waiver | None:
    return next((each for each in waivers if each.covers(finding)), None)
