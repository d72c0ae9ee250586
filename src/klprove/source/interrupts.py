# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C where Python can raise nothing: in a finaliser, or in a callback of C."""

import signal
import sys
from types import FrameType

_SOON = 0.01
"""Seconds after which it is tried again."""


def keep_interrupts() -> None:
    """Have a KeyboardInterrupt that would be printed and lost come again a moment later. To be
    called by a process of our own, from its main thread."""
    before = sys.unraisablehook

    def hook(lost: "sys.UnraisableHookArgs") -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            before(lost)
            return
        signal.signal(signal.SIGALRM, _again)
        signal.setitimer(signal.ITIMER_REAL, _SOON)

    sys.unraisablehook = hook


def _again(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
