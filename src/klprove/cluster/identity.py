# SPDX-License-Identifier: GPL-2.0-or-later
"""Which klprove this is: workers of another one are refused, since their answers may differ."""

import hashlib
import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import klprove


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker says of itself when it begins."""

    version: str
    digest: str
    """Of every source file of the package, so that two states of one version are told apart."""
    host: str
    pid: int
    node: str
    """Ray's name of the machine."""
    free: int
    """Bytes of memory that can be had there."""


@cache
def digest() -> str:
    """Twelve hex digits of the text of this package."""
    root = Path(klprove.__file__).parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        total.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def identity(node: str) -> Identity:
    """Of this process, on the machine that Ray calls `node`."""
    host = socket.gethostname()
    return Identity(klprove.__version__, digest(), host, os.getpid(), node, _free())


def mismatch(worker: Identity) -> str:
    """What is wrong with a worker's klprove; empty where it is the same as ours."""
    if (worker.version, worker.digest) == (klprove.__version__, digest()):
        return ""
    return (
        f"{worker.host} has klprove {worker.version} ({worker.digest}), this is "
        f"{klprove.__version__} ({digest()}): install the same on every machine"
    )


def _free() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as figures:
            for line in figures:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return 8 << 30
