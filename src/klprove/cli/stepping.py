# SPDX-License-Identifier: GPL-2.0-or-later
"""A walk through findings on the whole screen of a terminal."""

from collections.abc import Sequence

from klprove.cli.keys import RESIZED, keyboard
from klprove.cli.screen import draws_lines, screen
from klprove.cli.sight import Sight
from klprove.cli.walking import Walking
from klprove.report.stepping import Walk


def step_through(walks: Sequence[Walk], folding: bool) -> None:
    """Show `walks` until a key ends it, Ctrl-C included."""
    walking = Walking(walks, folding)
    lines = draws_lines()
    try:
        with keyboard() as key, screen() as draw:
            while not walking.ended:
                draw(Sight(walking, lines))
                pressed = key()
                if pressed != RESIZED:
                    walking.press(pressed)
    except KeyboardInterrupt:
        pass
