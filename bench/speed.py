# SPDX-License-Identifier: GPL-2.0-or-later
"""States a second of each engine, on this machine: `make bench`.

Each row is one complete search in a process of its own, the best of three by wall time, the search
alone (not the front end). States of the nested engine are not those of the reference engine, so
compare seconds between engines and states a second within one.
"""

import json
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import json, sys
from klprove import engine
from klprove.check import Question, program
file, kernel, patch, arrivals, name = json.loads(sys.argv[1])
question = Question((file,), kernel, (patch,) if patch else ())
limits = engine.Limits(arrivals=arrivals, engine=name, seconds=120)
found = engine.explore(program(question), limits)
print(json.dumps([found.complete, found.statistics.states, found.statistics.seconds]))
"""
ONE_EACH = {"irq": 1, "nmi": 1, "exception": 1}
CASES = (
    ("corpus/perf-rb-data-head/fixed.c", None, "", {"nmi": 3}),
    ("corpus/rcu-nmi-enter-nesting/fixed.c", None, "", {"nmi": 3, "exception": 3}),
    ("handlers/2017/F.c", "v4.12rc", "tick_broadcast_enter", ONE_EACH),
    ("handlers/2017/F.c", "v4.12rc", "tick_broadcast_enter", {}),
    ("handlers/2017/F.c", "v4.12rc", "do_IRQ", ONE_EACH),
)
ENGINES = ("reference", "nested", "native")


def run(case: tuple[str, str | None, str, dict[str, int]], engine: str) -> tuple[bool, int, float]:
    """Whether the best of three searches of `case` was complete, its states, its seconds."""
    found = []
    for _ in range(3):
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps([*case, engine])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        complete, states, seconds = json.loads(told.stdout)
        found.append((complete, states, seconds))
        if seconds > 20:
            break
    return min(found, key=lambda each: each[2])


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {platform.machine()}")
    columns = f"{'engine':<10} {'states':>9} {'seconds':>8} {'states/s':>9}"
    print(f"{'model, site, arrivals':<44} {columns}")
    for case in CASES:
        file, _, patch, arrivals = case
        bound = str(max(arrivals.values())) if arrivals else "any"
        name = f"{Path(file).parent.name}/{Path(file).name} {patch} {bound}"
        for engine in ENGINES:
            if engine == "nested" and file.endswith("perf-rb-data-head/fixed.c"):
                continue  # two CPUs
            complete, states, seconds = run(case, engine)
            rate = f"{states / seconds:9.0f}" if seconds else f"{'':>9}"
            note = "" if complete else " incomplete"
            print(f"{name:<44} {engine:<10} {states:>9} {seconds:>8.2f} {rate}{note}", flush=True)


if __name__ == "__main__":
    main()
