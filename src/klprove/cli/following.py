# SPDX-License-Identifier: GPL-2.0-or-later
"""The live view of `klprove watch`: one look after another."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from klprove.cli.output import say, tell
from klprove.cli.screen import screen, whole_screen
from klprove.report import paint
from klprove.report.watch import watch_text
from klprove.source import BadInput, Unavailable, plain, plain_lines
from klprove.watch import Answer

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

DUTY = 10
"""A look that took a second of CPU is followed by as many of rest."""
_INTERRUPTED = 3


def follow(look: Callable[[], Answer], interval: float, write: Callable[[Answer], None]) -> int:
    """Look until Ctrl-C; the exit status is that of the last look. Not on a terminal, what is new
    is printed below what was there."""
    last: Answer | None = None
    try:
        with _shown() as show:
            for answer in _looks(look, interval):
                last = answer
                show(answer)
                write(answer)
                if not answer.snapshot.supported:
                    break
    except KeyboardInterrupt:
        pass
    finally:  # the screen is gone; what was learned stays, whatever ended it
        if last is not None and whole_screen():
            say(watch_text(last))
    return last.status if last is not None else _INTERRUPTED


def _looks(look: Callable[[], Answer], interval: float) -> Iterator[Answer]:
    """Looks without an end, each with the rate since the one before."""
    before: tuple[float, Answer] | None = None
    while True:
        start, cpu = time.monotonic(), time.process_time()
        answer = look()
        yield answer.with_rate(rate(before, (start, answer)))
        before = (start, answer)
        spent = time.process_time() - cpu
        rest = max(interval - (time.monotonic() - start), DUTY * spent)
        time.sleep(rest)


def rate(before: tuple[float, Answer] | None, now: tuple[float, Answer]) -> float | None:
    """Threads a second that switched; None where the two looks are not of one transition."""
    if before is None or before[1].transition is None or now[1].transition is None:
        return None
    old, new = before[1].transition, now[1].transition
    seconds = now[0] - before[0]
    if old.patch.name != new.patch.name or old.forward != new.forward or seconds <= 0:
        return None
    return max(old.left - new.left, 0) / seconds


@contextmanager
def _shown() -> Iterator[Callable[[Answer], None]]:
    """What shows an answer."""
    if not whole_screen():
        yield Changes()
        return
    with screen() as draw:
        yield lambda answer: draw(Sight(watch_text(answer), time.strftime("%H:%M:%S")))


class Sight:
    """As much of a text as the screen has room for, and below it how much is missing."""

    def __init__(self, text: str, now: str) -> None:
        self._lines = plain_lines(text).splitlines()
        self._now = now

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.text import Text

        width, room = options.max_width, max(options.max_height - 2, 1)
        foot = f"{self._now}  Ctrl-C ends; nothing is changed on the machine"
        missing = len(self._lines) - room
        if missing > 0:
            foot = f"{missing} more lines: --once  {foot}"
        for line in (*self._lines[:room], ""):
            yield Text.from_ansi(paint(line[:width]))
        yield Text(foot[:width])


class Changes:
    """Prints an answer where it says something that the one before did not."""

    def __init__(self) -> None:
        self._before: Any = None

    def __call__(self, answer: Answer) -> None:
        left = None if answer.transition is None else answer.transition.left
        new = (answer.word, left, answer.effects, answer.findings)
        if new != self._before:
            say(f"{time.strftime('%H:%M:%S')}\n{watch_text(answer)}\n")
        self._before = new


def complain(error: BadInput | Unavailable) -> None:
    """What is wrong with a file that the answer can do without."""
    if isinstance(error, BadInput):
        tell("\n".join(each.render() for each in error.diagnostics))
    else:
        tell(f"klprove: error: {plain(str(error))}")
