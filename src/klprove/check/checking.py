# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: read, choose the sites, answer each, put the answers together."""

import errno
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from klprove import engine
from klprove.c import MOST_BYTES, Overlay, Unit, included, parse
from klprove.check.answer import INTERRUPTED, UNBEGUN, Answer, Text
from klprove.check.budget import Budget
from klprove.check.callers import calls, refuse_uncalled, unentered
from klprove.check.question import EACH, SC, TSO, Question
from klprove.check.site import Job
from klprove.check.sites import called, refuse_unknown, sites
from klprove.check.workers import Outcome, final, spread
from klprove.ir import Program
from klprove.kernels import Kernel, load
from klprove.lower import OutOfTime
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import NO_TIME, Bounds, Statistics, Verdict

if TYPE_CHECKING:
    from klprove.cluster import Cluster, Crew
    from klprove.lift import Composed

_NOTHING = Overlay()
_RECURSION = 4
"""How often a function may stand in one call chain where no kernel model says otherwise."""


_MEMORY = {SC: "memory is sequentially consistent", TSO: "memory is x86-TSO"}


@dataclass(frozen=True, slots=True)
class Progress:
    """Figures of a running check, summed over its sites."""

    done: int
    sites: int
    states: int
    transitions: int
    frontier: int
    """States found and not yet expanded, in the searches that run."""
    depth: int
    """The greatest of those searches."""
    memory: int
    """Bytes that their processes hold together."""
    seconds: float
    left: float | None
    """Seconds to the limit; None without one."""
    said: str = ""
    """Something the user should know that does not change the answer."""


def check(
    question: Question,
    watch: Callable[[Progress], None] | None = None,
    jobs: int | None = None,
    cluster: "Cluster | None" = None,
    composed: "Composed | None" = None,
) -> Answer:
    """Answer `question` with up to `jobs` processes (None: one a core), or on `cluster`.
    `composed`: the text that `question.lift` asks for, where it has been put together already.

    The answer does not depend on who works. A site that `question.seconds` do not suffice for is
    not searched, and its verdict says so. Raises BadInput for text or options that cannot be used.
    KeyboardInterrupt ends the search early, and the answer says so; before the search it is raised.
    """
    start = time.monotonic()
    jobs = jobs or len(os.sched_getaffinity(0))
    deadline = start + question.seconds if question.seconds is not None else None
    lowering = 1 if cluster is not None else jobs
    task = _prepare(question, lowering, composed, deadline)
    if len(task.sites) > lowering:
        task = replace(task, job=task.job.sharing())
    run = _Run(task, start, deadline, watch)
    if cluster is not None:
        outcome = run.clustered(cluster.crew())
    elif jobs == 1:
        outcome = run.here()
    else:
        # A single site has a worker too: it may run out of memory without taking us along.
        outcome = run.spread(jobs)
    return _answer(task, outcome, time.monotonic() - start)


def unsearched(question: Question) -> Answer:
    """The answer where Ctrl-C came before anything was read: nothing is known of the sites that the
    question names, or its kernel model lists. Raises BadInput for a model or files that there are
    not."""
    kernel = kernel_of(question)
    known = kernel.sites if kernel else ()
    every = [site for named in question.patch for site in (known if named == EACH else (named,))]
    unknown = Verdict((), False, Statistics(), Bounds(), reasons=(UNBEGUN,))
    return Answer(
        question=question,
        sites=dict.fromkeys(every or [""], unknown),
        files=_texts(question),
        model=kernel.digest if kernel else "",
        cpus=question.cpus or 1,
        seconds=0.0,
        assumptions=(),
        asked=(),
    )


def program(question: Question) -> Program:
    """The program of a question about one site, as `check` would search it. Raises BadInput."""
    task = _prepare(question)
    return task.job.prepare(task.sites[0])


def prepared(question: Question) -> tuple[Job, tuple[str, ...]]:
    """The job of a question and its sites, for those who search its programs themselves. Raises
    BadInput."""
    task = _prepare(question)
    return task.job, task.sites


def lifted(question: Question) -> tuple[Text, ...]:
    """The functions of a kernel tree that an answer to `question` will rest on, FILE:FUNCTION each.
    Raises BadInput."""
    return _prepare(question).lifted


