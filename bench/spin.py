# SPDX-License-Identifier: GPL-2.0-or-later
"""Side by side with SPIN, in one run: the same model, the same states.

    python bench/spin.py [raw|handler|verdict|all] [small]

`dynticks_nest.c` here is the twin of `dynticks_nest.pml`; SPIN (Debian: `apt install spin`) and gcc
must be there.

raw      No reduction on either side. SPIN: one process a context, every step guarded,
         -O2 -DSAFETY -DNOREDUCE. `CPU` is CPU seconds of the search alone, best of three, with code
         that has been optimised before; `wall` its wall seconds, `made` what making the code took
         (SPIN: spin and gcc; klprove: IR, LLVM at -O2), `B/state` all memory that the search adds.
         Ratios: states a CPU second against SPIN, and for more threads wall against one thread.

handler  As raw, then as verdict, on handler F of 2017 at the two sites with most states. Nobody
         wrote these in Promela: `klprove export` did (its time is nobody's), and SPIN stores the
         very states that klprove does. There is nothing in them that SPIN's partial-order reduction
         can use.

verdict  From the command to the answer, each with its own reductions: SPIN with one process a CPU,
         the form its partial-order reduction can work on (`dynticks_nest_1p.py`), generation, gcc
         -O2 and run; `klprove check` as a user calls it. `gcc` is how much of SPIN's is gcc's, and
         the second ratio leaves it out.

CPU seconds stay put on a busy machine, wall seconds do not.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
HANDLER = HERE.parent / "handlers" / "2017" / "F.c"
FLAGS = ("-O2", "-DSAFETY", "-DMEMLIM=18000")
PATIENCE = 900
"""Wall seconds after which a verifier is stopped."""
PROGRAM = """
import json, resource, sys, time
from klprove.check import Question, program
from klprove.engine import Limits
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native
def now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss << 10
question, threads, compact = json.loads(sys.argv[1])
question = {key: tuple(each) if isinstance(each, list) else each for key, each in question.items()}
limits = Limits(
    arrivals={"irq": 1, "nmi": 1, "exception": 1}, threads=threads, compact=compact
)
machine, meter = Machine(program(Question(**question)), limits), Meter(limits, None)
asked, _ = now()
search = Native(machine, meter, 2)
before, held = now()
began = time.monotonic()
found = search.run()
wall = time.monotonic() - began
after, most = now()
assert not found.reasons, found
print(json.dumps(
    [found.states, found.transitions, after - before, wall, before - asked, most - held]
))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A size of the model, and the bits of SPIN's hash table for it; or a site of handler F."""

    name: str
    defines: dict[str, str]
    bits: int
    site: str = ""

    @property
    def question(self) -> dict[str, object]:
        """What klprove is asked."""
        if self.site:
            return {"files": [str(HANDLER)], "kernel": "v4.12rc", "patch": [self.site]}
        return {"files": [str(HERE / "dynticks_nest.c")], "defines": self.defines}

    @property
    def flags(self) -> list[str]:
        """The defines, for a command line."""
        return [f"-D{name}={value}" for name, value in self.defines.items()]


