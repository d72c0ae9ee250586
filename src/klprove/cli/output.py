# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing what was found without losing it."""

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from klprove.formats import plain_json
from klprove.report import paint
from klprove.source import plain_lines

DUMB = ("", "dumb", "unknown")
"""Values of TERM that promise neither colours nor a cursor that can be moved."""


class OutputFailed(Exception):
    """Something could not be written; the text says what and why. Exit status 2."""


def say(text: str, colours: Callable[[str], str] = paint) -> None:
    """`text` and a newline on standard output, with `colours` on a terminal."""
    text = plain_lines(text)
    if coloured():
        text = colours(text)
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`). Nothing more can be written, nor flushed at exit.
        discard(sys.stdout)
    except OSError as error:
        discard(sys.stdout)
        raise OutputFailed(f"cannot write to standard output: {error.strerror}") from None


def coloured() -> bool:
    """True where standard output is a terminal that knows colours and its user wants them
    (no-color.org: NO_COLOR, where it is not empty, says no)."""
    dumb = os.environ.get("TERM", "") in DUMB
    return sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")


def tell(text: str) -> None:
    """`text` and a newline on standard error; where that cannot be, the answer matters more."""
    try:
        print(plain_lines(text), file=sys.stderr, flush=True)
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Let what goes to `stream` be lost from now on, also what waits in it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def write_json(path: str, content: dict[str, Any]) -> None:
    """`content` to `path` (`-`: standard output), whole or not at all."""
    text = plain_json(content)
    if path == "-":
        say(text)
    else:
        write_file(path, text + "\n")


def write_file(path: str, text: str) -> None:
    """`text` to the file `path`, whole or not at all."""
    write_bytes(path, text.encode("ascii"))


def write_bytes(path: str, content: bytes) -> None:
    """`content` to the file `path`, whole or not at all."""
    try:
        if _special(path):
            with open(path, "wb") as file:
                file.write(content)
        else:
            _replace(Path(path), content)
    except OSError as error:
        raise OutputFailed(f"cannot write {path}: {error.strerror}") from None


def _special(path: str) -> bool:
    """True for a device or a pipe, which cannot be replaced by a file of that name."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


def _replace(path: Path, content: bytes) -> None:
    import tempfile  # few answers go to a file

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
