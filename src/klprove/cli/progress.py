"""What a long check says while it runs, on standard error."""

import sys
import time
from typing import TextIO

from klprove.check import Progress

_SILENT = 2.0
"""Seconds before anything is said."""
_EVERY = 10.0
"""Seconds between lines where there is no terminal to rewrite one on."""


class ProgressLine:
    """One line rewritten on a terminal; elsewhere a line every ten seconds."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._start = self._spoken = time.monotonic()
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        """Show `progress` if it is time to."""
        now = time.monotonic()
        if now - self._start < _SILENT or now - self._spoken < (0.2 if self._terminal else _EVERY):
            return
        self._spoken = now
        sites = f"{progress.done}/{progress.sites} sites, " if progress.sites > 1 else ""
        text = f"klprove: {sites}{progress.states:,} states, {progress.seconds:.0f} s"
        if self._terminal:
            self._write(f"\r{text:<78.78}")
            self._shown = True
        else:
            self._write(text + "\n")

    def clear(self) -> None:
        """Take the line away before the report."""
        if self._shown:
            self._write("\r" + " " * 78 + "\r")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            pass  # nobody listens; the answer matters more
