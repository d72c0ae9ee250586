# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of /proc/PID/stack and /proc/PID/stat."""

import re
from typing import NamedTuple

from klprove.watch.numbers import whole
from klprove.watch.state import Frame

_FRAME = re.compile(
    r"(?:\[<\w*>\] )?(\S+?)\+0x([0-9a-f]{1,16})/0x([0-9a-f]{1,16})(?: \[(\w+)[^]]*\])?\s*$"
)
_KTHREAD = 0x00200000
"""PF_KTHREAD of include/linux/sched.h."""
_TICKS = 100.0
"""USER_HZ of every machine that has livepatching."""


def frames(text: str) -> tuple[Frame, ...]:
    """The calls, innermost first; an address without a name is left out."""
    found = []
    for line in text.splitlines():
        match = _FRAME.match(line.strip())
        if match:
            symbol, offset, size, module = match.groups()
            found.append(Frame(symbol, int(offset, 16), int(size, 16), module or ""))
    return tuple(found)


class Stat(NamedTuple):
    """What /proc/PID/stat says that matters here."""

    comm: str
    state: str
    kernel: bool
    started: float
    """Seconds since boot."""


def stat(text: str) -> Stat | None:
    """The fields of one line; None for a line that is none. A comm may hold brackets and spaces."""
    head, bracket, tail = text.rpartition(")")
    fields = tail.split()
    if not bracket or len(fields) < 20:
        return None
    flags, started = whole(fields[6]), whole(fields[19])
    if flags is None or started is None:
        return None
    comm = head.partition("(")[2]
    return Stat(comm, fields[0], bool(flags & _KTHREAD), started / _TICKS)
