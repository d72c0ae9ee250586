"""Pages that show commands with their outputs, run as a reader would run them.

In a page, a ```console block has lines `$ COMMAND` (a `\\` at the end goes on in the next line),
each followed by what it prints. `[...]` on a line of its own stands for any lines, inside a line
for the rest of it; a command that shows nothing else ends with 0 or 1. An ```sh block has commands
that end well, whatever they print. A block of another language with `title="NAME"` is a file of
that name. A comment `<!-- needs: spin gcc -->` before a block says without which programs, or which
file as `vmlinux`, it is left out.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.corpus.pins import updating

ROOT = Path(__file__).parent.parent
ELIDED = "[...]"
_FENCE = re.compile(
    r"^(?:<!-- needs: (?P<needs>.*?) -->\n)?"
    r"^```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)
_PROGRESS = re.compile(r"^klprove: (?:\d+/\d+ \w+, )?[\d,.]+[kMG]? states\b.*\n", re.MULTILINE)
"""What is told of a search that takes long."""


@dataclass(frozen=True, slots=True)
class File:
    """A block that is a file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what the page shows of its output, from the character `at` of the page on.
    `needs`: programs, or files as `vmlinux`."""

    text: str
    shown: str
    needs: tuple[str, ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Script:
    """A block of commands whose output is not shown."""

    text: str


def pieces(page: str) -> Iterator[File | Command | Script]:
    """What a page has to be done, in order."""
    for block in _FENCE.finditer(page):
        title = re.search(r'title="([^"]+)"', block["info"])
        if title:
            yield File(title[1], block["body"])
        elif block["language"] == "sh":
            yield Script(block["body"])
        elif block["language"] == "console":
            for each in _COMMAND.finditer(block["body"]):
                needs = tuple((block["needs"] or "").split())
                at = block.start("body") + each.start("shown")
                yield Command(each["command"], each["shown"], needs, at)


def timeless(text: str) -> str:
    """`text` without what depends on the machine: times, and where that breaks a line."""
    return re.sub(r"\d+\.\d+s", "N.Ns", text).replace(",\n          ", ", ")


def same(shown: str, told: str) -> bool:
    """Whether `told` is what a page shows."""
    parts = re.split(r"(?m)^\[\.\.\.\]\n", timeless(shown))
    lines = ("[^\n]*".join(map(re.escape, part.split(ELIDED))) for part in parts)
    return re.fullmatch("(?:.*\n)*?".join(lines), timeless(told)) is not None


def shortened(told: str) -> str:
    """A long answer as pages show it: head and table, without the traces."""
    if told.count("\n") <= 60:
        return told
    head = told.partition("\n\n")[0]
    table = told[told.rindex("\n\n" + " " * 10) :].partition("\n\nObservation")[0]
    return f"{head}\n\n{ELIDED}{table}\n{ELIDED}\n"


class Shell:
    """Runs commands in `folder`, one after the other; `status` is that of the last. `klprove` and
    `python` are of the tree `root`."""

    def __init__(self, folder: Path, programs: Path, root: Path = ROOT) -> None:
        self.folder = folder
        self.status = 0
        for name, words in (("klprove", "-m klprove"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
            (programs / name).chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        ours = {"PATH": path, "PYTHONPATH": str(root / "src"), "COLUMNS": "80", "CI": ""}
        self._environment = {**os.environ, **ours}

    def run(self, command: str) -> str:
        """What `command` prints, complaints among it."""
        told = subprocess.run(
            ["bash", "-c", f"(exit {self.status}); {command}"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        self.status = told.returncode
        return _PROGRESS.sub("", told.stdout)


def lacking(command: Command, folder: Path) -> str:
    """What a command needs and is not there; empty where all is."""
    absent = [each for each in command.needs if not shutil.which(each)]
    return " ".join(each for each in absent if not (folder / each).exists())


def disagreements(page: Path, shell: Shell, leave_out: bool = False) -> list[str]:
    """Go through `page`: a line for each command that prints something else than it shows, and for
    each script that fails.

    Commands that need what is absent are left out, and with `leave_out` all that need anything.
    Under KLPROVE_UPDATE=1 the page is written anew instead."""
    text, failed, new = page.read_text(), [], []
    for piece in pieces(text):
        if isinstance(piece, File):
            (shell.folder / piece.name).write_text(piece.text)
            continue
        if isinstance(piece, Script):
            told = shell.run(f"set -e\n{piece.text}")
            failed += [f"{piece.text}{told}"] if shell.status else []
            continue
        if lacking(piece, shell.folder) or (leave_out and piece.needs):
            continue
        told = shell.run(piece.text)
        if piece.shown.strip() == ELIDED and shell.status not in (0, 1):
            failed.append(f"$ {piece.text}\n{told}")
        if not same(piece.shown, told):
            new.append((piece, told))
    if not new or not updating():
        return failed + [f"$ {piece.text}\n{told}" for piece, told in new]
    for piece, told in reversed(new):
        shown = shortened(told) if ELIDED in piece.shown else told
        text = text[: piece.at] + shown + text[piece.at + len(piece.shown) :]
    page.write_text(text)
    return failed
