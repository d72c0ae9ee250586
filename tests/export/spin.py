"""An exported model through SPIN and gcc, and what came of it against an engine of klprove.

SPIN counts the state at boot among its transitions (stored + matched), so it has one more; all else
is equal. A deadlock is not SPIN's to find here: what may still arrive decides, not the state alone.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native, available
from klprove.engine.reference import Reference
from klprove.engine.search import Search
from klprove.export import Event, Model, promela
from klprove.ir.program import Program

INSTALLED = shutil.which("spin") is not None and shutil.which("gcc") is not None
WHY = "needs spin and gcc (make spin)"
EXHAUSTIVE = ("-O0", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=2000")
PATIENCE = 600
"""Seconds after which a verifier counts as hung."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What SPIN's verifier said. `noted`: numbers of the events that it listed at the end."""

    states: int
    transitions: int
    errors: int
    noted: frozenset[int]
    told: str


def run(
    model: Model, flags: Sequence[str] = EXHAUSTIVE, find: int = 0, folder: Path | None = None
) -> Ran:
    """Generate, compile and run the verifier of a model; `find`: with an assertion of that event.

    Raises CalledProcessError where a tool does not take what it gets.
    """
    with tempfile.TemporaryDirectory() as made:
        home = folder or Path(made)
        (home / "model.pml").write_text(model.text, encoding="ascii")
        asked = [f"-DFIND={find}"] if find else []
        for command in (
            ["spin", "-a", *asked, "model.pml"],
            ["gcc", "-w", *flags, *model.flags, "-o", "pan", "pan.c"],
        ):
            _call(command, home)
        told = _call(["./pan", "-E", "-n", "-w20", "-m200000"], home)
    if "max search depth too small" in told or "-DMEMLIM bound" in told:
        raise ValueError(f"SPIN has searched a part only:\n{told}")
    return Ran(
        states=_figure(r"(\d+) states, stored", told),
        transitions=_figure(r"(\d+) transitions", told),
        errors=_figure(r"errors: (\d+)", told),
        noted=frozenset(int(each) for each in re.findall(r"klprove: event (\d+):", told)),
        told=told,
    )


def _call(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        text = f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise subprocess.CalledProcessError(done.returncode, text)
    return done.stdout


def _figure(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"SPIN did not say {pattern!r}:\n{text}")
    return int(found[1])


@dataclass(frozen=True, slots=True)
class Comparison:
    """One model. `wrong`: how SPIN and klprove differ, in words."""

    states: int
    transitions: int
    codes: tuple[str, ...]
    wrong: tuple[str, ...]


class Capped(Meter):
    """Ends a search of more than `most` states."""

    def __init__(self, limits: Limits, most: int) -> None:
        super().__init__(limits, None)
        self._most = most

    def exhausted(self, states: int, transitions: int, frontier: int, depth: int) -> str:
        """See Meter."""
        return "too large" if states > self._most else ""


def searched(
    program: Program, limits: Limits, most: int, beyond: bool = False
) -> tuple[Machine, Search] | None:
    """The whole search, nothing reduced: by the reference engine up to `most` states; `beyond` them
    in machine code. None where the program is too large, or there is no machine code."""
    machine = Machine(program, limits)
    search = Reference(machine, Capped(limits, most)).run()
    if "too large" not in search.reasons:
        return machine, search
    if not beyond or not available():
        return None
    machine = Machine(program, limits)
    return machine, Native(machine, Meter(limits, None)).run()


def compare(
    program: Program,
    limits: Limits,
    flags: Sequence[str] = EXHAUSTIVE,
    most: int = 30_000,
    beyond: bool = False,
) -> Comparison | None:
    """SPIN against klprove; None where the program is too large for `searched`."""
    ours = searched(program, limits, most, beyond)
    return None if ours is None else against(promela(program, limits), *ours, flags)


def against(
    model: Model, machine: Machine, search: Search, flags: Sequence[str] = EXHAUSTIVE
) -> Comparison:
    """SPIN on a model against a search that was made."""
    ran = run(model, flags)
    events = [model.events[number - 1] for number in ran.noted]
    theirs, ours = said(events), expected(machine, search)
    wrong = [
        f"{what}: SPIN {sorted(map(str, theirs[what] - ours[what]))}, "
        f"klprove {sorted(map(str, ours[what] - theirs[what]))}"
        for what in ours
        if theirs[what] != ours[what]
    ]
    if ran.states != search.states:
        wrong.append(f"states: SPIN {ran.states}, klprove {search.states}")
    if "-DNOREDUCE" in flags and ran.transitions != search.transitions + 1:
        wrong.append(f"transitions: SPIN {ran.transitions}, klprove {search.transitions} + 1")
    if ran.errors:
        wrong.append(f"SPIN has {ran.errors} errors")
    codes = sorted({each.notice.code for each in search.discoveries})
    return Comparison(search.states, search.transitions, tuple(codes), tuple(wrong))


def said(events: Sequence[Event]) -> dict[str, set[object]]:
    """What SPIN noticed."""
    return {
        "findings": {each.finding for each in events if each.finding is not None},
        "witnesses": {each.witness for each in events if each.witness},
        "limits": {each.limit for each in events if each.limit},
        "refused arrivals": {each.denied for each in events if each.denied},
    }


def expected(machine: Machine, search: Search) -> dict[str, set[object]]:
    """What klprove noticed, without deadlocks."""
    found = {each.notice for each in search.discoveries if each.notice.code != "deadlock"}
    return {
        "findings": set(found),
        "witnesses": set(search.witnesses),
        "limits": set(search.reasons),
        "refused arrivals": set(machine.denied),
    }
