# SPDX-License-Identifier: GPL-2.0-or-later
"""A finding step by step: what every step does, what holds after it, the source around it."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from klprove.report.entries import Lane, Show, bang, lane_of, lanes, shower, texts_of
from klprove.report.folding import folded
from klprove.report.picture.bands import Band, bands
from klprove.report.picture.sources import Source
from klprove.report.wrapping import WIDTH, count, field
from klprove.source import plain
from klprove.verdict import Event, Finding

AROUND = 2
"""Lines of source above and below the one of a step, in text."""
_TAB = 8
_CHANGES = ("write", "update", "free")
_SAYS = {True: "holds", False: "not", None: "unknown"}


@dataclass(frozen=True)
class Walk:
    """The steps of `finding`, numbered from 1. `beside`: the sources, by the names that steps have
    for them. `modelled`: of a kernel model, whose words say more."""

    finding: Finding
    beside: Mapping[str, Source]
    modelled: bool

    @cached_property
    def show(self) -> Show:
        """How values are written."""
        return shower(self.finding.trace)

    @property
    def title(self) -> str:
        """`false-alarm at do_debug`."""
        site = f" at {self.finding.site}" if self.finding.site else ""
        return plain(self.finding.code + site)

    @property
    def steps(self) -> Sequence[Event]:
        """Every step."""
        return self.finding.trace.events

    @cached_property
    def lanes(self) -> list[str]:
        """Titles of the lanes, in order."""
        return list(lanes(self.finding.trace).values())

    @cached_property
    def folds(self) -> list[tuple[int, int]]:
        """First and last step of every run that does not matter to the finding."""
        hidden = sorted(folded(self.finding.trace, self.modelled))
        runs = groupby(enumerate(hidden), key=lambda each: each[1] - each[0])
        numbers = ([step for _, step in run] for _, run in runs)
        return [(each[0], each[-1]) for each in numbers]

    def track(self, step: int) -> int:
        """Which of `lanes` it is that `step` is in, from 0."""
        return self._tracks[lane_of(self.steps[step - 1])]

    def lane(self, step: int) -> str:
        """The title of that lane."""
        return self.lanes[self.track(step)]

    @cached_property
    def _tracks(self) -> Mapping[Lane, int]:
        return {lane: place for place, lane in enumerate(lanes(self.finding.trace))}

    def calls(self, step: int) -> str:
        """`sys_read > vfs_read()`: the functions that `step` is in; empty for none."""
        calls = self.steps[step - 1].calls
        return plain(" > ".join(calls)) + "()" if calls else ""

    def does(self, step: int) -> list[str]:
        """What `step` says, a text each."""
        texts = [plain(each) for each in texts_of(self.steps[step - 1], self.show)]
        if step == len(self.steps):
            texts = list(bang(texts, plain(self.finding.code)))
        return texts or ["nothing that memory shows"]

    def holds(self, step: int) -> dict[str, list[str]]:
        """Titles of the bands of every CPU, by what they say after `step`: what `holds`, what does
        `not`, what is `unknown`. A word without a title is left out."""
        several = len({each.cpu for each in self._bands}) > 1
        said: dict[str, list[str]] = {"holds": [], "not": [], "unknown": []}
        for band in self._bands:
            place = bisect_right([run.first for run in band.runs], step) - 1
            title = f"CPU {band.cpu} {band.title}" if several else band.title
            said[_SAYS[band.runs[place].on]].append(title)
        return {word: titles for word, titles in said.items() if titles}

    @cached_property
    def _bands(self) -> list[Band]:
        return bands(self.finding.trace, self.modelled)

    def values(self, step: int) -> dict[str, str]:
        """Every word that the trace touches, with its value after `step`; those that `step`
        changes come first."""
        now = {name: self.show(name, value) for name, value in self.finding.trace.initial}
        changed: dict[str, str] = {}
        for event in self.steps[:step]:
            changed = {
                each.name: "freed" if each.kind == "free" else self.show(each.name, each.after)
                for each in event.accesses
                if each.kind in _CHANGES
            }
            now |= changed
        said = changed | {name: value for name, value in now.items() if name not in changed}
        return {plain(name): value for name, value in said.items()}

    def changes(self, step: int) -> int:
        """How many of `values` the step changes."""
        accesses = self.steps[step - 1].accesses
        return len({each.name for each in accesses if each.kind in _CHANGES})

    def place(self, step: int) -> str:
        """`v4.12rc/rcu_irq.c:51`, and why its text is not there, if so; empty for no place."""
        span = self.steps[step - 1].span
        if not span.line:
            return ""
        source = self.beside.get(span.file)
        why = f" ({source.why})" if source and source.why else ""
        return plain(f"{span.file}:{span.line}{why}")

    def around(self, step: int, above: int, below: int) -> list[tuple[int, str]]:
        """Numbers and texts of the lines of source around that of `step`; none where there is no
        source."""
        span = self.steps[step - 1].span
        source = self.beside.get(span.file)
        lines = source.lines if source else ()
        if not 0 < span.line <= len(lines):
            return []
        first = max(span.line - above, 1)
        return [
            (at, plain(text.expandtabs(_TAB)).rstrip())
            for at, text in enumerate(lines[first - 1 : span.line + below], first)
        ]


def step_text(walk: Walk, short: bool = False) -> str:
    """Every step of `walk` as a block of text of 79 columns; `short`: without those that do not
    matter to the finding."""
    lines = [f"{walk.title}: {count(len(walk.steps), 'step')}", ""]
    folds = dict(walk.folds) if short else {}
    step = 1
    while step <= len(walk.steps):
        last = folds.get(step)
        if last is not None:
            lines += [f"... {count(last - step + 1, 'step')}: {step} to {last}", ""]
            step = last
        else:
            lines += [*_block(walk, step), ""]
        step += 1
    return "\n".join(lines).rstrip("\n")


def _block(walk: Walk, step: int) -> Iterator[str]:
    event = walk.steps[step - 1]
    yield f"step {step} of {len(walk.steps)}: {walk.lane(step)}"[:WIDTH]
    if calls := walk.calls(step):
        yield from field("in", calls)
    for text in walk.does(step):
        yield from field("does", text)
    for word, titles in walk.holds(step).items():
        yield from field(word, "; ".join(titles))
    if place := walk.place(step):
        yield from field("source", place)
        for number_, text in walk.around(step, AROUND, AROUND):
            mark = ">" if number_ == event.span.line else " "
            yield f"{mark}{number_:>6}  {text}"[:WIDTH].rstrip()
