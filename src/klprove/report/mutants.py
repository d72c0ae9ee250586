# SPDX-License-Identifier: GPL-2.0-or-later
"""The page on a campaign of mutants: who sees which change, and what nobody sees.

Nothing on it depends on when, where or how fast it was made.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from klprove.mutation import Report, Result
from klprove.mutation.mutants import OPERATORS
from klprove.mutation.running import CAUGHT, REFUSED, SAME, SURVIVED, UNDECIDED, Seen
from klprove.report.replay import command_line, command_words
from klprove.source import plain

SCHEMA = "klprove.mutants/1"
_WORDS = {
    CAUGHT: "some answer differs",
    SAME: "the same program: the text changed, the steps did not",
    SURVIVED: "no answer differs, all searches complete",
    UNDECIDED: "no answer differs, some search was not complete",
    REFUSED: "not C, or not the model language",
}


def render_mutants(report: Report, command: str) -> str:
    """The page in Markdown, with a newline at the end; `command` is how it was written."""
    lines = (plain(line).rstrip() for line in "\n".join(_page(report, command)).split("\n"))
    return "\n".join(lines) + "\n"


def counts(report: Report) -> dict[str, int]:
    """How many mutants each word was said of, in the order of importance."""
    said = Counter(each.word for each in report.results)
    return {word: said[word] for word in _WORDS}


def mutants_summary(report: Report, name: str) -> str:
    """One line that counts them; `name` is what it is about."""
    said = ", ".join(f"{number} {word}" for word, number in counts(report).items())
    return f"{name}: {len(report.results)} mutants: {said}; caught {score(report)}"


def score(report: Report) -> str:
    """Caught, of those that are another program: `97 of 103 (94 %)`."""
    said = counts(report)
    caught, others = said[CAUGHT], said[SURVIVED] + said[UNDECIDED]
    whole = caught + others
    return f"{caught} of {whole} ({100 * caught / whole:.0f} %)" if whole else "none"


def mutants_document(report: Report) -> dict[str, Any]:
    """The same for programs; docs/json.md."""
    return {
        "schema": SCHEMA,
        "campaign": report.campaign.path,
        "title": report.campaign.title,
        "complete": not report.interrupted,
        "mutants": report.mutants,
        "counts": counts(report),
        "questions": [command_line(command_words(each)) for each in report.campaign.questions],
        "stale": list(report.stale),
        "results": [_result(each) for each in report.results],
    }


def _result(result: Result) -> dict[str, Any]:
    mutant = result.mutant
    return {
        "file": mutant.file,
        "line": mutant.span.line,
        "column": mutant.span.column,
        "function": mutant.function,
        "operator": mutant.operator,
        "change": mutant.text,
        "number": mutant.number,
        "outcome": result.word,
        "seen": [asdict(each) for each in result.seen],
        "gone": [asdict(each) for each in result.gone],
        "states": result.states,
        "reason": result.reason.strip(),
    }


def _page(report: Report, command: str) -> Iterator[str]:
    campaign = report.campaign
    yield f"# {campaign.title}"
    yield ""
    yield f"Written by `{command}`: every line comes from a run."
    if campaign.about:
        yield ""
        yield campaign.about.strip()
    yield ""
    files = ", ".join(f"`{each}`" for each in campaign.mutate)
    yield f"Changed, one place at a time: {files}. Asked of each change:"
    yield ""
    yield "```"
    for number, question in enumerate(campaign.questions):
        yield f"{_letter(number)}  {command_line(command_words(question))}"
    yield "```"
    yield ""
    yield "A change is *caught* where an answer has a finding that the original's has not, or lacks"
    yield "one of its findings. Numbers of states do not count."
    yield ""
    if report.interrupted:
        yield f"**Interrupted: {len(report.results)} of {report.mutants} mutants were looked at.**"
        yield ""
    yield from _totals(report)
    yield from _properties(report)
    yield from _survivors(report)
    yield from _all(report)


def _totals(report: Report) -> Iterator[str]:
    yield "| | " + " | ".join(OPERATORS) + " | together | |"
    yield "|---|" + "---|" * (len(OPERATORS) + 2)
    for word, meaning in _WORDS.items():
        of = [each.mutant.operator for each in report.results if each.word == word]
        cells = " | ".join(str(of.count(each)) for each in OPERATORS)
        yield f"| {word} | {cells} | {len(of)} | {meaning} |"
    yield ""
    yield f"**Caught, of those that are another program: {score(report)}.**"
    unexplained = sum(not each.explained for each in report.results)
    yield f"Survivors without a reason, and undecided ones: {unexplained}."
    yield ""


def _properties(report: Report) -> Iterator[str]:
    caught = [each for each in report.results if each.word == CAUGHT]
    codes: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for result in caught:
        mine = {each.code for each in result.seen}
        codes.update(mine)
        if len(mine) == 1:
            alone.update(mine)
    gone = sum(not each.seen for each in caught)
    yield "## Which property sees how many"
    yield ""
    yield "| finding | mutants | it alone |"
    yield "|---|---|---|"
    for code, number in sorted(codes.items(), key=lambda each: (-each[1], each[0])):
        yield f"| {code} | {number} | {alone[code]} |"
    if gone:
        yield f"| (a finding of the original is gone) | {gone} | {gone} |"
    yield ""


def _survivors(report: Report) -> Iterator[str]:
    left = [each for each in report.results if each.word in (SURVIVED, UNDECIDED)]
    yield "## What nobody sees"
    yield ""
    reasons: dict[str, list[Result]] = {}
    for each in left:
        why = each.reason if each.word == SURVIVED else f"Undecided: {each.reason}"
        reasons.setdefault(why or "Without a reason.", []).append(each)
    if not left:
        yield "Nothing: every change that makes another program is caught."
        yield ""
    for why, results in reasons.items():
        yield f"{why.strip()}"
        yield ""
        for each in results:
            yield f"- {each.mutant.file}:{each.mutant.span.line} {_code(each)}"
        yield ""
    if report.stale:
        yield "Reasons that fit no survivor:"
        yield ""
        for pattern in report.stale:
            yield f"- {pattern}"
        yield ""


def _all(report: Report) -> Iterator[str]:
    yield "## Every mutant"
    yield ""
    yield "Behind a finding: the questions that have it, and the length of its shortest trace."
    file = ""
    for each in report.results:
        mutant = each.mutant
        if mutant.file != file:
            file = mutant.file
            yield ""
            yield f"### {file}"
            yield ""
            yield "| line | change | |"
            yield "|---|---|---|"
        yield f"| {mutant.span.line} | {_code(each)} | {_found(each)} |"


def _found(result: Result) -> str:
    if result.word != CAUGHT:
        return {SAME: "the same program", REFUSED: "no program"}.get(result.word, result.word)
    said = []
    for code in dict.fromkeys(each.code for each in result.seen):
        mine = [each for each in result.seen if each.code == code]
        said.append(f"{code} ({_where(mine)}, {min(each.steps for each in mine)} steps)")
    for code in dict.fromkeys(each.code for each in result.gone):
        said.append(f"no {code} ({_where([each for each in result.gone if each.code == code])})")
    return ", ".join(said)


def _where(seen: Sequence[Seen]) -> str:
    return "".join(dict.fromkeys(_letter(each.question) for each in seen))


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _code(result: Result) -> str:
    mutant = result.mutant
    again = f" ({mutant.number})" if mutant.number > 1 else ""
    text = mutant.text.replace("|", "\\|")
    return f"`{mutant.function}`: {text}{again}"
