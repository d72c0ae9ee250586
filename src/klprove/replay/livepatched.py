# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own livepatch core with the user's handler in it, for traces with an updater."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klprove.lab.layout import Layout
from klprove.lab.lost import Late
from klprove.replay import handler
from klprove.replay.holding import LOOP
from klprove.replay.led import Led

PATCHES = ("lower", "upper")
"""The modules of the model's klp_patches, in order; the second is on top, and goes."""
OPTIONS: Sequence[str] = (
    "preempt=full", "nohz=off", "no_timer_check", "rcupdate.rcu_cpu_stall_suppress=1",
    "nosoftlockup",
)  # fmt: skip
"""Of the kernel's command line: the models are of CONFIG_PREEMPT; jiffies are counted on CPU 0
while the other CPU stands still; no busy host is taken for a broken timer; and nobody sends an NMI
to a reader that is held for long."""
READER, UPDATER = 1, 0
"""Virtual CPUs; the model has them the other way round."""
_REGISTER = "register_ftrace_function"
_SECONDS = 60.0
_APART = 1 << 20
"""Bytes between modules of which nobody knows yet where they lie."""
_FOLDER = "/sys/kernel/livepatch"
_SERIAL = 3
"""The interrupt of the second serial line of a PC."""


@dataclass(frozen=True, slots=True)
class Modules:
    """What is loaded: the handler, and a livepatch for each of the model's."""

    own: handler.Built | None
    """The user's handler."""
    patches: Mapping[str, handler.Built]


def sources(names: Sequence[str] = PATCHES) -> dict[str, dict[str, bytes]]:
    """The files of the livepatches `names`, by module."""
    text = (handler.GUEST / "livepatch" / "patch.c").read_bytes()
    return {name: {"Kbuild": f"obj-m := {name}.o\n".encode(), f"{name}.c": text} for name in names}


def placed(ready: Modules, sections: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Where, under the model's names, the patches' objects are, given where the kernel has put each
    module's sections; without, as if they lay
    somewhere."""
    found = {} if sections else {"klp_ops": 0}
    for number, name in enumerate(ready.patches):
        built = ready.patches[name]
        nowhere = dict.fromkeys((each for each, _ in built.symbols.values()), _APART * (number + 1))
        own = handler.loaded(built, sections.get(name, nowhere))
        for model, symbol in (
            ("klp_funcs", "functions"), ("klp_patches", "patch"), ("klp_text", "replacement"),
        ):  # fmt: skip
            if symbol in own:
                found[f"{model}[{number}]"] = own[symbol]
        if name == PATCHES[0] and LOOP in own:
            found[LOOP] = own[LOOP]
    return found


class Core:
    """A guest in which function `site` is under both livepatches, by the user's handler."""

    def __init__(self, guest: Led, places: Layout, ready: Modules, site: str) -> None:
        self._guest, self._places, self._ready, self._site = guest, places, ready, site

    def load(self, task: str, raises: bool) -> dict[str, int]:
        """Load everything, start the reader; the addresses of what was loaded. ValueError, with
        what was said, where the kernel does not take it. The guest stands still afterwards.
        `raises`: the serial line's interrupts are to come to the reader's CPU."""
        guest = self._guest
        self._settle_down()
        if raises:
            guest.run(f"echo {1 << READER:x} > /proc/irq/{_SERIAL}/smp_affinity")
        found: dict[str, int] = {}
        if self._ready.own is not None:
            own = guest.insert(handler.NAME, "site=0")
            found = handler.loaded(self._ready.own, own)
            found.pop("klp_ops", None)
            found.pop("klp_funcs", None)
        sections = {}
        for name in self._ready.patches:
            if name == PATCHES[0]:
                found["klp_ops"] = self._first(found.get("klp_ftrace_handler"))
                sections[name] = guest.sections(name)
            else:
                sections[name] = guest.insert(name, self._arguments())
            self._wait(f"[ $(cat {_FOLDER}/{name}/transition) = 0 ]")
        there = f'[ "$(cut -d" " -f2,39 /proc/$!/stat)" = "({task}) {READER}" ]'
        begin = f"taskset {1 << READER:x} {task} >/dev/null 2>&1 &"
        guest.run(f"{begin} until {there}; do usleep 10000; done")
        guest.gdb.wait(0.01)
        return {**found, **placed(self._ready, sections)}

    def _settle_down(self) -> None:
        """Whatever can be kept off the reader's CPU is."""
        mask = f"{1 << UPDATER:x}"
        self._guest.run(f"for p in /proc/[0-9]*; do taskset -p {mask} ${{p##*/}}; done; true")
        self._guest.run(f"echo {mask} > /sys/devices/virtual/workqueue/cpumask")

    def _arguments(self) -> str:
        return f"name={self._site} site={self._places.site(self._site)}"

    def _first(self, wanted: int | None) -> int:
        """Insert the first livepatch; where the kernel has its klp_ops. Its handler becomes
        `wanted` before ftrace hears of it."""
        guest, places = self._guest, self._places
        entry, name = places.named[_REGISTER], PATCHES[0]
        gdb = guest.gdb
        gdb.insert(entry)
        guest.ask(f"insmod /{name}.ko {self._arguments()}")
        stop = gdb.run(_SECONDS)
        gdb.remove(entry)
        if stop is None:
            gdb.go()
            raise ValueError(self._said())
        fops = gdb.registers(stop.cpu)["rdi"]
        func, outer = places.member("ftrace_ops", "func"), places.member("klp_ops", "fops.func")
        if func is None or outer is None:
            raise ValueError("its BTF has no klp_ops")
        if wanted is not None:
            gdb.write(stop.cpu, fops + func.at, wanted.to_bytes(8, "little"))
        gdb.go()
        if (ran := guest.settle()) is None or ran.status:
            raise ValueError(self._said())
        return fops + func.at - outer.at

    def _said(self) -> str:
        ran = self._guest.run("dmesg | grep 'livepatch: ' | tail -1")
        return ran.output.decode(errors="replace").strip().partition("] ")[2][:200]

    def _wait(self, condition: str) -> None:
        loop = f"n=0; until {condition}; do usleep 100000; n=$((n+1)); [ $n -lt 300 ] || exit 1"
        if self._guest.run(f"{loop}; done", 120).status:
            raise Late(f"a livepatch of {self._site}() does not complete its transition")

    def start(self) -> None:
        """Have the newer livepatch disabled, and unloaded when it can be; the only one disabled,
        and forced."""
        if len(self._ready.patches) == 1:
            place = f"{_FOLDER}/{PATCHES[0]}"
            self._guest.ask(f"echo 0 > {place}/enabled; echo 1 > {place}/force")
            return
        name = PATCHES[1]
        self._guest.ask(
            f"echo 0 > {_FOLDER}/{name}/enabled; until rmmod {name}; do usleep 50000; done"
        )
