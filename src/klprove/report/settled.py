# SPDX-License-Identifier: GPL-2.0-or-later
"""Claims for the formats of the trade: a claim that is decided passes, either way."""

from collections.abc import Sequence

from klprove import formats
from klprove.check import UNDECIDED, Judgement
from klprove.report.replay import command_line, command_words
from klprove.report.results import found, models, rules


def thread_results(judgements: Sequence[Judgement], heading: str, status: int) -> formats.Results:
    """A thing that was asked for each claim, with the interleaving that settles it."""
    answers = [judged.answer for each in judgements for judged in each.runs]
    items = tuple(map(_item, judgements))
    return formats.Results("thread", heading, items, status, rules(answers), models(answers))


def _item(judgement: Judgement) -> formats.Item:
    claim, settled = judgement.claim, judgement.witness
    findings = []
    if settled is not None and settled[1].witness is not None:
        shown = found(settled[0].answer, settled[1].witness, formats.NOTE)
        findings.append(shown)
    commands = dict.fromkeys(
        command_line(command_words(each.answer.question)) for each in judgement.deciding
    )
    undecided = judgement.word == UNDECIDED
    return formats.Item(
        f"claim {claim.number}: {claim.claim}",
        formats.INCOMPLETE if undecided else formats.PASS,
        "a search was not complete" if undecided else "",
        tuple(findings),
        (judgement.word, *commands),
    )
