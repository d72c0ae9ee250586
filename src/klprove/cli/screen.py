# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole screen of a terminal: taken, drawn on, and given back."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from klprove.cli.output import DUMB

if TYPE_CHECKING:
    from rich.console import RenderableType

_UTF8 = re.compile(r"utf-?8", re.IGNORECASE)


def whole_screen(environment: Mapping[str, str] = os.environ) -> bool:
    """True where standard output is a terminal on which a cursor can be moved."""
    return sys.stdout.isatty() and environment.get("TERM", "") not in DUMB


def draws_lines(environment: Mapping[str, str] = os.environ) -> bool:
    """True where the locale says that the terminal shows more than ASCII. That Python has taken
    C for C.UTF-8 (PEP 538) says nothing about the terminal."""
    locale = environment.get("LC_ALL") or environment.get("LC_CTYPE") or ""
    if not locale or (locale.startswith("C.") and not environment.get("LC_ALL")):
        locale = environment.get("LANG", "")
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return bool(_UTF8.search(locale) and _UTF8.search(encoding))


@contextmanager
def screen() -> Iterator[Callable[["RenderableType"], None]]:
    """What draws on the screen, which is given back at the end, also after SIGTERM."""
    from rich.console import Console  # only who takes the screen waits for it
    from rich.live import Live

    before: Any = signal.signal(signal.SIGTERM, _stop)
    console = Console(file=sys.stdout, force_terminal=True, highlight=False)
    live = Live(
        console=console,
        screen=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    try:
        with live:
            yield lambda shown: live.update(shown, refresh=True)
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt
