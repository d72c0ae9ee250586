# SPDX-License-Identifier: GPL-2.0-or-later
"""What the script of a page draws: findings as numbers into tables that all of them share."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from klprove.report.entries import Show, shower, texts_of
from klprove.report.picture.bands import bands
from klprove.report.picture.naming import inert
from klprove.report.picture.tracks import tracks
from klprove.verdict import Event, Finding

Names: TypeAlias = Mapping[tuple[str, int], str]
_CHANGES = ("write", "update", "free")


class Drawing:
    """The tables: `events` of all traces, each once, `words` with their first values, `texts`.

    An event is [action, file, line, noted, changes, texts, calls]; file and calls are numbers into
    `texts`.
    """

    def __init__(self) -> None:
        self.events: list[list[Any]] = []
        self.words: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._events: dict[tuple[Any, ...], int] = {}
        self._words: dict[tuple[str, str], int] = {}
        self._texts: dict[str, int] = {}

    def finding(self, finding: Finding, modelled: bool) -> dict[str, Any]:
        """Lanes, bars, bands and steps of one finding, and which steps can be folded away."""
        from klprove.report.folding import folded  # which asks the bands of this room

        trace, seen, show = finding.trace, tracks(finding.trace), shower(finding.trace)
        return {
            "lanes": list(zip(seen.titles, seen.cpus, strict=True)),
            "bars": [
                [
                    *(each.lane, each.first, each.last, each.kind, self._text(each.context)),
                    *(each.below, int(each.arrives), int(each.returns)),
                ]
                for each in seen.bars
            ],
            "bands": [[each.title, each.cpu, each.runs] for each in bands(trace, modelled)],
            "initial": [self._word((name, show(name, value))) for name, value in trace.initial],
            "of": seen.of,
            "folded": _runs(sorted(folded(trace, modelled))),
            "steps": [self._event(each, trace.addresses, show) for each in trace.events],
        }

    def _event(self, event: Event, names: Names, show: Show) -> int:
        told = [(names.get((a.name, a.before)), names.get((a.name, a.after)))
                for a in event.accesses]  # fmt: skip
        known = self._events.setdefault((event, *told), len(self.events))
        if known == len(self.events):
            noted = any(not each.startswith(("reaches ", "chooses ")) for each in event.notes)
            self.events.append(
                [
                    *(event.action, self._text(event.span.file), event.span.line, int(noted)),
                    *(list(_changes(event, show)), shown_texts(event, show)),
                    self._text(" > ".join(event.calls)),
                ]
            )
        return known

    def _word(self, word: tuple[str, str]) -> int:
        known = self._words.setdefault(word, len(self.words))
        if known == len(self.words):
            self.words.append((inert(word[0]), inert(word[1])))
        return known

    def _text(self, text: str) -> int:
        known = self._texts.setdefault(text, len(self.texts))
        if known == len(self.texts):
            self.texts.append(inert(text))
        return known


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """First and last of each run of `numbers`, which rise."""
    runs: list[list[int]] = []
    for each in numbers:
        if runs and runs[-1][1] == each - 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    return runs


def shown_texts(event: Event, show: Show) -> list[str]:
    """What an event says, a line each; `-` if nothing."""
    return [inert(each) for each in texts_of(event, show)] or ["-"]


def _changes(event: Event, show: Show) -> Iterator[tuple[str, str]]:
    """Name and new value of what the step changes in memory."""
    for each in event.accesses:
        if each.kind in _CHANGES:
            after = "freed" if each.kind == "free" else inert(show(each.name, each.after))
            yield inert(each.name), after
