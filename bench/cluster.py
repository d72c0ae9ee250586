# SPDX-License-Identifier: GPL-2.0-or-later
"""A campaign in one process, on two workers of a local Ray cluster, and there with a worker killed.

    python bench/cluster.py

Handler F of the 2017 thread at every site, arrivals bounded to one of each kind. Ends with status 1
where the three answers differ in anything but seconds.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from klprove.check import EACH, Answer, Progress, Question, check
from klprove.cluster import Cluster
from klprove.source import Unavailable
from klprove.verdict import Verdict

QUESTION = Question(
    files=(str(Path(__file__).parent.parent / "handlers" / "2017" / "F.c"),),
    kernel="v4.12rc",
    patch=(EACH,),
    arrivals={"irq": 1, "nmi": 1, "exception": 1},
)
WORKERS = 2
KILL_AFTER = 4
"""Sites answered before a worker is killed."""


def main() -> int:
    """Print three lines and the verdict on them."""
    print(f"Handler F on {QUESTION.kernel}, every site, one arrival of each kind", flush=True)
    alone = told("one process", lambda: check(QUESTION, jobs=1))
    try:
        with Cluster("local", WORKERS) as cluster:
            began = time.monotonic()
            cluster.crew()
            print(f"{'Ray up':<28}{time.monotonic() - began:>24.1f} s", flush=True)
            spread = told(f"{WORKERS} workers", lambda: check(QUESTION, None, None, cluster))
            killer = Killer(cluster)
            hurt = told("the same, one killed", lambda: check(QUESTION, killer, None, cluster))
    except Unavailable as error:
        print(f"cluster: {error}")
        return 1
    if not killer.killed:
        print("no worker was killed: the search ended too early")
        return 1
    same = verdicts(alone) == verdicts(spread) == verdicts(hurt)
    print(f"process {killer.killed} was killed with signal 9 after {KILL_AFTER} sites")
    print(
        "verdicts, findings, traces, states and transitions of all sites: "
        + ("equal" if same else "DIFFERENT")
    )
    return 0 if same else 1


class Killer:
    """Watches a campaign and ends a busy worker in the middle of it, once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.killed = 0
        """The process ended; 0 so far."""

    def __call__(self, progress: Progress) -> None:
        """Strike where it is time to."""
        busy = [each.who.pid for each in self._cluster.crew().workers.values() if each.busy]
        if not self.killed and progress.done >= KILL_AFTER and busy:
            self.killed = busy[0]
            os.kill(self.killed, signal.SIGKILL)


def told(name: str, run: Callable[[], Answer]) -> Answer:
    """What `run` answers, after a line on it."""
    answer = run()
    states = answer.statistics.states
    print(
        f"{name:<24}{len(answer.sites):>3} sites {states:>11,} states {answer.seconds:>6.1f} s  "
        f"{answer.word}",
        flush=True,
    )
    return answer


def verdicts(answer: Answer) -> dict[str, Verdict]:
    """Everything about each site except how long it took."""
    return {
        site: replace(each, statistics=replace(each.statistics, seconds=0.0))
        for site, each in answer.sites.items()
    }


if __name__ == "__main__":
    sys.exit(main())
