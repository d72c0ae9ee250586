# SPDX-License-Identifier: GPL-2.0-or-later
"""What the screen of a walk shows, for any size of the terminal."""

from collections.abc import Callable, Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.layout import Layout
from rich.text import Text

from klprove.cli.walking import PAGE, Walking
from klprove.report.wrapping import count, fold
from klprove.source import plain

_WIDE = 100
"""Columns from which on source and words stand beside the steps, not below."""
_LOW = 16
"""Lines below which there is no room for the words."""
_NARROW = 60
"""Columns below which a step does not say in which function it is."""
_STYLES = {"holds": "bold yellow", "not": "", "unknown": "dim"}
_MOST = 200
"""Lines of source above and below the current one: more than a screen has."""
_HELP = (
    ("n right down space", "a step on"),
    ("p left up", "a step back"),
    ("PageDown PageUp", f"{PAGE} steps"),
    ("Home End", "the first step, the finding"),
    ("g 12 Enter", "step 12"),
    ("/ text Enter", "the next step that has text in what it does, in its calls or its source"),
    ("/ Enter", "the next one again"),
    ("f", "fold away what does not matter, or not"),
    ("Enter", "open the folded run where one is; close it"),
    ("] [", "the next finding, the one before"),
    ("q Escape", "end"),
)


class Sight:
    """The screen of `walking`, with `lines` where the terminal has more than ASCII."""

    def __init__(self, walking: Walking, lines: bool) -> None:
        self._walking = walking
        self._walk = walking.walk
        self._step = walking.step
        self._rule, self._dots, self._mark = ("─", "…", "▶") if lines else ("-", "...", ">")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.max_height
        head = list(self._head(width))[: max(height // 2, 1)]
        whole, body = Layout(), Layout()
        whole.split_column(
            Layout(_Lines(len(head), head.__getitem__), size=len(head)),
            body,
            Layout(_Lines(1, lambda _: self._foot()), size=1),
        )
        self._fill(body, width, height)
        yield whole

    def _fill(self, body: Layout, width: int, height: int) -> None:
        if self._walking.helping:
            body.update(self._help(width))
        elif width >= _WIDE:
            beside = Layout(ratio=2)
            beside.split_column(Layout(self._source()), Layout(self._words()))
            body.split_row(Layout(self._steps(), ratio=3), beside)
        elif height >= _LOW:
            body.split_column(
                Layout(self._steps(), ratio=3),
                Layout(self._source(), ratio=2),
                Layout(self._words(), ratio=2),
            )
        else:
            body.split_column(Layout(self._steps()), Layout(self._source()))

    def _head(self, width: int) -> Iterator[Text]:
        """Finding, step, calls, and what holds."""
        walking, walk, step = self._walking, self._walk, self._step
        several = len(walking.walks) > 1
        yield Text(
            (f"{walking.which + 1}/{len(walking.walks)} " if several else "") + walk.title,
            style="bold",
        )
        yield Text(f"step {step}/{len(walk.steps)}  {walk.lane(step)}")
        calls = walk.calls(step)
        room = width - len(self._dots)
        yield Text(calls if len(calls) <= width else self._dots + calls[-room:])
        for line in fold("; ".join(walk.does(step)), width, "  "):
            yield Text(line, style="bold")
        for word, titles in walk.holds(step).items():
            for line in fold(f"{word}: {'; '.join(titles)}", width, "  "):
                yield Text(line, style=_STYLES[word])

    def _foot(self) -> Text:
        walking = self._walking
        if walking.prompt:
            asked = "step: " if walking.prompt == "g" else "/"
            return Text(f"{asked}{plain(walking.typed)}_", style="reverse")
        return (
            Text(plain(walking.said), style="reverse")
            if walking.said
            else Text("? keys  q end  n p / g f")
        )

    def _part(self, title: str, length: int, line: Callable[[int], Text], at: int = 0) -> "_Lines":
        return _Lines(length, line, at, title, self._rule)

    def _help(self, width: int) -> "_Lines":
        lines = [
            part
            for keys, what in _HELP
            for part in fold(f"{keys:<20}{what}", width, " " * 20 if width >= _NARROW else "  ")
        ]
        return self._part("any key goes back", len(lines), lambda place: Text(lines[place]))

    def _steps(self) -> "_Lines":
        """A line for each place at which one can stand."""
        walking, walk = self._walking, self._walk

        def line(place: int) -> Text:
            first, last = walking.places[place]
            here = place == walking.at
            text = Text(f"{self._mark if here else ' '}{first:>4} ", no_wrap=True)
            text.append("  " * walk.track(first))
            if last > first:
                text.append(f"{self._dots} {count(last - first + 1, 'step')}", style="dim")
            else:
                text.append("; ".join(walk.does(first)))
                text.append_text(self._within(first))
            if here:
                text.stylize("reverse")
            return text

        lanes = ", ".join(walk.lanes)
        return self._part(lanes, len(walking.places), line, walking.at)

    def _within(self, step: int) -> Text:
        innermost = self._walk.calls(step).rpartition(" > ")[2]
        return Text(f"   {innermost}", style="dim")

    def _source(self) -> "_Lines":
        walk, step = self._walk, self._step
        here = walk.steps[step - 1].span.line
        lines = walk.around(step, _MOST, _MOST)
        at = next((place for place, (number, _) in enumerate(lines) if number == here), 0)

        def line(place: int) -> Text:
            number, text = lines[place]
            mark = self._mark if number == here else " "
            return Text(f"{mark}{number:>4} {text}", style="bold" if number == here else "")

        return self._part(walk.place(step) or "nowhere", len(lines), line, at)

    def _words(self) -> "_Lines":
        changed = self._walk.changes(self._step)
        words = list(self._walk.values(self._step).items())

        def line(place: int) -> Text:
            name, value = words[place]
            text = f"{'*' if place < changed else ' '} {name} = {value}"
            return Text(text, style="bold" if place < changed else "")

        return self._part(f"words, {changed} changed", len(words), line)


class _Lines:
    """As many of `length` lines as there is room for, `at` among them; one more for a `title`."""

    def __init__(
        self,
        length: int,
        line: Callable[[int], Text],
        at: int = 0,
        title: str = "",
        rule: str = "",
    ) -> None:
        self._length, self._line, self._at = length, line, at
        self._title, self._rule = title, rule

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        room = options.height or options.max_height
        if self._title:
            title = f"{self._rule} {self._title} "[:width]
            yield Text(title + self._rule * (width - len(title)), style="cyan")
            room -= 1
        first = max(min(self._at - room // 2, self._length - room), 0)
        for place in range(first, min(first + room, self._length)):
            text = self._line(place)
            text.truncate(width, overflow="crop")
            text.no_wrap = True
            yield text
