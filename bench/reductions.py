# SPDX-License-Identifier: GPL-2.0-or-later
"""What reductions save: states stored and seconds, for each model without any, and with them.

    python bench/reductions.py [large]

A row is one model; its columns are complete searches of the native engine in processes of their
own: without reductions, with all but one, with all. `large` has models that are too large to be
searched in full here. Seconds are CPU seconds of the search alone, code not optimised before.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEST = "bench/dynticks_nest.c"
PROGRAM = """
import json, sys, time
from klprove.check import Question, program
from klprove.engine import Limits
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native
file, options, defines, arrivals, off = json.loads(sys.argv[1])
limits = Limits(arrivals=arrivals)
machine = Machine(program(Question((file,), defines=defines, **options)), limits)
began = time.process_time()
found = Native(machine, Meter(limits, None), off=frozenset(off)).run()
print(json.dumps([found.states, time.process_time() - began, found.reasons]))
"""
LOCK = "bench/lock.c"
EVERY = ["ample", "chains", "delivery", "dead", "symmetry"]


@dataclass(frozen=True, slots=True)
class Case:
    """A model."""

    name: str
    defines: dict[str, str] = field(default_factory=dict)
    file: str = NEST
    options: dict[str, object] = field(default_factory=dict)
    exceptions: int = 1


A = {"kernel": "v4.12rc", "patch": ["cpuidle_reflect"], "cpus": 2}
SMALL = (
    Case("1 CPU, all contexts", {"NCPU": "1"}),
    Case("2 CPUs, irq", {"NCPU": "2", "NIST": "0", "NNMI": "0"}),
    Case("2 CPUs, NMI", {"NCPU": "2", "NIRQ": "0", "NIST": "0"}),
    Case("3 CPUs, tasks only", {"NCPU": "3", "NFULL": "0"}),
    Case("2 CPUs, all contexts on one", {"NCPU": "2", "NFULL": "1"}),
    Case("A.c, cpuidle_reflect, irq, NMI", {}, "handlers/2017/A.c", A, 0),
    Case("lock, 3 CPUs", {"NCPU": "3"}, LOCK),
    Case("lock, 4 CPUs", {"NCPU": "4"}, LOCK),
)
LARGE = (
    Case("2 CPUs, irq and NMI", {"NCPU": "2", "NIST": "0"}),
    Case("3 CPUs, irq", {"NCPU": "3", "NIST": "0", "NNMI": "0"}),
    Case("3 CPUs, NMI", {"NCPU": "3", "NIRQ": "0", "NIST": "0"}),
)


def search(case: Case, off: list[str]) -> tuple[int, float]:
    """States and seconds of one search."""
    arrivals = {"irq": 1, "nmi": 1, "exception": case.exceptions}
    asked = json.dumps([case.file, case.options, case.defines, arrivals, off])
    command = [sys.executable, "-c", PROGRAM, asked]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    states, seconds, reasons = json.loads(told)
    if reasons:
        sys.exit(f"{case.name}: {reasons}")
    return states, seconds


def main() -> None:
    """Print the table."""
    large = sys.argv[1:] == ["large"]
    turns = [[]] if large else [EVERY, *([each] for each in EVERY), []]
    titles = ["all"] if large else ["none", *(f"no {each}" for each in EVERY), "all"]
    print(
        f"{'reductions:':<31}" + "".join(f"{each:>12}" for each in titles) + "   factor   seconds"
    )
    for case in LARGE if large else SMALL:
        found = [search(case, off) for off in turns]
        states = "".join(f"{each:>12,}" for each, _ in found)
        factor = "" if large else f"{found[0][0] / found[-1][0]:.1f}x"
        seconds = " to ".join(f"{each:.2f}" for _, each in dict.fromkeys([found[0], found[-1]]))
        print(f"{case.name:<31}{states}{factor:>9}   {seconds}", flush=True)


if __name__ == "__main__":
    main()