def calls_of(question: Question) -> tuple[tuple[str, str], ...]:
    """Caller and callee of every call by name of a function that `question` patches, each once, in
    the order of its sites. Raises BadInput where the text cannot be read."""
    kernel = kernel_of(question)
    if question.lift:
        from klprove.check.lifting import asked_for  # nobody else waits for it

        unit = asked_for(question)[0]
    else:
        unit = unit_of(question, kernel)
    chosen = [name for each in question.patch if each != EACH for name in each.split("+")]
    if EACH in question.patch:
        chosen += kernel.sites if kernel else unit.traceable()
    return calls(unit, chosen)


def fingerprint(question: Question) -> str:
    """The fingerprint that an answer to `question` will have. Raises BadInput."""
    kernel = kernel_of(question)
    model = kernel.digest if kernel else ""
    texts = "".join(each.sha256 for each in _texts(question))
    if question.lift:
        texts += "".join(each.sha256 for each in lifted(question))
    return question.fingerprint(model + texts)


@dataclass(frozen=True, slots=True)
class _Task:
    """A question whose text has been read."""

    kernel: Kernel | None
    texts: tuple[Text, ...]
    sites: tuple[str, ...]
    job: Job
    composed: "Composed | None" = None
    """The kernel's own text in the model's place."""

    @property
    def lifted(self) -> tuple[Text, ...]:
        """The digests of that text."""
        parts = self.composed.lifted if self.composed else ()
        return tuple(Text(each.reference, _sha256(each.text.body.encode())) for each in parts)


