# SPDX-License-Identifier: GPL-2.0-or-later
"""Reproducers on a stock kernel: what the models of its generation promise, seen happen."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from klprove.lab.gdb import BREAKPOINT
from klprove.lab.lost import Lost
from klprove.lab.memory import Kernel, Memory, frame
from klprove.replay.driving import Stops
from klprove.replay.led import Led
from klprove.replay.places import Places
from klprove.replay.words import Pair

STATE = "context_tracking.state.counter"
"""The model's name of the word that says whether RCU watches."""
IDLE = "arch_cpu_idle"
_WATCHING = 4
_FOLDER = "/sys/kernel/livepatch/patch"
_BEHIND = (
    "for t in /proc/[0-9]*/task/[0-9]*; do "
    '[ "$(cat $t/patch_state 2>/dev/null)" = 0 ] && cat $t/comm; done; true'
)
"""Names of the threads that are not patched yet."""
_FROZEN = 8.0
"""Seconds that a CPU stands still inside the handler."""
_FAR = 400
"""Instructions of a hook, at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reproducer came to."""

    name: str
    held: bool
    """It happened as promised."""
    lines: tuple[str, ...]
    """What was seen, for people."""


@dataclass
class Scene:
    """A guest, and what is known of its kernel."""

    guest: Led
    places: Kernel
    state: Pair
    """The word of which a bit says that RCU watches."""
    promised: bool
    """The models of this kernel let arch_cpu_idle() be patched."""
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = Places(self.places.named)

    def watching(self, cpu: int) -> bool:
        """Whether RCU watches `cpu`, by the kernel's own word."""
        value = Memory(self.guest.gdb, self.places).value(cpu, self.state.word)
        return bool(value & _WATCHING)

    def patched(self, seconds: float = 60) -> bool:
        """Load the livepatch and wait for its transition; False where the kernel refuses it."""
        ran = self.guest.run("insmod /patch.ko")
        if ran.status:
            said = (
                self.guest.run("dmesg | grep 'livepatch: failed' | head -1").output.decode().strip()
            )
            self.lines.append(f"refused: {ran.output.decode().strip()}; {said.partition('] ')[2]}")
            return False
        self.until(f"[ $(cat {_FOLDER}/transition) = 0 ]", seconds)
        return True

    def until(self, condition: str, seconds: float) -> bool:
        """Wait for a condition of the guest's shell."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.guest.run(f"{condition} || ! usleep 200000").status:
                return True
        return False

    def stop_at(self, name: str, cpus: tuple[int, ...] = (), seconds: float = 60) -> int | None:
        """Run to the entry of `name`; the CPU that came there."""
        gdb, address = self.guest.gdb, self.places.named[name]
        with Stops(gdb, [(address, BREAKPOINT, 1)]):
            stop = gdb.run(seconds, cpus)
        return stop.cpu if stop is not None else None


def _idle_handler(scene: Scene) -> bool:
    """The handler of a livepatch of arch_cpu_idle() is entered while RCU is not watching; since
    v6.3 the kernel refuses the patch."""
    if not scene.patched():
        return not scene.promised
    cpu = scene.stop_at("klp_ftrace_handler")
    if cpu is None:
        scene.lines.append("klp_ftrace_handler() was not entered")
        return False
    site, watching = scene.guest.gdb.registers(cpu)["rdi"], scene.watching(cpu)
    word = "watching" if watching else "NOT watching"
    scene.lines.append(f"klp_ftrace_handler() for {scene.names.name(site)}(): RCU is {word}")
    return scene.promised and not watching and scene.names.name(site) == IDLE


def _nmi_everywhere(scene: Scene) -> bool:
    """An NMI at every instruction of what tells RCU of idle: RCU watches in its body."""
    held = True
    for hook in ("ct_idle_enter", "ct_idle_exit"):
        places = off = wrong = 0
        for steps in range(_FAR):
            came = _nmi_at(scene, hook, steps)
            if came is None:
                break
            before, inside = came
            places, off, wrong = places + 1, off + (not before), wrong + (not inside)
        scene.lines.append(
            f"{hook}(): an NMI at {places} instructions, RCU off before it at {off}, "
            f"off in its body at {wrong}"
        )
        held = held and places > off > 0 and not wrong
    return held


def _nmi_at(scene: Scene, hook: str, steps: int) -> tuple[bool, bool] | None:
    """RCU watches before, and in the body of, an NMI `steps` instructions into `hook`; None where
    the hook has returned by then."""
    gdb = scene.guest.gdb
    if scene.stop_at(hook) is None:
        raise Lost(f"{hook}() is not entered")
    registers = gdb.registers(0)
    outside = gdb.word(0, registers["rsp"])
    for _ in range(steps):
        gdb.step(0)
        if gdb.registers(0)["rip"] == outside:
            return None
    here, before = gdb.registers(0)["rip"], scene.watching(0)
    scene.guest.nmi()
    if scene.stop_at("asm_exc_nmi") is None:
        raise Lost("no NMI comes")
    rip, _, _ = frame(gdb, 0, gdb.registers(0)["rsp"])
    if rip != here:
        raise Lost(f"the NMI was taken at {scene.names.text(rip)}")
    if scene.stop_at("default_do_nmi") is None:
        raise Lost("the NMI has no body")
    return before, scene.watching(0)


def _removal_waits(scene: Scene) -> bool:
    """A livepatch is not removed while a CPU stands in its handler, and is once that goes on."""
    guest = scene.guest
    guest.run("taskset -p 1 1")  # the shell and its children: CPU 0
    if not scene.patched():
        return False
    guest.ask("taskset 2 cat /proc/cmdline >/dev/null &")
    gdb = guest.gdb
    cpu = scene.stop_at("klp_ftrace_handler")
    if cpu is None:
        raise Lost("klp_ftrace_handler() is not entered in time")
    if cpu != 1:
        scene.lines.append("klp_ftrace_handler() was not entered on CPU 1")
        return False
    scene.lines.append(f"CPU 1 stands in {scene.names.text(gdb.registers(1)['rip'])}")
    guest.ask(f"echo 0 > {_FOLDER}/enabled")
    gdb.run(_FROZEN, [0])
    pending = gdb.word(0, scene.places.named["klp_transition_patch"])
    scene.lines.append(
        f"CPU 0 ran alone for {_FROZEN:.0f} s after disabling: "
        f"{'not removed, the transition is pending' if pending else 'no transition is pending'}"
    )
    gdb.go()
    removed = scene.until(f"[ ! -d {_FOLDER} ]", 60)
    scene.lines.append(f"CPU 1 released: {'removed' if removed else 'still not removed'}")
    return bool(pending) and removed


def _stalled(scene: Scene) -> bool:
    """The transition of a patch of kswapd() never ends: that thread never leaves the function."""
    scene.patched(10)
    pending = scene.guest.run(f"cat {_FOLDER}/transition").output.strip() == b"1"
    threads = scene.guest.run(_BEHIND, 120).output.decode(errors="replace").split()
    text = "pending" if pending else "none is pending"
    scene.lines.append(f"the transition, after 10 s: {text}; not patched: {', '.join(threads)}")
    return pending and threads == ["kswapd0"]


@dataclass(frozen=True, slots=True)
class Stock:
    """One reproducer."""

    run: Callable[[Scene], bool]
    what: str
    """The replacement, a file of guest/stock; empty: no livepatch is needed."""
    cpus: int = 1


STOCK: Mapping[str, Stock] = {
    "idle-handler": Stock(_idle_handler, "idle"),
    "nmi-everywhere": Stock(_nmi_everywhere, ""),
    "removal-waits": Stock(_removal_waits, "cmdline", 2),
    "stalled": Stock(_stalled, "kswapd"),
}
"""The reproducers by name."""
