"""A walk through findings on the whole screen of a terminal."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from klprove.cli.keys import keyboard
from klprove.cli.screen import draws_lines, screen
from klprove.cli.sight import Sight
from klprove.cli.walking import Walking
from klprove.report.stepping import Walk


def step_through(walks: Sequence[Walk], folding: bool) -> None:
    """Show `walks` until a key ends it, Ctrl-C included."""
    walking = Walking(walks, folding)
    lines = draws_lines()
    try:
        with keyboard() as key, screen() as draw, _sizes() as waiting:
            while not walking.ended:
                draw(Sight(walking, lines))
                pressed = waiting(key)
                if pressed is not None:
                    walking.press(pressed)
    except KeyboardInterrupt:
        pass


class _Resized(Exception):
    """The terminal has got another size."""


@contextmanager
def _sizes() -> Iterator[Callable[[Callable[[], str]], str | None]]:
    """What waits for a key, or for another size of the terminal: then it returns None."""
    waits = late = False

    def notice(*_: Any) -> None:
        nonlocal waits, late
        late = True
        if waits:
            waits = False
            raise _Resized

    def wait(key: Callable[[], str]) -> str | None:
        nonlocal waits, late
        try:
            waits = True
            if late:
                return None
            return key()
        except _Resized:
            return None
        finally:
            waits = late = False

    before: Any = signal.signal(signal.SIGWINCH, notice)
    try:
        yield wait
    finally:
        signal.signal(signal.SIGWINCH, before)
