"""Commands, and the settings under which each is run."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
_HANDLERS = ROOT / "handlers" / "2017"
_NMI = str(ROOT / "corpus" / "x86-nmi-cr2" / "buggy.c")
_RING = str(ROOT / "corpus" / "perf-rb-data-head" / "buggy.c")
_BUFFERS = str(Path(__file__).parent / "buffers.c")
_KERNEL = (str(_HANDLERS / "F.c"), "--kernel", "v4.12rc")
_ONE_EACH = ("--arrivals", "irq=1,nmi=1,exception=1")
_BOUNDED = (*_ONE_EACH, "--no-times")
_PROGRESS = re.compile(rb"^klprove: .* states, .*\n", re.MULTILINE)
"""What is written every ten seconds, for whoever waits."""
_SECONDS = 1800
"""Only what hangs takes so long."""
_JOBS = "JOBS"
"""In a command: where `-j N` stands, if it takes one."""

QUICK: Sequence[Sequence[str]] = (
    ("check", _NMI, "--no-times", "--traces", "all"),
    ("check", _RING, "--no-times", "--arrivals", "1", "--engine", "native", _JOBS, "--json", "-"),
    ("check", _BUFFERS, "--no-times", "--memory-model", "tso", "--engine", "reference"),
    ("lower", *_KERNEL, "--patch", "ist_enter"),
    ("export", "--promela", _RING),
)
SLOW: Sequence[Sequence[str]] = (
    ("check", *_KERNEL, "--patch", "rcu_irq_enter,ist_exit,do_debug", *_BOUNDED, _JOBS),
    ("check", *_KERNEL, "--patch", "each", *_BOUNDED, "--json", "-", _JOBS),
    ("check", *_KERNEL, "--patch", "ist_enter", *_BOUNDED, "--engine", "native", _JOBS),
    ("compare", str(_HANDLERS / "B.c"), "--kernels", "v4.12rc,v4.14", *_ONE_EACH, _JOBS),
    ("export", "--promela", *_KERNEL, "--patch", "ist_enter"),
    ("kernels",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """`seed`: PYTHONHASHSEED; `jobs`: -j; `away`: in another folder."""

    seed: str
    jobs: int
    away: bool
    zone: str
    language: str

    def __str__(self) -> str:
        where = "an empty folder" if self.away else "the repository"
        return f"seed {self.seed}, -j {self.jobs}, {where}, {self.zone}, {self.language}"


FIRST = Setting("0", 1, False, "UTC", "C")
OTHERS = (
    Setting("1", 2, True, "Asia/Kathmandu", "C.UTF-8"),
    Setting("4294967295", 2, False, "America/St_Johns", "de_DE.ISO-8859-1"),
    Setting("random", 1, True, "UTC", "tr_TR.UTF-8"),
)


def said(command: Sequence[str], setting: Setting) -> tuple[int, bytes, bytes]:
    """Exit status, standard output, and standard error without lines of progress, of a command
    under a setting."""
    words: list[str] = []
    for word in command:
        words += ["-j", str(setting.jobs)] if word == _JOBS else [word]
    path = os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    changed = {"PYTHONHASHSEED": setting.seed, "TZ": setting.zone, "PYTHONPATH": path}
    changed |= {"LANG": setting.language, "LC_ALL": setting.language}
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "klprove", *words],
            cwd=folder if setting.away else ROOT,
            env={**os.environ, **changed},
            capture_output=True,
            timeout=_SECONDS,
        )
    return done.returncode, done.stdout, _PROGRESS.sub(b"", done.stderr)


def differing(command: Sequence[str], others: Sequence[Setting] = OTHERS) -> list[Setting]:
    """The settings under which a command says something else than under the first."""
    wanted = said(command, FIRST)
    return [each for each in others if said(command, each) != wanted]
