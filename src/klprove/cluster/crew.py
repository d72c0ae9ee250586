# SPDX-License-Identifier: GPL-2.0-or-later
"""The workers as the rest of klprove sees them."""

import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import klprove
from klprove.cluster.actor import ANSWER, RAISED, packed
from klprove.cluster.agent import LOCAL
from klprove.cluster.identity import Identity, mismatch
from klprove.source import Unavailable

_BEGIN = 60.0
"""Seconds that the first worker may take to come up."""
_SHORT = 30
"""Characters that the folder of temporary files may have."""
_END = 15.0
"""Seconds that Ray may take to go down."""
_ADDRESS = re.compile(r"local|auto|\w[\w.-]*:\d{1,5}|\[[\da-fA-F:]+\]:\d{1,5}")


class Event(NamedTuple):
    """Something that happened: `ready`, `progress`, `answer`, `raised`, `lost` (with why), `gone`
    (the whole cluster, with why; worker -1)."""

    kind: str
    worker: int
    content: Any


@dataclass(slots=True)
class Worker:
    """A process of the cluster that is there."""

    number: int
    who: Identity
    busy: bool = False


class Crew:
    """The workers of one cluster, each of which runs one call at a time."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._gone = False
        self.workers: dict[int, Worker] = {}
        """Those that are ready, by number; a number is never used again."""
        self.folder: str | None = None
        """One that all workers see, for as long as the crew is there; None where there may be
        none."""
        self.size = 0
        """How many workers there are to be, once all are up."""

    def begin(self, seconds: float = _BEGIN) -> None:
        """Wait for the first worker. Raises Unavailable."""
        end = time.monotonic() + seconds
        while not self.workers:
            if time.monotonic() > end:
                raise Unavailable(f"no worker came up within {seconds:.0f} s: is the cluster full?")
            for each in self.events(1.0):
                if each.kind in ("lost", "gone"):
                    raise Unavailable(each.content)

    def idle(self) -> list[Worker]:
        """Workers without a call, by number."""
        return [each for each in self.workers.values() if not each.busy]

    def run(self, worker: Worker, function: Callable[..., Any], *arguments: Any) -> None:
        """Call `function(*arguments, tell)` there. Its end is an event: `answer`, `raised` or
        `lost`. Both must be importable or picklable there."""
        worker.busy = True
        self._send("run", worker.number, packed((function, arguments)))

    def stop(self) -> None:
        """Ask every running call to end with what it knows."""
        for each in self.workers.values():
            if each.busy:
                self._send("stop", each.number, b"")

    def events(self, seconds: float) -> Iterator[Event]:
        """What has happened since; waits for the first of it. Raises Unavailable for a worker that
        has another klprove."""
        if self._gone:
            time.sleep(seconds)
            return
        try:
            while self._pipe.poll(seconds):
                seconds = 0.0
                each = self._understood(*self._pipe.recv())
                if each is not None:
                    yield each
        except (EOFError, OSError):
            self._gone = True
            self.workers.clear()
            yield Event("gone", -1, "the connection to the cluster is lost")

    def _understood(self, kind: str, number: int, content: Any) -> Event | None:
        match kind:
            case "unavailable":
                raise Unavailable(content)
            case "connected":
                self.size = content
                return None
            case "ready":
                who = pickle.loads(content)
                if wrong := mismatch(who):
                    raise Unavailable(wrong)
                self.workers[number] = Worker(number, who)
                return Event(kind, number, who)
            case "lost":
                self.workers.pop(number, None)
                return Event(kind, number, content)
            case _:
                if kind in (ANSWER, RAISED):
                    self.workers[number].busy = False
                return Event(kind, number, pickle.loads(content))

    def _send(self, what: str, number: int, content: bytes) -> None:
        with suppress(OSError):  # its end will be read as `gone`
            self._pipe.send((what, number, content))


class Cluster(ExitStack):
    """A cluster that is joined or started when its crew is first asked for, and left at the end."""

    def __init__(self, address: str, workers: int | None) -> None:
        """`address`: `local` starts a cluster on this machine, `auto` joins the one that runs here,
        HOST:PORT one elsewhere. `workers`: how many at most (None: all that it has). Raises
        Unavailable for what is not an address, and where Ray is not installed."""
        if not _ADDRESS.fullmatch(address):
            raise Unavailable(f"--cluster {address}: not `local`, `auto` or HOST:PORT")
        if find_spec("ray") is None:
            raise Unavailable("--cluster needs Ray: pip install klprove[cluster]")
        super().__init__()
        self._address, self._workers = address, workers
        self._crew: Crew | None = None

    def crew(self) -> Crew:
        """Its workers; the first of them is up. Raises Unavailable."""
        if self._crew is None:
            self._crew = self.enter_context(_enlisted(self._address, self._workers))
        return self._crew


@contextmanager
def _enlisted(address: str, workers: int | None) -> Iterator[Crew]:
    # Ray has sockets in there, and the path of a socket is short.
    short = None if len(tempfile.gettempdir()) < _SHORT else "/tmp"
    folder = tempfile.mkdtemp(prefix="klprove-", dir=short)
    ours, theirs = socket.socketpair()
    options = [str(theirs.fileno()), address, str(workers or 0), folder]
    process = subprocess.Popen(
        [sys.executable, "-m", "klprove.cluster.agent", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # Ctrl-C is for us
        env=_importing(),
    )
    theirs.close()
    try:
        with Connection(ours.detach()) as pipe:
            crew = Crew(pipe)
            crew.begin()
            if address == LOCAL:
                crew.folder = tempfile.mkdtemp(dir=folder)
            yield crew
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _importing() -> dict[str, str]:
    """The environment of the agent, in which it, and what it starts here, finds this klprove."""
    found = [str(Path(klprove.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(each for each in found if each)
    return {**os.environ, "PYTHONPATH": path}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the agent take Ray down; it has seen the pipe close."""
    previous = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:
        previous = None  # not the main thread
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        if previous is not None:
            signal.signal(signal.SIGINT, previous)
