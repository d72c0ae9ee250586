# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of a kernel image for the formats of the trade: a part for each question to it."""

from collections.abc import Iterator, Sequence

from klprove import formats
from klprove.report.scan import heading, label
from klprove.report.wrapping import count
from klprove.scan import GRADES, QUESTIONS, REASONS, Change, Map

_SITE, _UNKNOWN = "site", "unknown"
_HELP = "klprove scan VMLINUX --why F says how a function F is reached"
_PATCHABLE = "patchable"
_RULES = {
    _PATCHABLE: formats.Rule("can be livepatched", "the function has an ftrace site"),
    **{
        question: formats.Rule(
            text, f"livepatch code may run there: {text}", "klprove scan --why F"
        )
        for question, text in QUESTIONS.items()
    },
}


def _told(found: Map, items: Sequence[formats.Item], status: int) -> formats.Results:
    return formats.Results("scan", heading(found), tuple(items), status, _RULES)


def summary_results(found: Map, status: int) -> formats.Results:
    """How many functions get which answer."""
    able = found.patch.count(_SITE)
    facts = (f"{count(able, 'function')} of {len(found.names):,}",)
    items = [_item(_PATCHABLE, _PATCHABLE, _unpatched(found), facts=facts)]
    for question in QUESTIONS:
        grades = [step.grade for step in found.reached.get(question, {}).values()]
        counted = tuple(f"{grade}: {grades.count(n):,}" for n, grade in enumerate(GRADES))
        items.append(_item(question, QUESTIONS[question], _open(found, question), facts=counted))
    return _told(found, items, status)


def patchable_results(found: Map, status: int) -> formats.Results:
    """Every function that can be livepatched."""
    able = (index for index, word in enumerate(found.patch) if word == _SITE)
    findings = tuple(_finding(_PATCHABLE, found, index, REASONS[_SITE]) for index in able)
    return _told(found, [_item(_PATCHABLE, _PATCHABLE, _unpatched(found), findings)], status)


def listing_results(
    found: Map, question: str, grade: int, every: bool, status: int
) -> formats.Results:
    """The functions that a question reaches, each with its path; all, or patchable ones only."""
    reached = () if question in found.open else found.list(question, grade)
    chosen = [index for index in reached if every or found.patch[index] == _SITE]
    findings = tuple(_reached(found, question, index) for index in chosen)
    item = _item(question, QUESTIONS[question], _open(found, question), findings)
    return _told(found, [item], status)


def why_results(found: Map, indices: Sequence[int], status: int) -> formats.Results:
    """All that is known about some functions: a part for each question."""
    return _told(found, [_why(found, index) for index in indices], status)


def gone_results(found: Map, function: str, text: str, status: int) -> formats.Results:
    """A function that was inlined everywhere: it has no entry that could be asked about."""
    facts = tuple(filter(None, map(str.strip, text.splitlines())))
    return _told(found, [formats.Item(function, formats.SKIP, "inlined", facts=facts)], status)


def _why(found: Map, index: int) -> formats.Item:
    word = found.patch[index]
    reason = REASONS[word] if word == _UNKNOWN else ""
    parts = [_item(_PATCHABLE, _PATCHABLE, reason, facts=(REASONS[word],))]
    for question, text in QUESTIONS.items():
        path = found.path_to(question, index)
        findings = (_reached(found, question, index),) if path else ()
        facts = () if path else ("not reached: no path was found that would show it",)
        parts.append(_item(question, text, _open(found, question), findings, facts))
    return formats.Item(label(found, index), items=tuple(parts))


def differences_results(
    before: Map, after: Map, changes: Sequence[Change], status: int
) -> formats.Results:
    """What differs from one image to another: a note for each function that came or went."""
    items = [
        _item(each.about, QUESTIONS.get(each.about, "can be livepatched"), each.open,
              tuple(_changed(each)))
        for each in changes
    ]  # fmt: skip
    said = f"klprove: COMPARED {before.release or 'unknown'} with {after.release or 'unknown'}"
    return formats.Results("scan", said, tuple(items), status, _RULES)


def counts_results(
    found: Map, counted: Sequence[tuple[str, int, int]], status: int
) -> formats.Results:
    """Numbers of an image."""
    why = "; ".join(found.open.values())
    items = []
    for text, every, able in counted:
        facts = (f"{every:,}", *((f"{able:,} of them patchable",) if able >= 0 else ()))
        items.append(formats.Item(text.strip() or "all", facts=facts))
    if why:
        items.append(formats.Item("what is left open", formats.INCOMPLETE, why))
    return _told(found, items, status)


def _open(found: Map, question: str) -> str:
    """Why there is no answer; empty where there is one."""
    if question in found.open:
        return found.open[question]
    return "" if question in found.reached else "not looked for"


def _unpatched(found: Map) -> str:
    return REASONS[_UNKNOWN] if _UNKNOWN in found.patch else ""


def _item(
    name: str,
    text: str,
    why: str,
    findings: tuple[formats.Finding, ...] = (),
    facts: tuple[str, ...] = (),
) -> formats.Item:
    outcome = formats.INCOMPLETE if why else formats.PASS
    asked = () if text == name else (text,)
    return formats.Item(name, outcome, why, findings, (*asked, *facts))


def _finding(
    code: str, found: Map, index: int, text: str, path: tuple[formats.Call, ...] = ()
) -> formats.Finding:
    where = label(found, index)
    return formats.Finding(code, formats.NOTE, text, where=where, key=f"{code}: {where}", path=path)


def _reached(found: Map, question: str, index: int) -> formats.Finding:
    path = found.path_to(question, index)
    grade = GRADES[path[-1][1].grade]
    calls = tuple(formats.Call(label(found, each), step.how) for each, step in path)
    return _finding(question, found, index, f"{QUESTIONS[question]}: {grade}", calls)


def _changed(change: Change) -> Iterator[formats.Finding]:
    for text, names in (("no more", change.gone), ("new", change.come)):
        for name in names:
            key = f"{change.about}: {text}: {name}"
            yield formats.Finding(change.about, formats.NOTE, text, where=name, key=key)
