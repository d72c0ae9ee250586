# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of RCU's hooks against the kernel that it is of, at every place where an NMI may come."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from klprove.image import symbols
from klprove.image.elf import read_elf
from klprove.lab import Setup
from klprove.lab.gdb import Gdb
from klprove.lab.layout import Layout, layout
from klprove.replay.driving import Driver
from klprove.replay.following import follow
from klprove.replay.led import Led
from klprove.replay.outcome import AGREED, DIFFERS, MERGED, NOT_REACHED, Outcome
from klprove.replay.places import Places
from klprove.replay.replaying import TASK as READER
from klprove.replay.replaying import reader
from klprove.replay.schedule import REACH, Schedule, Step, schedule
from klprove.replay.walk import HOOKS, IDLE, TASK, TRACED, USER, Walk, hook_of, walks
from klprove.replay.words import Words, words
from klprove.source import BadInput, Diagnostic, Span

_TOLD = "ct_irq_enter_irqson"
_LOOKED_FOR = (
    "__ct_user_enter", "__ct_user_exit", "ct_user_enter", "ct_user_exit", "ct_irq_enter_irqson",
    "ct_irq_exit_irqson", "cpuidle_enter_state", "exc_debug", "exc_machine_check",
)  # fmt: skip
"""What tells RCU, or comes where the models say it may, and perhaps never does in this machine."""
SECONDS = 10.0
"""The guest idles, reads and fires tracepoints for so long, and is stopped at each of these."""
_IN_USER = f"{READER}:read"
"""The name under which a function of the reader's is known here, as one of the kernel's is."""
_TRACER = "cat"
_BEGIN: Mapping[str, str] = {
    TASK: f"{READER} first >/dev/null 2>&1 &",
    # Whoever has read a device's registers lets it sleep, and it is still in use: rpm_usage, in a
    # task with interrupts on (rpm_drop_usage_count, drivers/base/power/runtime.c, v6.1).
    TRACED: "echo 1 > /sys/kernel/tracing/events/rpm/rpm_usage/enable; while "
    f"{_TRACER} /sys/bus/pci/devices/*/config >/dev/null; do usleep 5000; done &",
}
"""What the guest is told before a scene; it goes on."""
_TASKS: Mapping[str, str] = {IDLE: "", TASK: READER, USER: READER, TRACED: _TRACER}


@dataclass(frozen=True, slots=True)
class Tried:
    """One walk, and what came of it."""

    walk: Walk
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Campaign:
    """What came of a campaign."""

    tried: Sequence[Tried]
    uncalled: Sequence[str]
    """Functions that the machine never entered in SECONDS."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook in one scene, over all walks of it."""

    scene: str
    """IDLE, TASK, USER or TRACED."""
    name: str
    places: int
    """Steps of it at which an NMI was sent."""
    agreed: int
    """Of those, with agreement to the end."""
    merged: int
    """Of those, without a place of their own in the machine code."""
    compared: int
    """Steps in it that were compared, in all walks."""
    differing: int
    """Of those, the ones that did not agree."""


def campaign(vmlinux: str, kernel: str, log: Path | None, say: Callable[[Tried], None]) -> Campaign:
    """Every walk of the model `kernel`, in one machine; those of TRACED where its kernel has such
    tracepoints. Raises BadInput where the image does not have what the model has, Lost where the
    machine dies."""
    places = layout(vmlinux)
    lacking = [name for name in ("default_idle_call", *HOOKS) if name not in places.named]
    if lacking:
        text = f"it has no {', '.join(lacking)}: the hooks of before v6.0 are not tried"
        raise BadInput([Diagnostic("image", Span(vmlinux, 0, 0), text)])
    every, program = walks(kernel), reader()
    known = {**places.named, _IN_USER: _address(program, "read")}
    setup = Setup(Path(vmlinux), {f"bin/{READER}": program}, cpus=1)
    with Led(setup, log) as guest:
        guest.prompt()
        run = _Run(guest, places, words(places), known, say)
        run.follow(every[IDLE])
        guest.ask(_BEGIN[TASK])
        run.follow(every[TASK])
        guest.ask(_BEGIN[TRACED])
        never = uncalled(guest.gdb, known)
        if _TOLD not in never:
            run.follow(every[TRACED])
    return Campaign(run.tried, never)


def _address(program: bytes, name: str) -> int:
    image = read_elf(READER, memoryview(program))
    return next(each.address for each in symbols(image) if each.name == name)


class _Run:
    """One machine, led along walks."""

    def __init__(
        self,
        guest: Led,
        places: Layout,
        found: Words,
        known: Mapping[str, int],
        say: Callable[[Tried], None],
    ) -> None:
        self._guest, self._places, self._words, self._known = guest, places, found, known
        self._say, self.tried = say, list[Tried]()
        names = Places(places.named)
        self._driver = Driver(guest.gdb, places, names, found, guest.nmi, guest.disturb, known)

    def follow(self, every: Sequence[Walk]) -> None:
        """Follow each walk."""
        for walk in every:
            outcome = follow(self._driver, self._plan(walk), _TASKS[walk.scene])
            self.tried.append(Tried(walk, outcome))
            self._say(self.tried[-1])

    def _plan(self, walk: Walk) -> Schedule:
        named = self._places.named
        plan = schedule(walk.trace, walk.resting, self._words, named, walk.flag)
        if walk.scene != USER:
            return plan
        # The model has no user mode: its step of arrival is said to begin there.
        begin = Step(0, replace(walk.trace.events[0], action="step"), REACH, _IN_USER)
        return replace(plan, steps=(begin, *plan.steps))


def uncalled(gdb: Gdb, known: Mapping[str, int], seconds: float = SECONDS) -> list[str]:
    """Which of _LOOKED_FOR, at the addresses `known`, the guest does not enter in `seconds`."""
    left = {known[name]: name for name in _LOOKED_FOR if name in known}
    for address in left:
        gdb.insert(address)
    end = time.monotonic() + seconds
    while left and gdb.run(max(end - time.monotonic(), 0), [0]) is not None:
        here = gdb.registers(0)["rip"]
        del left[here]
        gdb.remove(here)
    for address in left:
        gdb.remove(address)
    return [*left.values()]


def hooks(tried: Iterable[Tried]) -> list[Hook]:
    """The table: a row for each hook in each scene that comes to it."""
    every = list(tried)
    scenes = dict.fromkeys(each.walk.scene for each in every)
    rows = (
        _hook(scene, name, [each for each in every if each.walk.scene == scene])
        for scene in scenes
        for name in HOOKS
    )
    return [each for each in rows if each.places or each.compared]


def _hook(scene: str, name: str, every: list[Tried]) -> Hook:
    own = Counter(
        each.outcome.result for each in every if each.walk.where.startswith(f"in {name} ")
    )
    rows = Counter(
        row.result
        for each in every
        for row in each.outcome.rows
        if hook_of(row.step.event.calls) == name
    )
    differing = rows[DIFFERS] + rows[NOT_REACHED]
    compared = rows[AGREED] + differing
    return Hook(scene, name, own.total(), own[AGREED], own[MERGED], compared, differing)


def disagreements(tried: Iterable[Tried]) -> Iterator[Tried]:
    """The walks in which something did not agree."""
    return (each for each in tried if each.outcome.first is not None)
