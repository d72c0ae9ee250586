"""Side by side with SPIN: the same model, the same states, no reduction on either side.

    python bench/spin.py [small|large]

`dynticks_nest.c` here is the twin of `dynticks_nest.pml`; SPIN (Debian: `apt install spin`) and gcc
must be there. `search` is CPU seconds of the search alone, best of three, with code that has been
optimised before (klprove's own -O2, gcc's); `made` is what making that code took. `answer` is the
wall time from the command to the verdict: for SPIN spin, gcc and pan; for klprove the whole
`klprove check`, which starts with code that is not optimised. `B/state` is the memory that the
search adds, all of it. CPU seconds stay put on a busy machine, wall seconds do not.
"""

import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FLAGS = ("-O2", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=15000")
PROGRAM = """
import json, resource, sys
from klprove.check import Question, program
from klprove.engine import Limits
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native
from klprove.engine.reference import Reference
def now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss << 10
file, defines, engine = json.loads(sys.argv[1])
limits = Limits(arrivals={"irq": 1, "nmi": 1, "exception": 1})
machine, meter = Machine(program(Question((file,), defines=defines)), limits), Meter(limits, None)
asked, _ = now()
search = Native(machine, meter, 2) if engine == "native" else Reference(machine, meter)
before, held = now()
found = search.run()
after, most = now()
assert not found.discoveries and not found.reasons, found
print(json.dumps([found.states, found.transitions, after - before, before - asked, most - held]))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A size of the model, and the bits of SPIN's hash table for it."""

    name: str
    defines: dict[str, str]
    bits: int


SMALL = (
    Case("1 CPU, all contexts", {"NCPU": "1"}, 22),
    Case("2 CPUs, irq", {"NCPU": "2", "NIST": "0", "NNMI": "0"}, 22),
    Case("2 CPUs, NMI", {"NCPU": "2", "NIRQ": "0", "NIST": "0"}, 24),
    Case("3 CPUs, tasks only", {"NCPU": "3", "NFULL": "0"}, 22),
)
LARGE = (Case("2 CPUs, all contexts on one", {"NCPU": "2", "NFULL": "1"}, 26),)


@dataclass(frozen=True, slots=True)
class Run:
    """One complete search."""

    states: int
    transitions: int
    search: float
    made: float
    memory: float
    """Bytes."""
    answer: float


def main() -> None:
    """Print the table."""
    if not shutil.which("spin") or not shutil.which("gcc"):
        sys.exit("bench/spin.py: needs spin and gcc; on Debian: apt install spin gcc")
    print(
        f"{'model':<28} {'engine':<9} {'states':>10} {'transitions':>11} {'B/state':>7} "
        f"{'search':>7} {'states/s':>10} {'made':>6} {'answer':>7} {'ratio':>12}"
    )
    for case in LARGE if sys.argv[1:] == ["large"] else SMALL:
        theirs = min((spin(case) for _ in range(3)), key=lambda each: each.search)
        show(case, "SPIN", theirs, theirs)
        engines = ("native",) if case in LARGE else ("native", "reference")
        for engine in engines:
            times = 3 if engine == "native" else 1
            ours = min((klprove(case, engine) for _ in range(times)), key=lambda each: each.search)
            show(case, engine, ours, theirs)
            # SPIN also has the state before init has started the processes.
            assert ours.states == theirs.states - 1, "the two models differ"


def show(case: Case, engine: str, run: Run, against: Run) -> None:
    """Print one line; the ratios are of states a second and of the time to the answer."""
    faster = against.search / run.search, against.answer / run.answer
    ratio = f"{faster[0]:5.1f}x {faster[1]:5.1f}x" if run is not against else ""
    print(
        f"{case.name:<28} {engine:<9} {run.states:>10,} {run.transitions:>11,} "
        f"{run.memory / run.states:>7.0f} {run.search:>7.2f} {run.states / run.search:>10,.0f} "
        f"{run.made:>6.2f} {run.answer:>7.2f} {ratio:>12}",
        flush=True,
    )


def klprove(case: Case, engine: str) -> Run:
    """One search in a process of its own, and the command for it in another."""
    asked = json.dumps([str(HERE / "dynticks_nest.c"), case.defines, engine])
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, asked], capture_output=True, text=True, check=True
    ).stdout
    defines = [f"-D{name}={value}" for name, value in case.defines.items()]
    command = [sys.executable, "-m", "klprove", "check", str(HERE / "dynticks_nest.c"), *defines]
    began = time.monotonic()
    subprocess.run(
        [*command, "--arrivals", "1", "--engine", engine], check=True, stdout=subprocess.DEVNULL
    )
    return Run(*json.loads(told), time.monotonic() - began)


def spin(case: Case) -> Run:
    """One run of the verifier that SPIN generates."""
    defines = [f"-D{name}={value}" for name, value in case.defines.items()]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "dynticks_nest.pml", folder)
        began, started = time.monotonic(), children()
        for command in (
            ["spin", "-a", *defines, "dynticks_nest.pml"],
            ["gcc", "-w", *FLAGS, "-o", "pan", "pan.c"],
        ):
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        made = children() - started
        told = subprocess.run(
            ["./pan", "-m1000000", f"-w{case.bits}"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        answer = time.monotonic() - began
    search = children() - started - made
    states = int(figure(r"(\d+) states, stored", told))
    memory = float(figure(r"([\d.]+)\s+total actual memory", told)) * 1e6
    return Run(states, int(figure(r"(\d+) transitions", told)), search, made, memory, answer)


def children() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def figure(pattern: str, text: str) -> str:
    """The first group of a pattern that must be there."""
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"SPIN did not say {pattern!r}:\n{text}")
    return found[1]


if __name__ == "__main__":
    main()
