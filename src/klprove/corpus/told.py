# SPDX-License-Identifier: GPL-2.0-or-later
"""The outcome for the formats of the trade: an entry, its models as parts."""

from collections.abc import Iterator

from klprove import formats
from klprove.corpus.folders import Entry
from klprove.corpus.result import OPEN, REFUSED, RIGHT, UNJUDGED, WRONG, Judged, Outcome
from klprove.corpus.table import summary
from klprove.report import command_line, command_words
from klprove.source import Span

_OUTCOMES = {
    RIGHT: formats.PASS,
    WRONG: formats.FAIL,
    REFUSED: formats.INCOMPLETE,
    OPEN: formats.INCOMPLETE,
    UNJUDGED: formats.SKIP,
}
_REASONS = {
    REFUSED: "cannot be checked",
    OPEN: "not decided",
    UNJUDGED: "asked under another memory model",
}
_RULES = {
    "expected": formats.Rule(
        "the answer is not what the head of the model says",
        "a change of klprove or of the model has changed what is found",
        "read the difference; where the new answer is right, change the head (docs/corpus.md)",
    )
}


def corpus_results(outcome: Outcome, seconds: bool = False) -> formats.Results:
    """Every entry; with `seconds`, how long each model took."""
    items = tuple(_entry(entry, models, seconds) for entry, models in outcome.entries)
    return formats.Results("corpus", summary(outcome), items, outcome.exit_status, _RULES)


def _entry(entry: Entry, models: tuple[Judged, ...], seconds: bool) -> formats.Item:
    facts = (f"fix: {entry.cited}",) if entry.cited else ()
    parts = tuple(_model(each, seconds) for each in models)
    return formats.Item(entry.name, facts=facts, items=parts)


def _model(judged: Judged, seconds: bool) -> formats.Item:
    return formats.Item(
        judged.model.name,
        _OUTCOMES[judged.outcome],
        _reason(judged),
        tuple(_findings(judged)),
        tuple(_facts(judged)),
        judged.result.seconds if judged.result and seconds else None,
    )


def _reason(judged: Judged) -> str:
    reason = _REASONS.get(judged.outcome, "")
    if judged.outcome in (OPEN, REFUSED) and judged.differences:
        return f"{reason}: {judged.differences[-1]}"
    return reason


def _facts(judged: Judged) -> Iterator[str]:
    result = judged.result
    if result is not None and not result.diagnostics:
        steps = f", {result.steps} steps" if result.steps else ""
        yield f"{result.text()}, {result.states} states{steps}"
    if judged.outcome == RIGHT:
        return
    yield f"expected {judged.model.expected.text()}"
    if judged.outcome in (WRONG, OPEN):
        if judged.outcome == OPEN:
            yield from judged.differences
        question = judged.model.expected.question(judged.model.path)
        yield command_line(command_words(question))


def _findings(judged: Judged) -> Iterator[formats.Finding]:
    if judged.result is not None:
        for each in judged.result.diagnostics:
            yield formats.Finding(each.code, formats.ERROR, each.text, each.span)
    if judged.outcome == WRONG:
        place = Span(str(judged.model.path), 1, 1)
        for text in judged.differences:
            key = f"expected: {judged.model.entry}/{judged.model.name}"
            yield formats.Finding("expected", formats.ERROR, text, place, key=key)
