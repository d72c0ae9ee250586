# SPDX-License-Identifier: GPL-2.0-or-later
"""Sites spread over processes: one process a site, at most so many at a time.

A worker inherits the parsed text by fork, so nothing is parsed twice and nothing of libclang is
pickled; it ends with its site, which gives its memory back. Ctrl-C reaches the whole process
group: workers ignore it and the parent passes it on as SIGTERM, once, so that no worker is hit
twice while it writes down what it knows.
"""

import errno
import gc
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol, TypeAlias

from klprove import engine
from klprove.check.answer import INTERRUPTED
from klprove.check.budget import Budget
from klprove.check.processes import Child, Writer, ready
from klprove.check.question import Question
from klprove.check.site import SiteAnswer, Watch
from klprove.lower import OutOfTime
from klprove.source import BadInput, Diagnostic
from klprove.source.interrupts import keep_interrupts

_MANY = 8
"""Sites for which it is worth to prepare what long searches need."""
_LONG = 2.0
"""Seconds of a search that is one."""
_SLACK = 0.5
"""Seconds after the last one in which a search may still begin."""
_GRACE = 5.0
"""Seconds that workers get to report after an interrupt."""


class Work(Protocol):
    """What `spread` needs of a job: a program a site, and its search."""

    @property
    def question(self) -> Question:
        """Whose `memory` the workers share."""

    def prepare(self, site: str) -> Any:
        """What `explore` will search. Raises BadInput, and OutOfTime."""

    def explore(
        self, site: str, program: Any, seconds: float | None, memory: int | None, watch: Watch
    ) -> SiteAnswer:
        """The answer for one site."""


Observe: TypeAlias = Callable[[str, engine.Progress | None], None]
"""Told of a site's progress, and with None of its end."""


class WorkerFailed(Exception):
    """A worker met a bug of ours; the text is its traceback."""


@dataclass(slots=True)
class _Worker:
    site: str
    child: Child
    lowered: bool = False
    searching: bool = False


@dataclass(slots=True)
class Outcome:
    """Answers by site, as far as they came; `interrupted` where Ctrl-C ended it."""

    answers: dict[str, SiteAnswer] = field(default_factory=dict)
    died: dict[str, int | None] = field(default_factory=dict)
    """Exit status of workers that ended without an answer: ENOMEM, negative for a signal; None or 0
    where they were interrupted before there was anything to tell."""
    lost: dict[str, str] = field(default_factory=dict)
    """In words, why there is no answer: workers that went away, or did not end in time."""
    late: set[str] = field(default_factory=set)
    """Sites for which there was no time."""
    interrupted: bool = False


def spread(
    job: Work, sites: Sequence[str], jobs: int, deadline: float | None, observe: Observe | None
) -> Outcome:
    """Answer every site with `jobs` processes at a time.

    `deadline` is on the monotonic clock: after it nothing is begun. Each site gets an even share of
    what is left of the time when it starts. Raises BadInput with the diagnostics of the first site,
    in order, that has any: the same whatever `jobs` is.
    """
    return _Pool(job, tuple(sites), jobs, deadline, observe).run()


def final(answer: SiteAnswer) -> engine.Progress:
    """The last figures of a site: a short search reports none itself."""
    found = answer.verdict.statistics
    return engine.Progress(found.states, found.transitions, 0, found.depth, found.seconds)


def free_memory() -> int:
    """Bytes that can be had without driving anything else out; 8 GiB where nobody says."""
    try:
        with open("/proc/meminfo", encoding="ascii") as figures:
            for line in figures:
                name, _, value = line.partition(":")
                if name == "MemAvailable":
                    return int(value.split()[0]) << 10
    except OSError:
        pass
    return 8 << 30


