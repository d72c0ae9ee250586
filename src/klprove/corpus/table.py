# SPDX-License-Identifier: GPL-2.0-or-later
"""The outcome for people: a row a model, what is wrong below it, a line that counts."""

from collections.abc import Iterator

from klprove.corpus.folders import Entry
from klprove.corpus.result import OPEN, REFUSED, RIGHT, UNJUDGED, WRONG, Judged, Outcome
from klprove.report import command_line, command_words, fold

_NAME, _MODEL, _ANSWER, _STATES, _STEPS, _SECONDS = 29, 15, 19, 10, 6, 8
_WIDTH = 79


def table(outcome: Outcome, seconds: bool = False) -> str:
    """Lines of at most 79 columns (87 with `seconds`, the only part that differs between runs), but
    for commands, which stand on a line of their own."""
    lines = [_row("twin", "model", "answer", "states", "steps", "seconds" if seconds else "")]
    for entry, models in outcome.entries:
        lines += _entry(entry, models, seconds)
    return "\n".join([*lines, "", *fold(summary(outcome), _WIDTH, "  ")])


def _entry(entry: Entry, models: tuple[Judged, ...], seconds: bool) -> Iterator[str]:
    """The name beside the first model, what it cites beside the second."""
    names = [plain(entry.name), f"  {plain(entry.cited)}".rstrip()]
    if len(names[0]) >= _NAME:
        yield names[0][:_WIDTH]
        names[0] = ""
        names.sort(reverse=True)
    for place, each in enumerate(models):
        yield from _model(names[place] if place < len(names) else "", each, seconds)
    if len(models) < 2 and names[1]:
        yield names[1]


def _model(name: str, judged: Judged, seconds: bool) -> Iterator[str]:
    result, model = judged.result, judged.model
    if result is None:
        yield _row(name, model.name, "not run", "", "", "")
        return
    states = f"{result.states:,}" if not result.diagnostics else ""
    answer = fold(plain(result.text()), _ANSWER - 2)
    took = f"{result.seconds:.2f}" if seconds else ""
    yield _row(name, model.name, answer[0], states, str(result.steps or ""), took)
    for more in answer[1:]:
        yield " " * (_NAME + _MODEL) + more
    if judged.outcome in (WRONG, OPEN):
        yield from _what_is_wrong(judged)
    elif judged.outcome == REFUSED:
        yield from fold(f"  REFUSED: {plain(judged.differences[0])}", _WIDTH, "    ")
    elif judged.outcome == UNJUDGED and judged.differences:
        expected = model.expected
        yield from fold(
            f"  under {judged.memory_model}; {expected.text()} under {expected.memory_model}",
            _WIDTH, "    ",
        )  # fmt: skip


def _what_is_wrong(judged: Judged) -> Iterator[str]:
    for each in judged.differences:
        yield from fold(f"  {judged.outcome.upper()}: {plain(each)}", _WIDTH, "    ")
    question = judged.model.expected.question(judged.model.path)
    yield f"  $ {command_line(command_words(question))}"


def _row(name: str, model: str, answer: str, states: str, steps: str, seconds: str) -> str:
    cells = (
        name.ljust(_NAME),
        plain(model).ljust(_MODEL),
        answer.ljust(_ANSWER),
        states.rjust(_STATES),
        steps.rjust(_STEPS),
        seconds.rjust(_SECONDS) if seconds else "",
    )
    return "".join(cells).rstrip()


def summary(outcome: Outcome) -> str:
    """One line that counts the models by outcome."""
    counts = outcome.counts
    models = outcome.judged
    entries = len(outcome.entries)
    parts = [f"{counts[RIGHT]} right"]
    parts += [f"{counts[word]} {word}" for word in (WRONG, REFUSED, OPEN) if counts[word]]
    if counts[UNJUDGED]:
        differ = sum(bool(each.differences) for each in models if each.outcome == UNJUDGED)
        parts.append(f"{counts[UNJUDGED]} not judged, of which {differ} differ from their head")
    text = f"klprove: {entries} {_twins(entries)}, {len(models)} models: {', '.join(parts)}"
    if outcome.interrupted:
        text += "; interrupted"
    return text


def plain(text: str) -> str:
    """`text` as printable ASCII on one line, whatever a file is called."""
    return text.encode("unicode_escape").decode()


def _twins(number: int) -> str:
    return "twin" if number == 1 else "twins"