RAW = (
    Case("1 CPU, all contexts", {"NCPU": "1"}, 22),
    Case("2 CPUs, irq", {"NCPU": "2", "NIST": "0", "NNMI": "0"}, 22),
    Case("2 CPUs, NMI", {"NCPU": "2", "NIRQ": "0", "NIST": "0"}, 24),
    Case("3 CPUs, tasks only", {"NCPU": "3", "NFULL": "0"}, 22),
    Case("2 CPUs, all contexts on one", {"NCPU": "2", "NFULL": "1"}, 26),
)
SITES = (
    Case("F.c at rcu_nmi_exit", {}, 22, "rcu_nmi_exit"),
    Case("F.c at rcu_nmi_enter", {}, 22, "rcu_nmi_enter"),
)
VERDICT = (
    Case("2 CPUs, tasks only", {"NCPU": "2", "NFULL": "0"}, 20),
    Case("1 CPU, irq and NMI", {"NCPU": "1", "NIST": "0"}, 20),
    Case("1 CPU, all contexts", {"NCPU": "1"}, 22),
    Case("2 CPUs, irq", {"NCPU": "2", "NIST": "0", "NNMI": "0"}, 22),
    Case("2 CPUs, NMI", {"NCPU": "2", "NIRQ": "0", "NIST": "0"}, 24),
    Case("2 CPUs, all contexts on one", {"NCPU": "2", "NFULL": "1"}, 26),
    Case("2 CPUs, irq and NMI", {"NCPU": "2", "NIST": "0"}, 27),
    Case("3 CPUs, irq", {"NCPU": "3", "NIST": "0", "NNMI": "0"}, 27),
)
SMALL = 5
"""Cases of either list that take seconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """One complete search."""

    states: int
    transitions: int
    cpu: float
    wall: float
    made: float
    memory: float
    """Bytes."""


def main() -> None:
    """Print the tables."""
    if not shutil.which("spin") or not shutil.which("gcc"):
        sys.exit("bench/spin.py: needs spin and gcc; on Debian: apt install spin gcc")
    asked = set(sys.argv[1:]) or {"all"}
    most = SMALL if "small" in asked else None
    if asked & {"raw", "all"}:
        raw(RAW[: SMALL - 1 if most else None])
    if asked & {"handler", "all"}:
        raw(SITES)
        verdict(SITES)
    if asked & {"verdict", "all"}:
        verdict(VERDICT[:most])


# -- raw speed ------------------------------------------------------------------------


def raw(cases: tuple[Case, ...]) -> None:
    """States a second, no reduction on either side."""
    cores = len(os.sched_getaffinity(0))
    print("no reduction on either side")
    print(
        f"{'model':<28} {'engine':<10} {'states':>10} {'transitions':>11} {'B/state':>7} "
        f"{'CPU':>7} {'wall':>7} {'states/s':>10} {'made':>5} {'ratio':>7}"
    )
    for case in cases:
        theirs = spin(case, times=3)
        show(case, "SPIN", theirs, "")
        alone = best(case, 1, False)
        # The twin also has the state before init has started the processes.
        assert alone.states == theirs.states - (not case.site), "the two models differ"
        show(case, "native", alone, f"{theirs.cpu / alone.cpu:.1f}x")
        compact = best(case, 1, True)
        show(case, "compact", compact, f"{theirs.cpu / compact.cpu:.1f}x")
        if cores > 1:
            shared = best(case, cores, False)
            show(case, f"native -j{cores}", shared, f"{alone.wall / shared.wall:.2f}x")


def show(case: Case, engine: str, run: Run, ratio: str) -> None:
    """Print one line."""
    rate = run.states / (run.wall if "-j" in engine else run.cpu)
    print(
        f"{case.name:<28} {engine:<10} {run.states:>10,} {run.transitions:>11,} "
        f"{run.memory / run.states:>7.0f} {run.cpu:>7.2f} {run.wall:>7.2f} {rate:>10,.0f} "
        f"{run.made:>5.2f} {ratio:>7}",
        flush=True,
    )


def best(case: Case, threads: int, compact: bool) -> Run:
    """The best of three searches, each in a process of its own."""
    asked = json.dumps([case.question, threads, compact])
    runs = []
    for _ in range(3):
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM, asked], capture_output=True, text=True, check=True
        ).stdout
        runs.append(Run(*json.loads(told)))
    return min(runs, key=lambda each: each.wall if threads > 1 else each.cpu)


def spin(case: Case, reduced: bool = False, times: int = 1) -> Run:
    """The best of some runs of the verifier that SPIN generates."""
    with tempfile.TemporaryDirectory() as folder:
        flags = [*FLAGS, *([] if reduced else ["-DNOREDUCE"])]
        generate = ["spin", "-a", *([] if reduced else case.flags), "model.pml"]
        model = Path(folder) / "model.pml"
        if case.site:
            model.write_text(exported(case.site))
        started = children()
        if reduced and not case.site:
            model.write_text(one_process_a_cpu(case))
            flags += ["-DCOLLAPSE"] if case.bits > 26 else []
        elif not case.site:
            shutil.copy(HERE / "dynticks_nest.pml", model)
        for command in (generate, ["gcc", "-w", *flags, "-o", "pan", "pan.c"]):
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        made = children() - started
        runs = (pan(case, folder, made) for _ in range(times))
        return min(runs, key=lambda each: each.cpu)


def pan(case: Case, folder: str, made: float) -> Run:
    """One run of the verifier in a folder."""
    # Of an exported model no state is an invalid end: klprove looks for deadlocks in its own way.
    options = ["-m1000000", f"-w{case.bits}", *(["-E", "-n"] if case.site else [])]
    began, started = time.monotonic(), children()
    told = subprocess.run(
        ["timeout", "-s", "INT", str(PATIENCE), "./pan", *options],
        cwd=folder,
        capture_output=True,
        text=True,
    ).stdout
    wall = time.monotonic() - began
    states = int(figure(r"(\d+) states, stored", told))
    memory = float(figure(r"([\d.]+)\s+total actual memory", told)) * 1e6
    transitions = int(figure(r"(\d+) transitions", told))
    return Run(states, transitions, children() - started, wall, made, memory)


@cache
def exported(site: str) -> str:
    """The model of a handler's site."""
    command = [sys.executable, "-m", "klprove", "export", "--promela", *on_site(site)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def on_site(site: str) -> list[str]:
    """The question about a handler's site, for a command line."""
    bounds = ["--arrivals", "irq=1,nmi=1,exception=1"]
    return [str(HANDLER), "--kernel", "v4.12rc", "--patch", site, *bounds]


def one_process_a_cpu(case: Case) -> str:
    """The model in the form that partial-order reduction can work on."""
    asked = [case.defines.get(name, "1") for name in ("NCPU", "NIRQ", "NIST", "NNMI")]
    full = case.defines.get("NFULL", asked[0])
    return subprocess.run(
        [sys.executable, str(HERE / "dynticks_nest_1p.py"), *asked, full],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


# -- time to the verdict --------------------------------------------------------------


def verdict(cases: tuple[Case, ...]) -> None:
    """From the command to the answer, each with its own reductions."""
    print("from the command to the answer, each with its own reductions")
    print(
        f"{'model':<28} {'SPIN states':>11} {'gcc':>5} {'run':>7} {'answer':>7} "
        f"{'klprove states':>14} {'answer':>7} {'ratio':>8} {'no gcc':>8}"
    )
    for case in cases:
        if case.site:
            exported(case.site)
        began = time.monotonic()
        theirs = spin(case, reduced=True)
        answer = time.monotonic() - began
        states, ours = min((klprove(case) for _ in range(3)), key=lambda each: each[1])
        gone = answer - theirs.wall
        print(
            f"{case.name:<28} {theirs.states:>11,} {gone:>5.1f} {theirs.wall:>7.2f} "
            f"{answer:>7.2f} {states:>14,} {ours:>7.2f} {answer / ours:>7.1f}x "
            f"{theirs.wall / ours:>7.1f}x",
            flush=True,
        )


def klprove(case: Case) -> tuple[int, float]:
    """States and wall seconds of the command that asks the question."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        asked = [str(HERE / "dynticks_nest.c"), *case.flags, "--arrivals", "1"]
        if case.site:
            asked = on_site(case.site)
        command = [sys.executable, "-m", "klprove", "check", *asked]
        began = time.monotonic()
        status = subprocess.run(
            [*command, "--json", str(answer)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode
        took = time.monotonic() - began
        assert status == bool(case.site), "the handler is at fault, the benchmark is not"
        return int(json.loads(answer.read_text())["states"]), took


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
