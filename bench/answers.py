# SPDX-License-Identifier: GPL-2.0-or-later
"""Seconds from the command to the answer, for every model of the corpus: `make answers`.

    python -m bench.answers [ROUNDS] [OTHER]

Each model is checked ROUNDS times (3) in a process of its own, as its first line says; its best
time counts. OTHER is another tree's `src`, measured in turn with this one. Ends with status 1 where
a verdict is not the expected one or fewer than 95 % of the answers take under one second.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from klprove.corpus import read

ROOT = Path(__file__).parent.parent
GOAL = 0.95
STATUS = {"holds": 0, "violated": 1, "incomplete": 3}


class Took(NamedTuple):
    """Seconds of one command."""

    wall: float
    cpu: float


def command(path: Path) -> tuple[list[str], int]:
    """How to check a model, and the exit status that is expected."""
    wanted = read(path)
    words = [sys.executable, "-m", "klprove", "check", str(path.relative_to(ROOT))]
    for option, bounds in (("--arrivals", wanted.arrivals), ("--nest", wanted.nest)):
        if bounds:
            words += [option, ",".join(f"{kind}={n}" for kind, n in bounds.items())]
    return words, STATUS[wanted.verdict]


def measured(path: Path, source: str) -> Took:
    """One run on the klprove of `source`."""
    words, status = command(path)
    env = {**os.environ, "PYTHONPATH": source}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # as after an installation
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=ROOT, env=env)
    _, ended, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(ended)
    if process.returncode != status:
        raise SystemExit(f"{path}: status {process.returncode}, expected {status}")
    return Took(wall, used.ru_utime + used.ru_stime)


def main(rounds: int, sources: list[str]) -> int:
    """Measure and print the table."""
    paths = sorted(ROOT.glob("corpus/*/*.c"))
    best: dict[str, dict[Path, Took]] = {source: {} for source in sources}
    for _ in range(rounds):
        for path in paths:
            for source in sources:
                took = measured(path, source)
                known = best[source].get(path, took)
                best[source][path] = Took(*map(min, took, known))
    print(f"{len(paths)} commands, best of {rounds}, load {os.getloadavg()[0]:.1f}")
    print("seconds     median    p90    p95    max  under 1 s   cpu median")
    shares = []
    for source in sources:
        walls = sorted(each.wall for each in best[source].values())
        cpu = statistics.median(each.cpu for each in best[source].values())
        at = [walls[int(part * (len(walls) - 1))] for part in (0.5, 0.9, 0.95, 1)]
        shares.append(sum(each < 1 for each in walls) / len(walls))
        name = "this" if source == sources[0] else "other"
        print(f"{name:<10}" + "".join(f"{each:7.2f}" for each in at) + f"{shares[-1]:10.0%}"
              f"{cpu:13.2f}")  # fmt: skip
    slowest = sorted(best[sources[0]].items(), key=lambda each: -each[1].wall)[:5]
    print("slowest: " + ", ".join(f"{p.parent.name}/{p.stem} {t.wall:.2f}" for p, t in slowest))
    return 0 if shares[0] >= GOAL else 1


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(int(given[0]) if given else 3, [str(ROOT / "src"), *given[1:2]]))