class _Pool:
    def __init__(
        self,
        job: Work,
        sites: tuple[str, ...],
        jobs: int,
        deadline: float | None,
        observe: Observe | None,
    ) -> None:
        self._job, self._sites, self._jobs = job, sites, jobs
        self._budget, self._observe = Budget(deadline), observe
        self._waiting = list(sites)
        self._memory = job.question.memory or free_memory() * 4 // 5
        self._running: dict[int, _Worker] = {}
        """By the file that its messages come from."""
        self._bad: dict[str, tuple[Diagnostic, ...]] = {}
        self._outcome = Outcome()
        self._better = False

    def run(self) -> Outcome:
        if len(self._sites) > self._jobs:
            engine.warm()
        gc.freeze()  # a collection in a worker would copy every inherited page
        try:
            self._loop()
        except KeyboardInterrupt:
            self._outcome.interrupted = True
            self._stop()
        finally:
            gc.unfreeze()
            for worker in self._running.values():
                worker.child.kill()
        if self._bad:
            raise BadInput(self._bad[min(self._bad, key=self._sites.index)])
        return self._outcome

    def _loop(self) -> None:
        while self._running or (self._waiting and not self._bad):
            if self._budget.over:
                self._outcome.late.update(self._waiting)
                self._waiting.clear()
            while self._waiting and len(self._running) < self._jobs and not self._bad:
                self._start(self._waiting.pop(0))
            for file in ready(self._running, self._patience()) if self._running else ():
                self._receive(self._running[file])
            self._end_late()
            if self._bad and self._first_bad_is_certain():
                return

    def _patience(self) -> float | None:
        """Seconds until those that have not begun to search have to; None: nobody has to."""
        if all(each.searching for each in self._running.values()):
            return None
        return self._budget.left(_SLACK)

    def _end_late(self) -> None:
        """End those that have not begun by then: compiling takes as long as it takes."""
        if self._budget.left(_SLACK) != 0:
            return
        told = ready(self._running, 0.0) if self._running else ()
        for file, worker in list(self._running.items()):
            if not worker.searching and file not in told:
                del self._running[file]
                worker.child.kill()
                self._outcome.late.add(worker.site)

    def _first_bad_is_certain(self) -> bool:
        """True once no running site before the first bad one can still turn out bad."""
        first = min(map(self._sites.index, self._bad))
        return all(
            worker.lowered or self._sites.index(worker.site) > first
            for worker in self._running.values()
        )

    def _start(self, site: str) -> None:
        end = self._budget.end(len(self._waiting) + 1, self._jobs)
        share = self._memory // min(self._jobs, len(self._sites))
        child = Child(lambda pipe: _work(self._job, site, self._budget, end, share, pipe))
        self._running[child.file] = _Worker(site, child)

    def _receive(self, worker: _Worker) -> None:
        try:
            kind, content = worker.child.receive()
        except EOFError:
            del self._running[worker.child.file]
            self._outcome.died[worker.site] = worker.child.end()
            return
        match kind:
            case "lowered":
                worker.lowered = True
                return
            case "progress":
                worker.searching = True
                if self._observe:
                    self._observe(worker.site, content)
                return
            case "bug":
                raise WorkerFailed(content)
            case "bad":
                self._bad[worker.site] = content
            case "late":
                self._outcome.late.add(worker.site)
            case "answer":
                self._outcome.answers[worker.site] = content
                if self._observe:
                    self._observe(worker.site, final(content))
                self._learn(content)
        del self._running[worker.child.file]
        worker.child.end()
        if self._observe:
            self._observe(worker.site, None)

    def _learn(self, answer: SiteAnswer) -> None:
        """Once a search was long, those that are still to come will find better code."""
        long = answer.verdict.statistics.seconds > _LONG
        if long and not self._better and len(self._waiting) >= _MANY:
            if self._budget.deadline is None:
                engine.warm(long=True)
            self._better = True

    def _stop(self) -> None:
        """Ask the workers for what they know and wait a little for it."""
        self._waiting.clear()
        for worker in self._running.values():
            worker.child.signal(signal.SIGTERM)
        end = time.monotonic() + _GRACE
        while self._running and (left := end - time.monotonic()) > 0:
            for file in ready(self._running, left):
                self._receive(self._running[file])
        for worker in self._running.values():
            if worker.lowered:
                self._outcome.lost[worker.site] = INTERRUPTED
            else:
                self._outcome.died[worker.site] = None


def _work(
    job: Work, site: str, budget: Budget, end: float | None, memory: int | None, pipe: Writer
) -> int:
    """The life of a worker process; its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    keep_interrupts()
    send = pipe.send
    status = 0
    try:
        program = job.prepare(site)
        send(("lowered", None))
        seconds = budget.search(end)
        answer = job.explore(
            site, program, seconds, memory, lambda progress: send(("progress", progress))
        )
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        send(("answer", answer))
    except BadInput as error:
        send(("bad", error.diagnostics))
    except OutOfTime:
        send(("late", None))
    except KeyboardInterrupt:
        pass  # before the search began: there is nothing to tell
    except BrokenPipeError:
        pass  # the parent has gone
    except MemoryError:
        status = errno.ENOMEM
    except Exception:  # noqa: BLE001 - every bug is told the same way
        import traceback

        send(("bug", traceback.format_exc()))
    return status


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
