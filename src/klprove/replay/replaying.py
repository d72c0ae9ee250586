# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove replay`: one trace, in one kernel, as often as asked."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from klprove.kernels import TRANSITION
from klprove.lab import Late, Setup
from klprove.lab.layout import Layout, layout
from klprove.replay import handler, livepatched
from klprove.replay.driving import Driver
from klprove.replay.following import follow
from klprove.replay.led import Led
from klprove.replay.livepatched import (
    OPTIONS,
    PATCHES,
    READER,
    UPDATER,
    Core,
    Modules,
    placed,
)
from klprove.replay.outcome import SPOILED, Outcome
from klprove.replay.places import Places
from klprove.replay.schedule import Schedule, schedule
from klprove.replay.trace import Case
from klprove.replay.updating import Updater
from klprove.replay.words import Words, words
from klprove.source import BadInput, Diagnostic, Span, Unavailable

TASK = "reader"
"""The task in which a trace begins."""
TRAP = "trap"
"""The module that has a hardware breakpoint."""
_OTHER: Any = {"model": "Nehalem"}
"""A processor of Intel's for exceptions: on one of AMD's the kernel survives no machine check that
QEMU can send (arch/x86/kernel/cpu/mce/severity.c, v6.1)."""
_COUNTED = "in this scene it stands for ftrace's own way to keep handlers from being left"
_BOOTS = 5
"""Machines for one replay with an updater, at most."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a replay needs before a machine is started."""

    case: Case
    places: Layout
    built: handler.Built | None
    setup: Setup
    trap: handler.Built | None = None
    """For a trace with a #DB."""
    core: Modules | None = None
    """For a trace with an updater."""


def prepare(case: Case, vmlinux: str, headers: Path, log: str = "") -> Prepared:
    """The handler as a module for the kernel `vmlinux`, and the machine's setup. Raises BadInput
    where image, headers or handler cannot be used."""
    places = layout(vmlinux)
    if case.site and places.site(case.site) is None:
        text = f"it has no function {case.site}() that calls ftrace: no handler can run there"
        raise BadInput([Diagnostic("image", Span(vmlinux, 0, 0), text)])
    sources: dict[str, dict[str, bytes]] = {}
    if case.handler:
        sources[handler.NAME] = handler.source(case.handler, case.defines)
    if any(each.action == "enter" and each.kind == "exception" for each in case.trace.events):
        sources[TRAP] = handler.own(TRAP)
    patches: Sequence[str] = ()
    if any(each.cpu for each in case.trace.events):
        patches = PATCHES[:1] if case.scene == TRANSITION else PATCHES
    made = handler.build(headers, {**sources, **livepatched.sources(patches)})
    files = {f"bin/{TASK}": reader(), **{f"{name}.ko": each.data for name, each in made.items()}}
    built, trap = made.get(handler.NAME), made.get(TRAP)
    if not patches:
        setup = Setup(Path(vmlinux), files, cpus=1)
        return Prepared(case, places, built, replace(setup, **_OTHER) if trap else setup, trap)
    core = Modules(built, {name: made[name] for name in patches})
    setup = Setup(Path(vmlinux), files, cpus=2, options=OPTIONS)
    return Prepared(case, places, built, setup, trap, core)


def planned(ready: Prepared, addresses: Mapping[str, int] | None = None) -> tuple[Schedule, Words]:
    """The schedule, with `addresses` of the module; without them, as if it lay at 0."""
    case, places = ready.case, ready.places
    if addresses is None:
        addresses = {
            name: at
            for built in (ready.built, ready.trap)
            for name, (_, at) in (built.symbols.items() if built is not None else ())
        }
        if ready.core is not None:
            addresses |= placed(ready.core, {})
    site = places.site(case.site) or 0
    more = handler.pairs(case.text, places, addresses, site)
    found = words(places, more, READER if ready.core is not None else 0)
    if case.scene == TRANSITION:
        del found.pairs["__preempt_count"]
        found.others["__preempt_count"] = _COUNTED
    symbols = {**places.named, **addresses}
    return schedule(case.trace, case.resting, found, symbols), found


