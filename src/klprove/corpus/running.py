# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs models, one process each, so many at a time."""

import errno
import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from klprove import engine
from klprove.check import Progress, Question, check
from klprove.check.budget import LEAST
from klprove.check.processes import Child, Writer, ready
from klprove.check.workers import WorkerFailed, free_memory
from klprove.corpus.folders import Entry, Model
from klprove.corpus.result import Judged, Outcome, Result, refused, result
from klprove.source import BadInput
from klprove.verdict import NO_TIME

_LOOK = 0.25
"""Seconds between two looks at what the workers do."""

Watch: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """What the user asks for beyond what the heads of the models say."""

    engine: str | None = None
    """None: what the head names, else one that counts every state where there is a pinned number to
    compare with, and `auto` where not."""
    memory_model: str | None = None
    """None: what the head names."""
    seconds: float | None = None
    """Wall time for everything together."""
    jobs: int | None = None
    """Processes; None: one a core."""


def run(entries: Sequence[Entry], effort: Effort, watch: Watch | None = None) -> Outcome:
    """Check every model of `entries`. KeyboardInterrupt ends it early and the outcome says so.

    The outcome does not depend on how many processes there are. Raises WorkerFailed for a bug.
    """
    models = [model for entry in entries for model in entry.models]
    pool = _Pool(models, effort, watch)
    pool.run()
    judged = iter(
        Judged(model, pool.results.get(place), asked(model, effort).memory_model)
        for place, model in enumerate(models)
    )
    told = tuple((entry, tuple(next(judged) for _ in entry.models)) for entry in entries)
    return Outcome(told, pool.interrupted)


def asked(model: Model, effort: Effort) -> Question:
    """The question that is asked of `model`, with the engine that answers."""
    question = model.expected.question(model.path)
    memory_model = effort.memory_model or question.memory_model
    counted = model.expected.states is not None and memory_model == question.memory_model
    name = effort.engine or model.expected.engine or (_counting() if counted else "auto")
    unreduced = frozenset(engine.REDUCTIONS) if name == "native" else frozenset[str]()
    return replace(question, engine=name, no_reduce=unreduced, memory_model=memory_model)


def _counting() -> str:
    """The quickest engine that counts every state."""
    from klprove.engine.native import available

    return "native" if available() else "reference"


class _Pool:
    def __init__(self, models: Sequence[Model], effort: Effort, watch: Watch | None) -> None:
        self._models, self._effort, self._watch = models, effort, watch
        self._jobs = effort.jobs or len(os.sched_getaffinity(0))
        self._memory = free_memory() * 4 // 5 // max(min(self._jobs, len(models)), 1)
        """Bytes for each process."""
        self._start = time.monotonic()
        self._waiting = list(range(len(models)))
        self._running: dict[int, tuple[int, Child]] = {}
        """By the file that its message comes from: the model's place, its process."""
        self.results: dict[int, Result] = {}
        self.interrupted = False

    def run(self) -> None:
        _counting()  # loads what all of them need
        gc.freeze()  # a collection in a worker would copy every inherited page
        try:
            self._loop()
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            gc.unfreeze()
            for _, child in self._running.values():
                child.kill()

    def _loop(self) -> None:
        while self._running or self._waiting:
            if self._left() == 0:
                late = dict.fromkeys(self._waiting, _open(NO_TIME))
                self.results |= late
                self._waiting.clear()
            while self._waiting and len(self._running) < self._jobs:
                self._begin(self._waiting.pop(0))
            for file in ready(self._running, _LOOK):
                self._receive(file)
            if self._watch:
                self._watch(self._progress())

    def _begin(self, place: int) -> None:
        question = replace(asked(self._models[place], self._effort), memory=self._memory)
        if (left := self._left()) is not None:
            rest = len(self._waiting) + 1
            share = left * min(self._jobs, rest) / rest
            question = replace(question, seconds=max(share, min(left, LEAST), 0.001))
        child = Child(lambda pipe: _work(question, pipe))
        self._running[child.file] = place, child

    def _receive(self, file: int) -> None:
        place, child = self._running.pop(file)
        try:
            message = child.receive()
        except EOFError:
            self.results[place] = _lost(child.end())
            return
        child.end()
        if isinstance(message, str):
            raise WorkerFailed(f"{self._models[place].path}\n{message}")
        self.results[place] = message

    def _left(self) -> float | None:
        if self._effort.seconds is None:
            return None
        return max(self._effort.seconds - (time.monotonic() - self._start), 0.0)

    def _progress(self) -> Progress:
        return Progress(
            done=len(self.results),
            sites=len(self._models),
            states=sum(each.states for each in self.results.values()),
            transitions=0,
            frontier=0,
            depth=0,
            memory=0,
            seconds=time.monotonic() - self._start,
            left=self._left(),
        )


def _lost(status: int) -> Result:
    """The result of a process that ended without one."""
    memory = status == errno.ENOMEM
    return _open("out of memory" if memory else f"its process ended with {status}")


def _open(reason: str) -> Result:
    """The result where nothing is known."""
    return Result({"": "incomplete"}, frozenset(), 0, None, False, (reason,), "", False, 0.0)


def _work(question: Question, pipe: Writer) -> int:
    """The life of a worker process; its exit status. After Ctrl-C the parent ends it."""
    started = time.monotonic()
    try:
        pipe.send(result(check(question, jobs=1)))
    except BadInput as error:
        pipe.send(refused(error.diagnostics, time.monotonic() - started))
    except BrokenPipeError:
        pass  # the parent has gone
    except MemoryError:
        return errno.ENOMEM
    except Exception:  # noqa: BLE001 - every bug is told the same way
        import traceback

        pipe.send(traceback.format_exc())
    return 0
