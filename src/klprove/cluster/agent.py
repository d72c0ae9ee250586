# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that speaks to Ray, so that Ray's output, threads and signal handlers are not ours.

It reads commands from a pipe and writes events to it. It ends, and Ray with it, when the pipe is
closed at the other end.
"""

import importlib
import logging
import os
import pickle
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from klprove.cluster.actor import Actor
from klprove.cluster.identity import Identity

LOCAL, AUTO = "local", "auto"

_STORE = 80 << 20
"""Bytes of Ray's object store on this machine, about the least it takes: programs and verdicts are
small."""
_TICK = 0.005
"""Seconds between two looks at the pipe while calls run."""
_PROGRESS = 1.0
_REACH = 5.0
"""Seconds for a machine to answer at all."""


@dataclass(slots=True)
class _Member:
    handle: Any
    who: Identity | None = None
    running: bool = False
    asked: bool = False
    """Its progress has been asked for and has not come."""


class Agent:
    """Actors of one cluster."""

    def __init__(self, pipe: Connection, address: str, wanted: int | None, folder: str) -> None:
        self._pipe, self._address, self._folder = pipe, address, folder
        self._wanted = wanted
        self._members: dict[int, _Member] = {}
        self._waiting: dict[Any, tuple[str, int]] = {}
        """By Ray's reference: what it will be, and whose."""
        self._made = self._spare = 0
        self._looked = 0.0
        self._ray: Any = None
        self._class: Any = None

    def run(self) -> None:
        """Until the pipe is closed."""
        try:
            size = self._connect()
        except _Refused as error:
            self._pipe.send(("unavailable", -1, str(error)))
            return
        self._spare = 2 * size
        self._class = self._ray.remote(
            num_cpus=1, max_restarts=0, max_concurrency=3, scheduling_strategy="SPREAD"
        )(Actor)
        self._pipe.send(("connected", -1, size))
        for _ in range(size):
            self._hire()
        try:
            while True:
                self._turn()
        except (EOFError, OSError):
            pass
        finally:
            self._ray.shutdown()

    # -- the cluster --------------------------------------------------------------

    def _connect(self) -> int:
        """Join or start a cluster; how many workers to have."""
        for name, value in _environment(self._address).items():
            os.environ.setdefault(name, value)
        try:
            self._ray = importlib.import_module("ray")
        except ImportError as error:
            raise _Refused(f"Ray cannot be loaded: {error}") from None
        quiet = {
            "log_to_driver": False,
            "configure_logging": False,
            "logging_level": logging.CRITICAL,
        }
        try:
            if self._address == LOCAL:
                self._ray.init(
                    address="local",
                    num_cpus=self._wanted or len(os.sched_getaffinity(0)),
                    include_dashboard=False,
                    object_store_memory=_STORE,
                    _temp_dir=self._folder,
                    **quiet,
                )
            else:
                _reach(self._address)
                self._ray.init(address=self._address, **quiet)
        except _Refused:
            raise
        except Exception as error:  # noqa: BLE001 - Ray raises anything
            raise _Refused(_first_line(error, self._address)) from None
        cpus = int(self._ray.cluster_resources().get("CPU", 0))
        return max(min(self._wanted or cpus, cpus), 1)

    def _hire(self) -> None:
        """One more worker, when the cluster has room for it."""
        number, self._made = self._made, self._made + 1
        handle = self._class.remote()
        self._members[number] = _Member(handle)
        self._waiting[handle.hello.remote()] = ("hello", number)

    # -- turns ----------------------------------------------------------------------

    def _turn(self) -> None:
        while self._pipe.poll(0 if self._waiting else 0.2):
            self._obey(*self._pipe.recv())
        now = time.monotonic()
        if now - self._looked > _PROGRESS:
            self._looked = now
            for number, member in self._members.items():
                if member.running and not member.asked:
                    member.asked = True
                    self._waiting[member.handle.progress.remote()] = ("progress", number)
        if self._waiting:
            done, _ = self._ray.wait(list(self._waiting), num_returns=1, timeout=_TICK)
            for each in done:
                self._take(each, *self._waiting.pop(each))

    def _obey(self, what: str, number: int, content: bytes) -> None:
        member = self._members.get(number)
        if member is None:
            return  # it has been lost meanwhile, and that was said
        if what == "run":
            member.running = True
            self._waiting[member.handle.run.remote(content)] = ("result", number)
        elif what == "stop":
            member.handle.stop.remote()

    def _take(self, reference: Any, what: str, number: int) -> None:
        """Something that a worker returned, or its loss."""
        member = self._members.get(number)
        if member is None:
            return
        try:
            value = self._ray.get(reference)
        except Exception as error:  # noqa: BLE001 - whatever Ray raises, the worker is of no use
            self._lose(number, member, error)
            return
        match what:
            case "hello":
                member.who = value
                self._pipe.send(("ready", number, pickle.dumps(value)))
            case "progress":
                member.asked = False
                if value is not None and member.running:
                    self._pipe.send(("progress", number, value))
            case "result":
                member.running = False
                kind, content = value
                self._pipe.send((kind, number, content))

    def _lose(self, number: int, member: _Member, error: Exception) -> None:
        del self._members[number]
        if member.who is None and _import_failed(error):
            self._pipe.send(("unavailable", -1, _import_text(error)))
            return
        self._pipe.send(("lost", number, _why(member.who, error)))
        if self._spare:
            self._spare -= 1
            self._hire()


class _Refused(Exception):
    """The cluster cannot be had; the text says why."""


def _environment(address: str) -> Mapping[str, str]:
    """What Ray reads from the environment. Nobody else on this machine may use a local cluster: its
    token is made for it and kept in memory."""
    settings = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_DEDUP_LOGS": "0",
    }
    if address == LOCAL and "RAY_AUTH_MODE" not in os.environ:
        settings |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return settings


def _reach(address: str) -> None:
    """Refuse an address where nothing listens, which Ray itself would wait for."""
    host, _, port = address.rpartition(":")
    if not host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACH).close()
    except OSError as error:
        raise _Refused(f"no cluster at {address}: {error.strerror or error}") from None


def _first_line(error: Exception, address: str) -> str:
    if address == AUTO and isinstance(error, ConnectionError):
        return "no Ray cluster runs on this machine (`ray start --head` starts one)"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"no cluster at {address}: {' '.join(lines)[:300]}"


def _import_failed(error: Exception) -> bool:
    text = str(error)
    return "failed to import" in text or "No module named" in text or "has no attribute" in text


def _import_text(error: Exception) -> str:
    lacking = "No module named 'klprove'" in str(error)
    return (
        f"a machine of the cluster {'has no klprove' if lacking else 'has another klprove'}: "
        "install the same on every machine"
    )


def _why(who: Identity | None, error: Exception) -> str:
    """In words: what became of a worker."""
    place = f"process {who.pid} on {who.host}" if who else "a worker that had just begun"
    text = str(error)
    if "low on memory" in text or "OutOfMemory" in type(error).__name__:
        return f"{place} was ended because that machine ran low on memory"
    if "node" in text.lower() and ("node has died" in text or "node died" in text.lower()):
        return f"{place}: that machine went away"
    return f"{place} ended without an answer (killed, or out of memory?)"


def main(arguments: list[str]) -> None:
    """`python -m klprove.cluster.agent FD ADDRESS WORKERS FOLDER`, as `crew.py` starts it."""
    number, address, wanted, folder = arguments
    with Connection(int(number)) as pipe:
        try:
            Agent(pipe, address, int(wanted) or None, folder).run()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
