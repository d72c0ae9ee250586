# SPDX-License-Identifier: GPL-2.0-or-later
"""Forked processes and the pipes they write to: the little of `multiprocessing` that is needed.

That package takes longer to load than most answers take to compute.
"""

import os
import pickle
import select
import signal
from collections.abc import Callable, Iterable
from typing import Any

_HEADER = 8
"""Bytes of the length before each message."""


class Writer:
    """The end of a pipe that a child writes to."""

    def __init__(self, file: int) -> None:
        self._file = file

    def send(self, message: object) -> None:
        """Write the whole of a message. Raises BrokenPipeError where nobody reads."""
        raw = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        rest = memoryview(len(raw).to_bytes(_HEADER, "little") + raw)
        while rest:
            rest = rest[os.write(self._file, rest) :]


class Child:
    """A forked process that runs a function and then ends."""

    def __init__(self, run: Callable[[Writer], int]) -> None:
        """`run` is given where to write to, and returns the exit status."""
        self.file, theirs = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            status = 1
            try:
                os.close(self.file)
                status = run(Writer(theirs))
            finally:
                # The parent's buffers, copied by fork, must not be flushed twice.
                os._exit(status)
        os.close(theirs)
        self._status: int | None = None

    def receive(self) -> Any:
        """The next message. Raises EOFError once there is none any more."""
        size = int.from_bytes(self._read(_HEADER), "little")
        return pickle.loads(self._read(size))

    def _read(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            part = os.read(self.file, min(left, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def end(self) -> int:
        """Wait for its end: exit status, negative for a signal."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self.file)
        return self._status

    def signal(self, number: int) -> None:
        """Send it a signal, unless its end has been waited for."""
        if self._status is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it now."""
        self.signal(signal.SIGKILL)
        self.end()


def ready(files: Iterable[int], seconds: float | None = None) -> list[int]:
    """Those of `files` from which something, or the end, can be read; waits for the first."""
    poll = select.poll()
    for file in files:
        poll.register(file, select.POLLIN)
    found = poll.poll(None if seconds is None else max(seconds, 0.0) * 1000)
    return [file for file, _ in found]
