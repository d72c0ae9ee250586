"""A page whose blocks are done to the letter, in a scratch copy of the repository."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.packaging.building import ROOT, alone
from tests.test_house import tracked

BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.M | re.S)
ELIDED = "[...]"


def scratch(folder: Path) -> Path:
    """A copy of what git would take, with a command `klprove` and a `python` that are of it."""
    for path in tracked():
        place = folder / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in (("klprove", "-m klprove"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (programs / name).chmod(0o755)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def steps(page: str) -> Iterator[tuple[str, str | None]]:
    """Commands of a page in order, each with what it is to print; None: that is not said."""
    for kind, text in BLOCK.findall(page):
        if kind == "sh":
            yield text, None
            continue
        for step in re.split(r"^\$ ", text, flags=re.M)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def follow(page: str, root: Path) -> Iterator[tuple[str, str]]:
    """Do the steps of a page in `root`; what went wrong, with the command that it went wrong at."""
    programs = root / ".venv" / "bin"
    variables = {**alone(), "PYTHONPATH": str(root / "src"), "CI": ""}
    variables |= {"PATH": f"{programs}:{variables['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    for command, output in steps(page):
        words = ["bash", "-ec", command]
        done = subprocess.run(words, cwd=root, env=variables, capture_output=True, text=True)
        if done.returncode not in ((0,) if output is None else (0, 1)):
            yield command, done.stdout + done.stderr
        elif output is not None and not re.fullmatch(_pattern(output), timeless(done.stdout), re.S):
            yield command, done.stdout


def timeless(text: str) -> str:
    """`text` without seconds."""
    return re.sub(r"\d+\.\d+s", "N.Ns", text)


def _pattern(output: str) -> str:
    """What an output has to be, where `[...]` stands for anything."""
    return ".*".join(re.escape(part) for part in timeless(output).split(ELIDED))
