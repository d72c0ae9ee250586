# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's log: the lines about livepatching, and what they mean."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from klprove.watch.state import LogLine

_TEXT = re.compile(r"(?:<\d+>)?\[\s*(\d{1,12}\.\d{1,9})\](?:\[\s*[TC]\d+\])? (.*)$")
_RECORD = re.compile(r"\d+,\d+,(\d{1,19}),[^;]*;(.*)$")
_OURS = "livepatch: "
_MEANINGS: Mapping[str, str] = {
    "enabling": r"enabling patch '(?P<patch>\S+)'",
    "starting": r"'(?P<patch>\S+)': starting (?P<what>patching|unpatching) transition",
    "complete": r"'(?P<patch>\S+)': (?P<what>patching|unpatching) complete",
    "signalled": r"signaling remaining tasks",
    "forced": r"forcing remaining tasks",
    "busy": r"failed to register ftrace handler for function '(?P<what>\S+)'",
    "no-object": r"failed to (?:patch object|apply patch) '(?P<what>\S+)'",
    "not-enabled": r"failed to enable patch '(?P<patch>\S+)'",
    "callback": r"pre-patch callback failed for object '(?P<what>\S+)'",
    "refused": r"patch '(?P<patch>\S+)' failed for module '(?P<what>\S+)', refusing to load",
    "unresolved": r"(?:unresolvable ambiguity for |symbol position \d+ for )?"
    r"symbol '(?P<what>\S+)' (?:in object|not found)",
    "no-size": r"kallsyms size lookup failed for '(?P<what>\S+)'",
    "incompatible": r"Livepatch patch \((?P<patch>\S+)\) is not compatible",
    "never": r"The livepatch transition may never complete",
}
"""By what it means: lines of kernel/livepatch/*.c (v6.1, v6.12)."""
_PATTERNS = {meaning: re.compile(pattern) for meaning, pattern in _MEANINGS.items()}


class Event(NamedTuple):
    """What a line says: `patch` and `what` (direction, object, function) are empty for none."""

    seconds: float
    meaning: str
    patch: str
    what: str


def lines(text: str) -> tuple[LogLine, ...]:
    """The lines about livepatching in what `dmesg` prints, or in records of /dev/kmsg."""
    found = []
    for line in text.splitlines():
        if _OURS not in line:
            continue
        match = _TEXT.match(line)
        if match:
            found.append(LogLine(float(match[1]), match[2]))
        elif record := _RECORD.match(line):
            found.append(LogLine(int(record[1]) / 1e6, record[2]))
    return tuple(found)


def events(log: Sequence[LogLine]) -> list[Event]:
    """What the lines mean, oldest first; lines that mean nothing here are left out."""
    found = []
    for line in log:
        said = line.text.partition(_OURS)[2]
        for meaning, pattern in _PATTERNS.items():
            match = pattern.match(said)
            if match:
                groups = {"patch": "", "what": "", **match.groupdict()}
                found.append(Event(line.seconds, meaning, groups["patch"], groups["what"]))
                break
    return found


def read_kmsg(
    path: str = "/dev/kmsg", read: Callable[[int, int], bytes] = os.read, most: int = 200_000
) -> str:
    """All records of the kernel's log, as /dev/kmsg has them. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = [b""]
    try:
        while len(found) < most:
            with suppress(BrokenPipeError):  # overwritten meanwhile: go on with the next
                found.append(read(handle, 1 << 13))
                if not found[-1]:
                    break
    except BlockingIOError:
        pass  # nothing is new
    finally:
        os.close(handle)
    return b"".join(found).decode(errors="surrogateescape")