def _prepare(
    question: Question,
    jobs: int = 1,
    composed: "Composed | None" = None,
    until: float | None = None,
) -> _Task:
    kernel = kernel_of(question)
    texts = _texts(question)
    if question.lift and composed is None:
        from klprove.check.lifting import asked_for  # nobody else waits for it

        unit, composed = asked_for(question)
    else:
        unit = unit_of(question, kernel, composed.overlay if composed else _NOTHING)
    refuse_unknown(question.inlined, unit.functions)
    refuse_uncalled(unit, question.inlined)
    known = kernel.sites if kernel else ()
    each = EACH in question.patch
    recursion = question.recursion or (kernel.recursion if kernel else None) or _RECURSION
    job = Job(question, unit, recursion, required=not each, until=until)
    traceable = [name for name in unit.traceable() if name not in question.inlined]
    skipped = unentered(unit, question.inlined, known or traceable) if each else frozenset()
    chosen = sites(question.patch, known, traceable, skipped)
    if each and not known:
        chosen = _called_only(job, chosen)
    # Cores that the sites leave idle work on the site that runs.
    job = replace(job, threads=max(1, jobs // len(chosen)))
    return _Task(kernel, texts, chosen, job, composed)


def kernel_of(question: Question) -> Kernel | None:
    """The model that `question` names. Raises BadInput where there is none of that name."""
    return load(question.kernel, scene=question.scene) if question.kernel else None


def unit_of(question: Question, kernel: Kernel | None, overlay: Overlay = _NOTHING) -> Unit:
    """The parsed text of `question`. Raises BadInput."""
    chosen = kernel.defines(question.action) if kernel else {}
    defines = {"NR_CPUS": str(question.cpus or 1), **chosen, **question.defines}
    models = list(kernel.files) if kernel else []
    *first, last = question.files or (None,)  # None: the kernel model as it is
    files: list[Path | str] = [*models, *filter(None, first)]
    return parse(files, defines=defines, user=last, overlay=overlay)


def _texts(question: Question) -> tuple[Text, ...]:
    """Every file of a question, each followed by those that it includes."""
    every = ((path, *included(path)) for path in question.files)
    return tuple(_digest(path) for each in every for path in each)


def _digest(path: str) -> Text:
    try:
        with open(path, "rb") as file:
            return Text(path, _sha256(file.read(MOST_BYTES + 1)))
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise BadInput([Diagnostic("file", Span(path, 0, 0), reason)]) from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _called_only(job: Job, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Without a kernel model nobody has listed the sites: those that some context runs."""
    try:
        running = called(job.prepare(""))
    except OutOfTime:
        return chosen  # none of them will be searched
    left = tuple(name for name in chosen if name in running)
    if not left:
        span = Span("--patch", 0, 0)
        raise BadInput([Diagnostic("patch", span, "no context runs a function to patch")])
    return left


class _Run:
    """One pass over the sites, here or in workers, with its progress."""

    def __init__(
        self,
        task: _Task,
        start: float,
        deadline: float | None,
        watch: Callable[[Progress], None] | None,
    ) -> None:
        self._job, self._chosen, self._budget = task.job, task.sites, Budget(deadline)
        self._start, self._watch = start, watch
        self._latest: dict[str, engine.Progress] = {}
        self._done: set[str] = set()

    def here(self) -> Outcome:
        """One site after the other in this process."""
        outcome = Outcome()
        for place, site in enumerate(self._chosen):
            try:
                end = self._budget.end(len(self._chosen) - place, 1)
                program = self._job.prepare(site)
                answer = self._job.explore(
                    site,
                    program,
                    self._budget.search(end),
                    self._job.question.memory,
                    lambda progress, site=site: self._observe(site, progress),  # type: ignore[misc]
                )
            except KeyboardInterrupt:
                outcome.interrupted = True
                break
            except MemoryError:
                outcome.died[site] = errno.ENOMEM
                continue
            except OutOfTime:
                outcome.late.update(self._chosen[place:])
                break
            outcome.answers[site] = answer
            self._observe(site, final(answer))
            self._observe(site, None)
            if INTERRUPTED in answer.verdict.reasons:
                outcome.interrupted = True
                break
        return outcome

    def spread(self, jobs: int) -> Outcome:
        """In worker processes."""
        return spread(self._job, self._chosen, jobs, self._budget.deadline, self._observe)

    def clustered(self, crew: "Crew") -> Outcome:
        """On a cluster."""
        from klprove.check.clustered import spread_clustered  # nobody else waits for it

        deadline = self._budget.deadline
        return spread_clustered(self._job, self._chosen, crew, deadline, self._observe)

    def _observe(self, site: str, progress: engine.Progress | None) -> None:
        if progress is None:
            self._done.add(site)
        else:
            self._latest[site] = progress
        if self._watch:
            said = progress.said if progress is not None else ""
            self._watch(replace(self._progress(time.monotonic()), said=said))

    def _progress(self, now: float) -> Progress:
        started, deadline = self._latest.values(), self._budget.deadline
        running = [each for site, each in self._latest.items() if site not in self._done]
        return Progress(
            done=len(self._done),
            sites=len(self._chosen),
            states=sum(each.states for each in started),
            transitions=sum(each.transitions for each in started),
            frontier=sum(each.frontier for each in running),
            depth=max((each.depth for each in running), default=0),
            memory=sum(each.memory for each in running),
            seconds=now - self._start,
            left=None if deadline is None else max(deadline - now, 0.0),
        )


def _answer(task: _Task, outcome: Outcome, seconds: float) -> Answer:
    question, kernel, chosen = task.job.question, task.kernel, task.sites
    answers = outcome.answers
    bounds = next(
        (each.verdict.bounds for each in answers.values()),
        Bounds(dict(question.arrivals), dict(question.nest)),
    )
    verdicts = {
        site: answers[site].verdict if site in answers else _unknown(site, outcome, bounds)
        for site in chosen
    }
    assumptions = dict.fromkeys([_MEMORY[question.memory_model]])
    if kernel:
        assumptions |= dict.fromkeys(kernel.assumptions)
        patched = {name for site in chosen for name in site.split("+")}
        static = [name for name in kernel.sites if name in kernel.static & patched]
        if static:
            assumptions[f"out of line though static: {', '.join(static)}"] = None
    if task.composed:
        assumptions |= dict.fromkeys(task.composed.assumptions(question.tree))
    for verdict in verdicts.values():
        assumptions |= dict.fromkeys(verdict.assumptions)
    asked = dict.fromkeys(
        code for each in chosen if each in answers for code in answers[each].asked
    )
    return Answer(
        question=question,
        sites=verdicts,
        files=task.texts,
        lifted=task.lifted,
        model=kernel.digest if kernel else "",
        cpus=next((each.cpus for each in answers.values()), question.cpus or 1),
        seconds=seconds,
        assumptions=tuple(assumptions),
        asked=tuple(asked),
    )


def _unknown(site: str, outcome: Outcome, bounds: Bounds) -> Verdict:
    """The verdict on a site that no answer came for."""
    status = outcome.died.get(site)
    if site in outcome.late:
        reason = NO_TIME
    elif site in outcome.lost:
        reason = outcome.lost[site]
    elif status == errno.ENOMEM:
        reason = "out of memory"
    elif status:
        reason = f"the worker process was ended by signal {-status}" + (
            " (out of memory?)" if status == -9 else ""
        )
    else:
        reason = UNBEGUN
    return Verdict((), False, Statistics(), bounds, reasons=(reason,))
