"""A command on a terminal of its own, and what a reader of that terminal sees."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0
"""Seconds for what should take none: others may use this machine, too."""


class Terminal:
    """`klprove` with `arguments` on a terminal that pyte emulates."""

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (24, 80),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`size`: lines and columns. `environment` comes on top of this process's own, less what
        says anything about terminals and languages."""
        self._screen = pyte.Screen(size[1], size[0])
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        """Everything that was written."""
        self._master, terminal = pty.openpty()
        self._resize(size)
        told = ("LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING")
        clean = {name: value for name, value in os.environ.items() if name not in told}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "klprove", *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=ROOT,
            env={**clean, "TERM": "xterm", "LANG": "en_US.UTF-8", **(environment or {})},
        )
        os.close(terminal)

    def _resize(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def resize(self, lines: int, columns: int) -> None:
        """Make the terminal another size, as a window does."""
        self._resize((lines, columns))
        self._screen.resize(lines, columns)
        self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type `keys`."""
        os.write(self._master, keys.encode())

    @property
    def echoes(self) -> bool:
        """True where what is typed is shown, as in a shell."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def see(self, *texts: str) -> str:
        """The screen, as soon as all `texts` are on it: a screen is not written in one piece."""
        end = time.monotonic() + _PATIENCE
        while missing := [each for each in texts if each not in self._shown]:
            more = time.monotonic() < end and self._read(0.2)
            assert more, f"{missing} not in:\n{self._shown}"
        return self._shown

    @property
    def _shown(self) -> str:
        return "\n".join(each.rstrip() for each in self._screen.display)

    def close(self) -> int:
        """What is left to read is read, and the terminal is as it was; the exit status."""
        end = time.monotonic() + _PATIENCE
        while self._read(0.2) and time.monotonic() < end:
            pass
        assert self.echoes
        os.close(self._master)
        return self.process.wait(_PATIENCE)

    def _read(self, seconds: float) -> bool:
        """Read what comes in time; False where nothing will come any more."""
        if not select.select([self._master], [], [], seconds)[0]:
            return self.process.poll() is None
        data = b""
        with contextlib.suppress(OSError):  # what Linux says where the other end is closed
            data = os.read(self._master, 65536)
        self.raw += data
        self._stream.feed(data)
        return bool(data)
