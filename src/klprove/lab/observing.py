# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel under load with the module observe in it: one run a machine."""

import re
import struct
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klprove.lab.building import load, module
from klprove.lab.lost import Lost
from klprove.lab.machine import Machine, Setup
from klprove.lab.seen import Run, Seen, names_of, parse
from klprove.source import BadInput, Diagnostic, Span

HOME = Path(__file__).parent / "load.toml"
_TABLE = "/sys/kernel/debug/observe/seen"
_LISTED = "/sys/kernel/tracing/available_filter_functions"
_BETWEEN = 0.004
"""Seconds between two NMIs: they do not queue."""
_GRACE = 60
"""Seconds more than a step has, until the guest is given up."""
_MACHINE_CHECK = "mce -b 0 9 0xbd000000000000c0 0x5 0x3000000 0x8c"
"""To QEMU: an uncorrected error of memory, found by scrubbing, software may recover; to all CPUs.
Intel SDM, volume 3, 16.9.3.1 (MCA error code 0xC0, S set, AR clear)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`load.toml`."""

    machines: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]


def plan(path: Path = HOME) -> Plan:
    """What the file at `path` says."""
    with open(path, "rb") as file:
        found = tomllib.load(file)
    return Plan(found["machine"], found["step"])


def guest_files(headers: Path) -> dict[str, bytes]:
    """What a guest needs beside its shell: the module for that kernel, and the load."""
    texts = {f"steps/{i}": step["run"].encode() for i, step in enumerate(plan().steps)}
    return {"observe.ko": module(headers), **load(), **texts}


def observe(
    kernel: Path,
    files: Mapping[str, bytes],
    machine: Mapping[str, Any],
    log: Path | None,
    say: Callable[[str], None],
) -> Seen:
    """Boot one machine of the plan, load it, and return what was seen.

    `say` is told of every step. Raises Lost where the machine dies, BadInput where the module does
    not fit the kernel, Unavailable without QEMU or busybox.
    """
    began = time.monotonic()
    options = ["nmi_watchdog=0", *machine.get("options", ())]
    setup = Setup(kernel, files, model=machine["model"], options=options)
    with Machine(setup, log) as guest:
        say(f"booted in {time.monotonic() - began:.1f}s")
        _insert(guest, kernel)
        for number, step in enumerate(plan().steps):
            say(step["name"])
            seconds = step.get("seconds", 60)
            with _Nmis(guest):
                guest.run(f"timeout -s KILL {seconds} sh /steps/{number}", seconds + _GRACE)
        for _ in range(machine.get("machine_checks", 0)):
            say("machine check")
            guest.qmp.ask("human-monitor-command", **{"command-line": _MACHINE_CHECK})
            guest.run("sleep 1")
        return _seen(guest, machine, time.monotonic() - began)


def _insert(guest: Machine, kernel: Path) -> None:
    ran = guest.run("insmod /observe.ko", 120)
    if ran.status:
        said = ran.output.decode(errors="replace").strip()
        text = f"it does not take the module that was built for it: {said[:200]}"
        hint = "are the headers of this very build?"
        raise BadInput([Diagnostic("image", Span(str(kernel), 0, 0), text, hint)])


class _Nmis:
    """Sends NMIs from a thread of its own while the body runs."""

    def __init__(self, guest: Machine) -> None:
        self._guest, self._enough = guest, threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def _send(self) -> None:
        while not self._enough.wait(_BETWEEN):
            try:
                self._guest.nmi()
            except Lost:
                return  # the body will notice

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


def _seen(guest: Machine, machine: Mapping[str, Any], seconds: float) -> Seen:
    lost = int(guest.read("/sys/kernel/debug/observe/lost"))
    sites = parse(guest.read(_TABLE).decode(), _TABLE)
    listed = names_of(guest.read(_LISTED, 120).decode().splitlines())
    interrupts = guest.read("/proc/interrupts").decode()
    run = Run(
        machine["model"],
        list(machine.get("options", ())),
        round(seconds, 1),
        _counted("NMI", interrupts),
        _counted("MCE", interrupts),
        lost,
    )
    release = guest.run("uname -r").output.decode().strip()
    return Seen(release, build_id(guest.read("/sys/kernel/notes")), [run], listed, sites)


def _counted(word: str, interrupts: str) -> int:
    """How many of a kind all CPUs took, by /proc/interrupts."""
    line = re.search(rf"^ *{word}: +((?:\d+ +)+)", interrupts, re.MULTILINE)
    return sum(map(int, line[1].split())) if line else 0


def build_id(notes: bytes) -> str:
    """The build id among the ELF notes of /sys/kernel/notes; empty where there is none."""
    at = 0
    while at + 12 <= len(notes):
        name, size, kind = struct.unpack_from("<III", notes, at)
        begin = at + 12 + (name + 3) // 4 * 4
        if kind == 3 and notes[at + 12 : at + 16] == b"GNU\0":
            return notes[begin : begin + size].hex()
        at = begin + (size + 3) // 4 * 4
    return ""
