# SPDX-License-Identifier: GPL-2.0-or-later
"""What a long check says while it runs, on standard error."""

import os
import sys
import time
from collections import deque
from typing import TextIO

from klprove.check import Progress

_SILENT = 2.0
"""Seconds before anything is said."""
_EVERY = 10.0
"""Seconds between lines where there is no terminal to rewrite one on."""
_AGAIN = 0.2
"""Seconds between two rewrites."""
_RECENT = 5.0
"""Seconds over which the rate is taken."""
_WIDTH = 78
"""Most columns of the line."""


class ProgressLine:
    """One line rewritten on a terminal; elsewhere a line every ten seconds."""

    def __init__(self, stream: TextIO | None = None, noun: str = "sites") -> None:
        """`noun`: what `Progress.sites` counts."""
        self._stream = stream or sys.stderr
        self._noun = noun
        self._terminal = self._stream.isatty()
        self._start = self._spoken = time.monotonic()
        self._shown = False
        self._past: deque[tuple[float, int]] = deque()
        """Seconds and states of late."""

    def __call__(self, progress: Progress) -> None:
        """Show `progress` if it is time to."""
        now = time.monotonic()
        rate = self._rate(progress)
        if progress.said:
            self.clear()
            self._write(f"klprove: {progress.said}\n")
        wait = _AGAIN if self._terminal else _EVERY
        if now - self._start < _SILENT or now - self._spoken < wait:
            return
        self._spoken = now
        if self._terminal:
            width = self._width()
            self._write(f"\r{line(progress, rate, width, self._noun):<{width}}")
            self._shown = True
        else:
            self._write(line(progress, rate, noun=self._noun) + "\n")

    def clear(self) -> None:
        """Take the line away before the report."""
        if self._shown:
            self._write("\r" + " " * self._width() + "\r")

    def _width(self) -> int:
        """One column less than the terminal has now: in the last one some wrap."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):  # no terminal after all
            return _WIDTH
        return min(columns - 1, _WIDTH) if columns > 1 else _WIDTH

    def _rate(self, progress: Progress) -> float:
        """States a second, of late."""
        past = self._past
        past.append((progress.seconds, progress.states))
        while len(past) > 2 and progress.seconds - past[1][0] >= _RECENT:
            past.popleft()
        seconds, states = past[0]
        if len(past) == 1 or progress.seconds <= seconds:
            seconds, states = 0.0, 0
        return (progress.states - states) / max(progress.seconds - seconds, 0.001)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            pass  # nobody listens; the answer matters more


def line(progress: Progress, rate: float, width: int | None = None, noun: str = "sites") -> str:
    """`progress`: all of it where it fits in `width` columns, else without what says least."""
    several = progress.sites > 1
    parts = [
        (9, f"{progress.done}/{progress.sites} {noun}" if several else ""),
        (9, f"{count(progress.states)} states"),
        (8, f"{count(int(rate))}/s" if progress.depth else ""),
        (4, f"frontier {count(progress.frontier)}" if progress.depth else ""),
        (3, f"depth {progress.depth}" if progress.depth else ""),
        (7, size(progress.memory) if progress.memory else ""),
        (5, duration(progress.seconds)),
        (9, f"{duration(progress.left)} left" if progress.left is not None else ""),
    ]
    parts = [each for each in parts if each[1]]
    while True:
        said = [text for _, text in parts]
        for between in (", ", " "):
            text = "klprove: " + between.join(said)
            if width is None or len(text) <= width or len(parts) < 2:
                return text[:width]
        parts.remove(min(parts, key=lambda each: each[0]))


def count(number: int) -> str:
    """`9,999`, `12.3k`, `4.56M`, `7.89G`."""
    if number < 10_000:
        return f"{max(number, 0):,}"
    return _short(number, 1000, "kMGT")


def size(number: int) -> str:
    """Bytes: `512MB`, `1.25GB`, in powers of 1024 as `--memory` reads them."""
    return _short(number, 1024, "KMGT") + "B"


def _short(number: float, step: int, letters: str) -> str:
    """Three digits and a letter."""
    place = 0
    number /= step
    while number >= 999.5 and place + 1 < len(letters):
        number /= step
        place += 1
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f}{letters[place]}"


def duration(seconds: float) -> str:
    """`45s`, `12m05`, `3h07`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}"
    return f"{whole // 3600}h{whole % 3600 // 60:02}"
