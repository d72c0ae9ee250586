"""The outcome as KTAP version 1, the kernel's test format (Documentation/dev-tools/ktap.rst).

A test is an entry, its subtests are the models. A diagnostic line stands before the result that it
belongs to.
"""

from collections.abc import Iterator

from klprove.corpus.folders import Entry
from klprove.corpus.result import OPEN, REFUSED, RIGHT, UNJUDGED, WRONG, Judged, Outcome
from klprove.corpus.table import plain
from klprove.report import command_line, command_words

_VERSION = "KTAP version 1"
_INDENT = "  "


def ktap(outcome: Outcome) -> str:
    """The whole text, with a newline at the end. It is the same on every run."""
    lines = [_VERSION, f"1..{len(outcome.entries)}"]
    for number, (entry, models) in enumerate(outcome.entries, 1):
        lines += (_INDENT + line for line in _subtests(entry, models))
        lines.append(_result(number, entry.name, _worst(models)))
    counts = outcome.counts
    failed = counts[WRONG] + counts[REFUSED]
    skipped = counts[UNJUDGED] + counts[OPEN]
    lines.append(f"# Totals: pass:{counts[RIGHT]} fail:{failed} skip:{skipped}")
    return "\n".join(lines) + "\n"


def _subtests(entry: Entry, models: tuple[Judged, ...]) -> Iterator[str]:
    yield _VERSION
    yield f"# Subtest: {_name(entry.name)}"
    if entry.cited:
        yield f"# fix: {_name(entry.cited)}"
    yield f"1..{len(models)}"
    for number, each in enumerate(models, 1):
        for line in _diagnostics(each):
            yield f"# {_name(each.model.name)}: {plain(line)}"
        yield _result(number, each.model.name, each.outcome)


def _diagnostics(judged: Judged) -> Iterator[str]:
    result = judged.result
    if result is not None and not result.diagnostics:
        steps = f", {result.steps} steps" if result.steps else ""
        yield f"{result.text()}, {result.states} states{steps}"
    if judged.outcome == RIGHT:
        return
    yield f"expected {judged.model.expected.text()}"
    yield from judged.differences
    if judged.outcome in (WRONG, OPEN):
        question = judged.model.expected.question(judged.model.path)
        yield command_line(command_words(question))


def _worst(models: tuple[Judged, ...]) -> str:
    outcomes = {each.outcome for each in models}
    return next(each for each in (REFUSED, WRONG, OPEN, UNJUDGED, RIGHT) if each in outcomes)


_DIRECTIVES = {
    RIGHT: ("ok", ""),
    WRONG: ("not ok", ""),
    REFUSED: ("not ok", " # ERROR cannot be checked"),
    OPEN: ("ok", " # SKIP not decided"),
    UNJUDGED: ("ok", " # SKIP asked under another memory model"),
}


def _result(number: int, name: str, outcome: str) -> str:
    word, directive = _DIRECTIVES[outcome]
    return f"{word} {number} {_name(name)}{directive}"


def _name(text: str) -> str:
    """`text` without what a reader of KTAP would take for a directive."""
    return plain(" ".join(text.replace("#", "_").split()))
