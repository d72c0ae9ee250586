"""Running a reader on many inputs: each batch in a process of its own, with limits on CPU time and
memory, so that whatever an input does is seen."""

import faulthandler
import mmap
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.readers import READERS, read

CPU_SECONDS = 20
"""Of one input; a search of one second that is given to the command is far below."""
_WALL_SECONDS = 300
MEMORY = 4 << 30
"""Bytes of address space."""
_BATCH = 200
_ROOM = 1 << 20
_OUT = 3


@dataclass(slots=True)
class Hunt:
    """What came of it: the number of inputs, and for each finding the input and what happened."""

    executions: int = 0
    seconds: float = 0.0
    findings: list[tuple[bytes, str]] = field(default_factory=list)


def hunt(name: str, seed: int, most: int, until: float) -> Hunt:
    """Give up to `most` inputs to the reader `name`, until the clock (time.monotonic) says so."""
    result, began = Hunt(), time.monotonic()
    READERS[name].make(Random(seed))  # what all batches share is made once
    shared = mmap.mmap(-1, _ROOM)
    while result.executions < most and time.monotonic() < until:
        count = min(_BATCH, most - result.executions)
        with tempfile.TemporaryDirectory() as folder:
            child = os.fork()
            if child == 0:
                _batch(name, seed + result.executions, count, until, shared, Path(folder))
            _, status = os.waitpid(child, 0)
        shared.seek(0)
        done, size = (int.from_bytes(shared.read(8), "little") for _ in range(2))
        result.executions += done
        if status:
            ended = os.waitstatus_to_exitcode(status)
            data = shared.read(size)
            said = shared.read(_ROOM - 16 - size).rstrip(b"\0").decode(errors="replace")
            result.findings.append((data, said if ended == _OUT else f"ended by {ended}"))
        shared[:] = bytes(_ROOM)
    result.seconds = time.monotonic() - began
    return result


def _batch(name: str, seed: int, count: int, until: float, shared: mmap.mmap, folder: Path) -> None:
    """In the child: `count` inputs. Never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for number in range(count):
        if time.monotonic() > until:
            break
        data = READERS[name].make(Random(seed + number))
        shared.seek(0)
        for each in (number + 1, len(data)):
            shared.write(each.to_bytes(8, "little"))
        shared.write(data)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)  # not caught: ends also C code
        signal.setitimer(signal.ITIMER_REAL, _WALL_SECONDS)
        try:
            read(name, data, folder)
        except BaseException:  # noqa: BLE001 - whatever it is, it is a finding
            said = traceback.format_exc().encode(errors="backslashreplace")
            shared.write(said[-(_ROOM - 16 - len(data)) :][-20_000:])
            os._exit(_OUT)
    sys.stdout.flush()
    os._exit(0)
