# SPDX-License-Identifier: GPL-2.0-or-later
"""Sites spread over the workers of a cluster.

Each site is lowered here and its program sent; the worker sends back the engine's verdict, which
is labelled here. So a worker needs neither the user's files nor a kernel model, and file names are
those of this machine. A site whose worker is lost is asked again of another one.
"""

import errno
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from klprove import engine
from klprove.check.answer import INTERRUPTED
from klprove.check.budget import Budget
from klprove.check.site import Job
from klprove.check.workers import Observe, Outcome, WorkerFailed, final
from klprove.cluster import Crew, Event, Worker
from klprove.ir.program import Program
from klprove.lower import OutOfTime
from klprove.source import BadInput

ATTEMPTS = 3
"""Workers that a site may take with it before it is given up: it may be what kills them."""
PARTED = ("reference", "native")
"""Engines whose search of a single site is parted among all workers."""
_ALONE = 60.0
"""Seconds without any worker after which none is expected any more."""
_GRACE = 5.0
"""Seconds that workers get to report after an interrupt."""
_LOOK = 0.5


def spread_clustered(
    job: Job, sites: Sequence[str], crew: Crew, deadline: float | None, observe: Observe | None
) -> Outcome:
    """Answer every site with the workers of `crew`.

    `deadline` is on the monotonic clock and shared as among local workers: after it nothing is
    begun. Raises BadInput with the diagnostics of the first site, in order, that has any. A site
    that no worker answers is in `lost` with the reason.
    """
    campaign = _Campaign(job, tuple(sites), crew, deadline, observe)
    # The other engines reduce a single search more than more machines would speed it up.
    if len(sites) == 1 and job.question.engine in PARTED:
        return campaign.together(sites[0])
    return campaign.run()


@dataclass(slots=True)
class _Running:
    site: str
    program: Program


class _Campaign:
    def __init__(
        self,
        job: Job,
        sites: tuple[str, ...],
        crew: Crew,
        deadline: float | None,
        observe: Observe | None,
    ) -> None:
        self._job, self._crew, self._budget = job, crew, Budget(deadline)
        self._observe = observe
        self._waiting = list(sites)
        self._running: dict[int, _Running] = {}
        self._losses: dict[str, list[str]] = {}
        """By site, what became of the workers that had it."""
        self._outcome = Outcome()
        self._seen = time.monotonic()
        """When there was a worker last."""

    def run(self) -> Outcome:
        try:
            self._loop()
        except KeyboardInterrupt:
            self._outcome.interrupted = True
            self._stop()
        except BaseException:
            self._crew.stop()
            raise
        return self._outcome

    def together(self, site: str) -> Outcome:
        """One site, by all workers."""
        try:
            program = self._job.prepare(site)
            left = self._budget.search(self._budget.deadline)
        except OutOfTime:
            self._outcome.late.add(site)
            return self._outcome
        share = min(map(self._share, self._crew.workers.values()))
        limits = self._job.limits(site, left, share)
        verdict = engine.explore(program, limits, self._told(site), self._crew)
        self._outcome.answers[site] = answer = self._job.answer(site, program, verdict)
        self._outcome.interrupted = INTERRUPTED in verdict.reasons
        if self._observe:
            self._observe(site, final(answer))
            self._observe(site, None)
        return self._outcome

    def _told(self, site: str) -> Callable[[engine.Progress], None]:
        return lambda progress: self._observe(site, progress) if self._observe else None

    def _loop(self) -> None:
        while self._running or self._waiting:
            if self._budget.over:
                self._outcome.late.update(self._waiting)
                self._waiting.clear()
            for worker in self._crew.idle():
                if self._waiting:
                    self._start(worker, self._waiting.pop(0))
            for each in self._crew.events(_LOOK):
                self._take(each)
            if self._crew.workers:
                self._seen = time.monotonic()
            elif time.monotonic() - self._seen > _ALONE:
                self._give_up(f"no worker came up for {_ALONE:.0f} s")

    def _start(self, worker: Worker, site: str) -> None:
        end = self._budget.end(len(self._waiting) + 1, self._crew.size)
        try:
            program = self._job.prepare(site)
            seconds = self._budget.search(end)
        except OutOfTime:
            self._outcome.late.add(site)
            return
        limits = self._job.limits(site, seconds, self._share(worker))
        self._running[worker.number] = _Running(site, program)
        self._crew.run(worker, engine.explore, program, limits)

    def _share(self, worker: Worker) -> int:
        """Bytes for one worker: `--memory` is shared by all of them, what is free by those of a
        machine."""
        if self._job.question.memory:
            return self._job.question.memory // self._crew.size
        there = [each for each in self._crew.workers.values() if each.who.node == worker.who.node]
        return worker.who.free * 4 // 5 // max(len(there), 1)

    def _take(self, event: Event) -> None:
        if event.kind == "gone":
            self._give_up(event.content)
            return
        running = self._running.get(event.worker)
        if running is None:
            return
        site = running.site
        match event.kind:
            case "progress":
                if self._observe:
                    self._observe(site, event.content)
                return
            case "answer":
                answer = self._job.answer(site, running.program, event.content)
                self._outcome.answers[site] = answer
                if self._observe:
                    self._observe(site, final(answer))
                    self._observe(site, None)
            case "raised":
                self._raised(site, *event.content)
            case "lost":
                self._lost(site, event.content)
        del self._running[event.worker]

    def _raised(self, site: str, error: BaseException | None, text: str) -> None:
        match error:
            case BadInput():
                raise error
            case MemoryError():
                self._outcome.died[site] = errno.ENOMEM
            case KeyboardInterrupt():
                self._outcome.died[site] = None
            case _:
                raise WorkerFailed(text)

    def _lost(self, site: str, why: str) -> None:
        losses = self._losses.setdefault(site, [])
        losses.append(why)
        if len(losses) < ATTEMPTS and not self._outcome.interrupted:
            self._waiting.insert(0, site)
        else:
            self._outcome.lost[site] = f"lost with its worker, {len(losses)} times: {why}"

    def _give_up(self, why: str) -> None:
        """Nobody is left to ask."""
        missing = [each.site for each in self._running.values()] + self._waiting
        for site in missing:
            before = "".join(f"{each}; " for each in self._losses.get(site, []))
            self._outcome.lost[site] = f"never answered: {before}{why}"
        self._running.clear()
        self._waiting.clear()

    def _stop(self) -> None:
        """Ask the workers for what they know and wait a little for it."""
        self._waiting.clear()
        self._crew.stop()
        end = time.monotonic() + _GRACE
        while self._running and (left := end - time.monotonic()) > 0:
            for each in self._crew.events(min(left, _LOOK)):
                self._take(each)
        for running in self._running.values():
            self._outcome.died[running.site] = None
