# SPDX-License-Identifier: GPL-2.0-or-later
"""The page on a thread: each claim with its verdict, its witness and the command to get it again.

Nothing on it depends on when, where or how fast it was made.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from klprove.check import CONFIRMED, REFUTED, UNDECIDED, Comparison, Judged, Judgement
from klprove.report.heading import block
from klprove.report.replay import command_line, command_words

SCHEMA = "klprove.thread/1"
_WORDS = {CONFIRMED: "confirmed", REFUTED: "refuted", UNDECIDED: "undecided"}


_WIDTH = 100
_FEW = 5
"""Most sites that a sentence names."""


def render_thread(judgements: Sequence[Judgement], command: str) -> str:
    """The page in Markdown, with a newline at the end; `command` is how it was written."""
    return "\n".join(line.rstrip() for line in _page(judgements, command)) + "\n"


def thread_document(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """The same for programs; docs/json.md. What was said is as the page has it."""
    words = [each.word for each in judgements]
    return {
        "schema": SCHEMA,
        "counts": {said: words.count(word) for word, said in _WORDS.items()},
        "claims": [_decided(each) for each in judgements],
    }


def _decided(judgement: Judgement) -> dict[str, Any]:
    claim = judgement.claim
    return {
        "number": claim.number,
        "who": claim.who,
        "source": claim.source,
        "claim": claim.claim,
        "reading": claim.reading,
        "refuted_by": claim.refuted_by,
        "verdict": _WORDS[judgement.word],
        "runs": [_asked(each) for each in judgement.runs],
        "witness": _witness(judgement),
    }


def _asked(judged: Judged) -> dict[str, Any]:
    answer = judged.answer
    return {
        "command": command_line(command_words(answer.question)),
        "about": judged.run.about,
        "complete": answer.complete,
        "states": answer.statistics.states,
        "reduced": list(answer.statistics.reduced),
        "fingerprint": answer.fingerprint,
        "expectations": [_compared(each) for each in judged.comparisons],
    }


def _compared(comparison: Comparison) -> dict[str, Any]:
    expected = comparison.expectation
    at = expected.at if isinstance(expected.at, str) else list(expected.at)
    return {
        "codes": list(expected.codes),
        "at": at,
        "except": list(expected.spared),
        "met": comparison.met,
        "having": list(comparison.having),
        "lacking": list(comparison.lacking),
    }


def _witness(judgement: Judgement) -> dict[str, Any] | None:
    settled = judgement.witness
    if settled is None or settled[1].witness is None:
        return None
    judged, found = settled[0], settled[1].witness
    return {
        "command": command_line(command_words(judged.answer.question, found.site)),
        "code": found.code,
        "site": found.site,
        "steps": len(found.trace.events),
    }


def _page(judgements: Sequence[Judgement], command: str) -> Iterator[str]:
    yield "# The thread of May 2017, settled"
    yield ""
    yield f"Written by `{command}`: every verdict comes from a run, none is typed by hand."
    yield "What a claim's file says is described in `claims/README.md`; what stands below holds for"
    yield "the kernel models, within the bounds and assumptions that stand with each witness."
    yield ""
    yield "| # | who | claim | verdict |"
    yield "|---|---|---|---|"
    for each in judgements:
        claim = each.claim
        yield (
            f"| [{claim.number}](#claim-{claim.number}) | {claim.who} "
            f"| {_line(claim.claim)} | **{_WORDS[each.word]}** |"
        )
    yield ""
    yield from _disagreement(judgements)
    for each in judgements:
        yield from _claim(each)


def _disagreement(judgements: Sequence[Judgement]) -> Iterator[str]:
    yield "## Where klprove disagrees with the thread"
    yield ""
    refuted = [each for each in judgements if each.word == REFUTED]
    said = [each for each in refuted if not each.claim.who.startswith("(")]
    for each in said:
        yield from _refuted(each)
    if not said:
        yield "Nowhere: nothing that was said there is refuted."
    ours = [each for each in refuted if each not in said]
    if ours:
        yield ""
        yield "Of the questions that nobody asked there, refuted:"
        yield ""
    for each in ours:
        yield from _refuted(each)
    open_ = [str(each.claim.number) for each in judgements if each.word == UNDECIDED]
    if open_:
        yield ""
        yield f"Left open, because a search was not complete: {', '.join(open_)}."
    yield ""


def _refuted(judgement: Judgement) -> Iterator[str]:
    claim = judgement.claim
    link = f"[{claim.number}](#claim-{claim.number})"
    yield from _paragraph(f"- {link}, {claim.who}: {claim.claim}", "  ")
    yield from _paragraph(f"  Not so: {_decided_by(judgement)}.", "  ")


def _claim(judgement: Judgement) -> Iterator[str]:
    claim = judgement.claim
    yield f"## Claim {claim.number}"
    yield ""
    yield from _paragraph(f"{claim.who}, {claim.source}: {claim.claim}")
    yield ""
    if claim.reading:
        yield from _paragraph(f"Read as: {claim.reading}")
        yield ""
    yield from _paragraph(f"What would refute it: {claim.refuted_by}")
    yield ""
    word = _WORDS[judgement.word].capitalize()
    yield from _paragraph(f"**{word}**: {_decided_by(judgement)}.")
    yield ""
    for judged in judgement.runs:
        yield from _run(judged)
    settled = judgement.witness
    if settled and settled[1].witness:
        judged, comparison = settled
        assert comparison.witness
        yield "The shortest witness:"
        yield ""
        yield "```"
        yield from block(judged.answer, comparison.witness, timing=False, alone=True)
        yield "```"
        yield ""


def _decided_by(judgement: Judgement) -> str:
    """What settles a claim, in words."""
    if judgement.word == UNDECIDED:
        return "no run decides it, because a search was not complete"
    settled = judgement.witness
    if settled is None:
        return "what it rules out was looked for everywhere, completely, and is not there"
    _, comparison = settled
    if comparison.witness is None:
        return (
            f"{_codes(comparison)} was expected {_where(comparison)}, "
            f"and a complete search has none{_lacking(comparison)}"
        )
    steps = len(comparison.witness.trace.events)
    where = f" with {comparison.witness.site}() patched" if comparison.witness.site else ""
    return f"{comparison.witness.code} is reached in {steps} steps{where}"


def _run(judged: Judged) -> Iterator[str]:
    answer = judged.answer
    words = command_line(command_words(answer.question))
    size = f"{answer.statistics.states:,} states"
    if answer.statistics.reduced:
        size += " (reduced)"
    search = "complete search" if answer.complete else "search NOT complete"
    yield f"- `{words}`"
    if judged.run.about:
        yield from _paragraph(f"  (beside the claim: {judged.run.about.strip()})", "  ")
    yield f"  {search}, {size}, fingerprint {answer.fingerprint}"
    for each in judged.comparisons:
        yield from _paragraph(f"  - {_comparison(each)}", "    ")
    yield ""


def _comparison(comparison: Comparison) -> str:
    said = {True: "so it is", False: "not so", None: "not decided"}[comparison.met]
    having = ", ".join(f"`{site or 'unpatched'}`" for site in comparison.having) or "nowhere"
    return f"{_codes(comparison)} {_where(comparison)}: {said}; found: {having}"


def _codes(comparison: Comparison) -> str:
    return " or ".join(comparison.expectation.codes)


def _where(comparison: Comparison) -> str:
    expected = comparison.expectation
    if isinstance(expected.at, tuple):
        text = f"at {', '.join(expected.at)}"
    else:
        text = {"any": "at some site", "none": "at no site", "all": "at every site"}[expected.at]
    return text + (f" except {', '.join(expected.spared)}" if expected.spared else "")


def _lacking(comparison: Comparison) -> str:
    named = [site for site in comparison.lacking if site]
    if not named:
        return ""
    if len(named) > _FEW and not comparison.having:
        return f" at any of {len(named)} sites"
    return f" at {', '.join(named)}"


def _paragraph(text: str, indent: str = "") -> list[str]:
    lead = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _line(text: str) -> str:
    """`text` on one line, as a cell of a table takes it."""
    return " ".join(text.split()).replace("|", "\\|")
