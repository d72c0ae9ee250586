# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys of a terminal, one at a time and by name."""

import contextlib
import os
import re
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_NAMES = {
    **dict.fromkeys(("\x1b[C", "\x1bOC"), "right"),
    **dict.fromkeys(("\x1b[D", "\x1bOD"), "left"),
    **dict.fromkeys(("\x1b[A", "\x1bOA"), "up"),
    **dict.fromkeys(("\x1b[B", "\x1bOB"), "down"),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"), "home"),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"), "end"),
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1b": "escape",
    **dict.fromkeys(("\r", "\n"), "enter"),
    **dict.fromkeys(("\x7f", "\x08"), "backspace"),
    "\x04": "q",
}
"""What xterm, the Linux console and rxvt send (console_codes(4); terminfo of these)."""
RESIZED = "resized"
"""What comes in the place of a key where the size has changed."""
_ONE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|.", re.DOTALL)
_CUT = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
_REST = 0.05
"""Seconds after which an escape is a key of its own."""


def split(text: str) -> list[str]:
    """The keys in what a terminal sent; sequences that mean nothing here are left out."""
    found = (_NAMES.get(each, each) for each in _ONE.findall(text))
    return [each for each in found if not each.startswith("\x1b")]


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """What waits for the next key of the terminal that is standard input, and returns its name; `q`
    where there will be none, RESIZED where the terminal gets another size before. Keys are not
    echoed meanwhile. Ctrl-C is KeyboardInterrupt."""
    terminal = sys.stdin.fileno()
    pending: list[str] = []
    with _changing(terminal), _sizes() as resized:

        def key() -> str:
            while not pending:
                ready, _, _ = select.select([terminal, resized], [], [])
                if resized in ready:
                    os.read(resized, 1024)
                    return RESIZED
                sent = _sent(terminal)
                if not sent:
                    return "q"
                pending.extend(split(sent))
            return pending.pop(0)

        yield key


@contextmanager
def _changing(terminal: int) -> Iterator[None]:
    """Within it keys come at once and are not echoed."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSADRAIN)
    now = termios.tcgetattr(terminal)
    now[6][termios.VSUSP] = b"\0"  # a shell would have the screen as it is
    termios.tcsetattr(terminal, termios.TCSADRAIN, now)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def _sizes() -> Iterator[int]:
    """What can be read from as soon as the terminal gets another size."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    earlier: Any = signal.signal(signal.SIGWINCH, lambda *_: None)  # else it wakes nobody
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGWINCH, earlier)
        os.close(reader)
        os.close(writer)


def _sent(terminal: int) -> str:
    """What was typed, at least one whole key; empty at the end."""
    data = b""
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # the terminal has gone
            return ""
        if not part:
            return ""
        data += part
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode()
            if not _CUT.search(text) or not select.select([terminal], [], [], _REST)[0]:
                return text
        if len(data) > 4096:
            return ""
