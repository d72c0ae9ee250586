"""Commands in all situations of their streams: `python -m tests.cli.situations LINE...`
prints as JSON how each of them ended.

What the commands need is loaded once; each situation is a fork of this process with streams of its
own, which costs a tenth of a start.
"""

import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable
from typing import Any, TypeAlias

from klprove.cli.main import commands, main

COLUMNS = 40
_FOREIGN = ("LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR")
Ended: TypeAlias = dict[str, Any]
"""`status`, and texts of what was written: `out`, `err`."""


def _full(_: int) -> int:
    return os.open("/dev/full", os.O_WRONLY)


def _left(_: int) -> int:
    """The end of a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def _same(given: int) -> int:
    return given


SITUATIONS: dict[str, tuple[Callable[[int], int], Callable[[int], int], dict[str, str]]] = {
    "plain": (_same, _same, {}),
    "ascii": (_same, _same, {"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C"}),
    "reader left": (_left, _same, {}),
    "disk full": (_full, _same, {}),
    "no reader of errors": (_same, _left, {}),
    "errors to a full disk": (_same, _full, {}),
    "terminal": (_same, _same, {"TERM": "xterm"}),
    "terminal without colours": (_same, _same, {"TERM": "xterm", "NO_COLOR": "1"}),
    "dumb terminal": (_same, _same, {"TERM": "dumb"}),
}
"""By name: what standard output is, what standard error is, and the environment."""


def ended(words: list[str], name: str) -> Ended:
    """How the command ends in the situation `name`."""
    out, err, environment = SITUATIONS[name]
    on_terminal = "terminal" in name
    read_out, write_out = pty.openpty() if on_terminal else os.pipe()
    if on_terminal:
        fcntl.ioctl(write_out, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    read_err, write_err = os.pipe()
    child = os.fork()
    if child == 0:
        for each in _FOREIGN:
            os.environ.pop(each, None)
        os.environ.update(environment)
        os.dup2(out(write_out), 1)
        os.dup2(err(write_err), 2)
        os.closerange(3, 100)
        encoding = environment.get("PYTHONIOENCODING", "utf-8")
        for number, stream in ((1, "stdout"), (2, "stderr")):
            raw = io.FileIO(number, "w", closefd=False)
            buffered = io.BufferedWriter(raw)
            text = io.TextIOWrapper(buffered, encoding, line_buffering=number == 2 or on_terminal)
            setattr(sys, stream, text)
        sys.argv = ["klprove", *words]
        main()
    os.close(write_out)
    os.close(write_err)
    said = {"out": _all(read_out).replace("\r\n", "\n"), "err": _all(read_err)}
    return {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), **said}


def _all(reader: int) -> str:
    parts = []
    with contextlib.suppress(OSError):  # what Linux says where the other end is closed
        while part := os.read(reader, 1 << 16):
            parts.append(part)
    os.close(reader)
    return b"".join(parts).decode()


if __name__ == "__main__":
    _lines = [line.split() for line in sys.argv[1:]]
    for _words in _lines:
        commands.get_command(None, _words[0])  # type: ignore[arg-type]
    json.dump([{name: ended(words, name) for name in SITUATIONS} for words in _lines], sys.stdout)