def replay(ready: Prepared, times: int, log: Path | None) -> Iterator[Outcome]:
    """Boot once, and follow the trace `times` times; once for each time where it has an updater,
    after which little is as it was. Raises Lost where the machine dies."""
    if ready.core is not None:
        for _ in range(times):
            yield _with_updater(ready, ready.core, log)
        return
    with Led(ready.setup, log) as guest:
        guest.prompt()
        addresses = _load(guest, ready) | _load_trap(guest, ready)
        guest.run(f"{TASK} >/dev/null 2>&1 &")
        plan, found = planned(ready, addresses)
        symbols = {**ready.places.named, **addresses}
        driver = Driver(
            guest.gdb, ready.places, Places(symbols), found, guest.nmi, guest.disturb, symbols,
            check=guest.check,
        )  # fmt: skip
        for _ in range(times):
            yield follow(driver, plan, TASK)


def _with_updater(ready: Prepared, core: Modules, log: Path | None) -> Outcome:
    """One replay, in as many machines as it takes until none is late and no interrupt comes in
    between. Raises Late where the last of them is."""
    attempts, lost = 0, list[str]()
    while True:
        last = len(lost) + 1 == _BOOTS
        try:
            outcome = _in_one_machine(ready, core, log)
        except Late as late:
            if last:
                raise
            lost.append(str(late).partition("\n")[0])
            continue
        attempts += outcome.attempts
        if last or outcome.result != SPOILED:
            return replace(outcome, attempts=attempts, lost=tuple(lost))
        ended = outcome.rows[-1]
        lost.append(f"step {ended.step.number}: {ended.text}")


def _in_one_machine(ready: Prepared, core: Modules, log: Path | None) -> Outcome:
    raises = planned(ready)[0].raises
    with Led(ready.setup, log) as guest:
        guest.prompt()
        scene = Core(guest, ready.places, core, ready.case.site)
        try:
            addresses = _load_trap(guest, ready) | scene.load(TASK, raises)
        except ValueError as error:
            raise _refused(ready, str(error)) from None
        plan, found = planned(ready, addresses)
        symbols = {**ready.places.named, **addresses}
        driver = Driver(
            guest.gdb, ready.places, Places(symbols), found, guest.nmi, guest.disturb, symbols,
            READER,
        )  # fmt: skip
        updater = Updater(guest.gdb, driver, UPDATER, symbols, scene.start)
        return follow(driver, plan, TASK, updater=updater)


def _refused(ready: Prepared, why: str) -> BadInput:
    text = f"the kernel does not take the handler at {ready.case.site}(): {why}"
    return BadInput([Diagnostic("image", Span(ready.places.path, 0, 0), text)])


def _load(guest: Led, ready: Prepared) -> dict[str, int]:
    """Insert the module; the addresses of its symbols."""
    if ready.built is None:
        return {}
    site = ready.places.site(ready.case.site)
    try:
        sections = guest.insert(handler.NAME, f"site={site}")
    except ValueError as error:
        raise _refused(ready, str(error)) from None
    return handler.loaded(ready.built, sections)


def _load_trap(guest: Led, ready: Prepared) -> dict[str, int]:
    """Insert what arms a hardware breakpoint; the addresses of its symbols."""
    if ready.trap is None:
        return {}
    try:
        return handler.loaded(ready.trap, guest.insert(TRAP, ""))
    except ValueError as error:
        raise _refused(ready, f"no hardware breakpoint: {error}") from None


def reader() -> bytes:
    """The guest's program in which traces begin. Raises Unavailable where it cannot be built."""
    with tempfile.TemporaryDirectory(prefix="klprove-") as folder:
        out = Path(folder) / TASK
        source = handler.GUEST / f"{TASK}.c"
        words = ["gcc", "-O1", "-static", "-pthread", "-o", str(out), str(source)]
        try:
            ran = subprocess.run(words, capture_output=True, check=False, timeout=120)
        except (FileNotFoundError, subprocess.TimeoutExpired):
            ran = None
        if ran is None or ran.returncode:
            raise Unavailable("gcc cannot build a static program (Debian: apt-get install gcc)")
        return out.read_bytes()
