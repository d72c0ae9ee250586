"""Builds both archives, and puts a wheel into an environment with nothing else of klprove."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
EPOCH = "1700000000"
"""Seconds, for SOURCE_DATE_EPOCH (reproducible-builds.org): the time of every file inside."""

HANDLER = ROOT / "handlers" / "own.c"
MODEL = """\
int x;
__task(0) void t(void) { x = 1; }
__irq(0) void i(void) { assert(!x); }
"""
"""A text that no source tree holds; an interrupt after the store breaks the assertion."""


def build(folder: Path, source: Path = ROOT, *, only: str = "") -> list[Path]:
    """sdist and wheel (or `only` one of the two) of `source` in `folder`, without a network."""
    which = ["-t", only] if only else []
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *which],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.glob("klprove-*"))


def lend(folder: Path) -> None:
    """Let the environment in `folder` import what the environment of the tests has.

    klprove itself it cannot: a `.pth` file below a folder of another `.pth` file is not looked at.
    """
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")


def install(wheel: Path, folder: Path) -> Path:
    """The command `klprove` in a new environment in `folder`; its dependencies are lent."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = ["--python", str(python), "install", "-q", "--no-index", "--no-deps"]
    command += ["--no-compile", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True, capture_output=True)
    lend(folder)
    return folder / "bin" / "klprove"


def alone() -> dict[str, str]:
    """The environment's variables without those that lead to a source tree."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What `command` said, run in `cwd`."""
    return subprocess.run(
        [str(command), *arguments],
        cwd=cwd,
        env=alone(),
        capture_output=True,
        text=True,
        check=False,
    )
