# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running kernel was seen to do beside its map, for the formats of the trade."""

from collections.abc import Iterator, Sequence

from klprove import formats
from klprove.lab import WAYS_OF_CALL, Comparison, Missing, Seen
from klprove.report.scan import label
from klprove.report.seen import line_of
from klprove.report.wrapping import count
from klprove.scan import QUESTIONS, Map

_PATCHABLE = "patchable"
_RULES = {
    question: formats.Rule(
        f"seen and not in the map: {text}",
        "the map has to contain all that was seen; what it lacks here it may lack elsewhere",
        "klprove scan VMLINUX --why F; docs/lab.md",
    )
    for question, text in {**QUESTIONS, _PATCHABLE: "can be livepatched"}.items()
}


def observed_results(
    found: Map, seen: Seen, compared: Comparison, calls: Sequence[str], status: int
) -> formats.Results:
    """A part for each question that the map answers or leaves open."""
    missing: dict[str, list[formats.Finding]] = {}
    for each, call in zip(compared.missing, calls, strict=True):
        missing.setdefault(each.question, []).append(_finding(found, each, call))
    items = tuple(_questions(found, compared, missing))
    word = "UNSOUND" if compared.missing else "OBSERVED"
    said = f"klprove: {word} {seen.release} {count(len(seen.runs), 'machine')}"
    return formats.Results("observe", said, items, status, _RULES)


def _questions(
    found: Map, compared: Comparison, missing: dict[str, list[formats.Finding]]
) -> Iterator[formats.Item]:
    yield _item(_PATCHABLE, missing, f"{count(compared.functions, 'function')} seen")
    for question, text in QUESTIONS.items():
        if question in found.open:
            yield formats.Item(question, formats.INCOMPLETE, found.open[question])
        elif question in compared.shares:
            share = compared.shares[question]
            told = f"{text}: {sum(share.seen):,} of {sum(share.mapped):,} in the map were seen"
            yield _item(question, missing, told)
        else:
            yield formats.Item(question, formats.SKIP, "is not seen at a function's entry")


def _item(question: str, missing: dict[str, list[formats.Finding]], told: str) -> formats.Item:
    lacking = tuple(missing.get(question, ()))
    outcome = formats.FAIL if lacking else formats.PASS
    return formats.Item(question, outcome, "", lacking, (told,))


def _finding(found: Map, missing: Missing, call: str) -> formats.Finding:
    name = label(found, missing.function) if missing.function >= 0 else f"{missing.site:#x}"
    text = f"{line_of(found, missing)}; {WAYS_OF_CALL[call]}"
    key = f"{missing.question}: {name}"
    return formats.Finding(missing.question, formats.ERROR, text, where=name, key=key)
