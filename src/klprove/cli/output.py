"""Writing what was found without losing it."""

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from klprove.formats import plain_json
from klprove.report import paint
from klprove.source import plain_lines


class OutputFailed(Exception):
    """Something could not be written; the text says what and why. Exit status 2."""


def say(text: str, colours: Callable[[str], str] = paint) -> None:
    """`text` and a newline on standard output, with `colours` on a terminal."""
    text = plain_lines(text)
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        text = colours(text)
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`). Nothing more can be written, nor flushed at exit.
        _discard_stdout()
    except OSError as error:
        _discard_stdout()
        raise OutputFailed(f"cannot write to standard output: {error.strerror}") from None


def write_json(path: str, content: dict[str, Any]) -> None:
    """`content` to `path` (`-`: standard output), whole or not at all."""
    text = plain_json(content)
    if path == "-":
        say(text)
    else:
        write_file(path, text + "\n")


def write_file(path: str, text: str) -> None:
    """`text` to the file `path`, whole or not at all."""
    try:
        if _special(path):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        else:
            _replace(Path(path), text.encode("ascii"))
    except OSError as error:
        raise OutputFailed(f"cannot write {path}: {error.strerror}") from None


def write_bytes(path: str, content: bytes) -> None:
    """`content` to the file `path`, whole or not at all."""
    try:
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


def _discard_stdout() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
