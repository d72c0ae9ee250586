# SPDX-License-Identifier: GPL-2.0-or-later
"""Handlers on several kernels, for the formats of the trade."""

from collections.abc import Iterator, Mapping, Sequence

from klprove import formats
from klprove.check import Answer
from klprove.report.results import answer_item, models, rules
from klprove.report.wrapping import count


def compare_results(
    asked: Mapping[str, Mapping[str, Answer]],
    lacking: Mapping[str, Mapping[str, Sequence[str]]],
    status: int,
    timing: bool = True,
) -> formats.Results:
    """A thing for each handler, a part for each kernel, in that one for each site. `lacking`: by
    handler and kernel, the functions for want of which it means nothing there."""
    answers = [each for row in asked.values() for each in row.values()]
    items = tuple(
        formats.Item(handler, items=tuple(_kernels(row, lacking[handler], timing)))
        for handler, row in asked.items()
    )
    words = [each.word for each in answers]
    told = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    said = f"klprove: COMPARED {count(len(asked), 'handler')}: {told}"
    return formats.Results("compare", said, items, status, rules(answers), models(answers))


def _kernels(
    answers: Mapping[str, Answer], lacking: Mapping[str, Sequence[str]], timing: bool
) -> Iterator[formats.Item]:
    for name, answer in answers.items():
        yield answer_item(answer, name, timing)
    for name, functions in lacking.items():
        reason = f"has no {', '.join(functions)}"
        yield formats.Item(name, formats.SKIP, reason)
