# SPDX-License-Identifier: GPL-2.0-or-later
"""One site: lower the program with that function patched, explore it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

from klprove import engine
from klprove.c import Unit
from klprove.check.question import TSO, Question
from klprove.check.sites import require_called
from klprove.ir.instructions import Check, Report, Warned
from klprove.ir.program import PROPERTIES, Object, Program
from klprove.ir.types import PTR
from klprove.kernels import HOME
from klprove.lower import Options, Shared, lower, share
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import VIOLATION, Event, Trace, Verdict

_HOME = f"{HOME}/"

Watch: TypeAlias = Callable[[engine.Progress], None]


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """What is known about one site."""

    verdict: Verdict
    asked: tuple[str, ...]
    """Codes that this program could have reported."""
    cpus: int


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that the sites of one question share. Inherited by worker processes, never sent:
    the front end's objects cannot be."""

    question: Question
    unit: Unit
    recursion: int
    required: bool
    """False where a site that nothing calls is passed over instead of refused (`--patch each`)."""
    threads: int = 1
    """Threads of the search of one site."""
    until: float | None = None
    """When no site is worth beginning with any more, on the monotonic clock."""
    shared: Shared | None = None
    """What the programs of all sites have in common, where that has been made."""

    def sharing(self) -> "Job":
        """This job, with what all sites have in common made once."""
        return replace(self, shared=share(self.unit, self._options("")))

    def _options(self, site: str) -> Options:
        return Options(
            cpus=self.question.cpus,
            patched=frozenset(name for name in site.split("+") if name),
            recursion=self.recursion,
            inlined=self.question.inlined,
            fences=self.question.memory_model == TSO,
            until=self.until,
        )

    def prepare(self, site: str) -> Program:
        """The program with `site` patched. Raises BadInput, and OutOfTime after `until`."""
        try:
            program = lower(self.unit, self._options(site), self.shared)
        except RecursionError:
            span = Span([*self.question.files, "--kernel"][-1], 0, 0)
            text = "an expression or a chain of calls is nested too deeply"
            raise BadInput([Diagnostic("large", span, text)]) from None
        if self.required:
            require_called(site, program)
        if self.question.memory_model == TSO:
            entries = self.question.store_buffer or engine.DEFAULT_ENTRIES
            program = engine.buffered(program, entries)
        return program

    def explore(
        self,
        site: str,
        program: Program,
        seconds: float | None,
        memory: int | None,
        watch: Watch | None,
    ) -> SiteAnswer:
        """Search `program` within `seconds` and `memory`."""
        verdict = engine.explore(program, self.limits(site, seconds, memory), watch)
        return self.answer(site, program, verdict)

    def limits(self, site: str, seconds: float | None, memory: int | None) -> engine.Limits:
        """Bounds of the search of one site. Raises BadInput where there is nothing to resume."""
        question = self.question
        folder = None
        if question.checkpoint is not None:
            folder = Path(question.checkpoint) / (site or "model")
            if question.resume and not Path(question.checkpoint).is_dir():
                span = Span(question.checkpoint, 0, 0)
                raise BadInput([Diagnostic("checkpoint", span, "holds no checkpoint")])
        return engine.Limits(
            arrivals=dict(question.arrivals),
            nest=dict(question.nest),
            seconds=seconds,
            memory=memory,
            engine=question.engine,
            no_reduce=question.no_reduce,
            threads=self.threads,
            compact=question.compact,
            checkpoint=folder,
            checkpoint_seconds=question.checkpoint_seconds,
            # A site whose search had not begun has no folder yet.
            resume=question.resume and folder is not None and folder.is_dir(),
        )

    def answer(self, site: str, program: Program, verdict: Verdict) -> SiteAnswer:
        """What the verdict of an engine on `program` says about `site`."""
        verdict = label(verdict, site, self.question.werror)
        return SiteAnswer(addressed(program, verdict), codes(program), program.processors)


def label(verdict: Verdict, site: str, werror: bool) -> Verdict:
    """`verdict` with its findings told apart by site, warnings raised to violations where `werror`
    says so, and the files of kernel models named from their folder, as on any machine."""
    findings = tuple(
        replace(
            each,
            site=site,
            severity=VIOLATION if werror else each.severity,
            span=_named(each.span),
            trace=replace(each.trace, events=tuple(map(_placed, each.trace.events))),
        )
        for each in verdict.findings
    )
    reasons = tuple(each.replace(_HOME, "") for each in verdict.reasons)
    return replace(verdict, findings=findings, reasons=reasons)


def _placed(event: Event) -> Event:
    return replace(event, span=_named(event.span))


def _named(span: Span) -> Span:
    return span._replace(file=span.file.removeprefix(_HOME))


def addressed(program: Program, verdict: Verdict) -> Verdict:
    """`verdict` with what the addresses in its traces point to.

    Only 64-bit unsigned objects are taken to hold addresses, and only values where something lies.
    """
    wide = {
        program.describe(each.addr + leaf.offset, leaf.ty.size)
        for each in program.objects
        for leaf in each.leaves
        if leaf.ty == PTR
    }
    told = cache(partial(_told, program))
    findings = []
    for each in verdict.findings:
        values = {pair: told(pair[1]) for pair in _values(each.trace) if pair[0] in wide}
        held = {pair: name for pair, name in values.items() if name}
        findings.append(replace(each, trace=replace(each.trace, addresses=held)))
    return replace(verdict, findings=tuple(findings))


def _told(program: Program, value: int) -> str:
    """What lies at `value`; empty where nothing does."""
    if value in program.functions:
        return program.functions[value]
    holder = program.object_at(value)
    return "&" + _pointed(holder, program.describe(holder.addr), value) if holder else ""


_PART = re.compile(r"\.\w+|\[\d+\]")


def _pointed(holder: Object, leaf_name: str, value: int) -> str:
    """What lies at `value` in `holder`: the largest part of it that begins there.

    `leaf_name` is the name of its first scalar. A pointer to a structure is also one to its first
    member; it is the structure that people mean.
    """
    first = min(holder.leaves, key=lambda each: each.offset, default=None)
    name = leaf_name.removesuffix(first.path) if first else leaf_name
    offset = value - holder.addr
    path = next((each.path for each in holder.leaves if each.offset == offset), None)
    if path is None:
        return f"{name}+{offset}" if offset else name
    shown = ""
    for part in _PART.findall(path):
        begins = min(each.offset for each in holder.leaves if each.path.startswith(shown))
        if begins == offset:
            break
        shown += part
    return name + shown


def _values(trace: Trace) -> Iterator[tuple[str, int]]:
    """Every value that an object of `trace` has at some time."""
    yield from trace.initial
    for event in trace.events:
        for access in event.accesses:
            yield access.name, access.before
            yield access.name, access.after


def codes(program: Program) -> tuple[str, ...]:
    """Codes of the findings written in the text of `program`, in order of appearance.

    What the language itself adds (deadlock, bad accesses) is looked for always and not listed.
    """
    found: dict[str, None] = {}
    for context in program.contexts:
        for instr in context.code.instrs:
            match instr:
                case Report(code=code):
                    found[code] = None
                case Check(code="assert"):
                    found["assert"] = None
                case Warned():
                    found["warned"] = None
    for each in program.properties:
        found[PROPERTIES[each.kind]] = None
    return tuple(found)
