# SPDX-License-Identifier: GPL-2.0-or-later
"""The map of an image, and on standard error what comes next where that takes seconds."""

import time
from collections.abc import Callable

from klprove.cli.output import tell
from klprove.scan import Map, scan

_SILENT = 2.0
"""Seconds before anything is said about how far it is."""


def told() -> Callable[[str], None]:
    """Something to tell what comes next to; it speaks up once two seconds have passed."""
    start = time.monotonic()

    def hear(what: str) -> None:
        seconds = time.monotonic() - start
        if seconds >= _SILENT:
            tell(f"klprove: {seconds:.0f}s, next: {what}")

    return hear


def mapped(
    image: str, names: str | None = None, traceable: str | None = None, cache: bool = True
) -> Map:
    """The map of an image, as `klprove.scan.scan` makes it."""
    return scan(image, names, traceable, cache, told())
