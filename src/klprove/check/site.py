"""One site: lower the program with that function patched, explore it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from klprove import engine
from klprove.c import Unit
from klprove.check.question import Question
from klprove.check.sites import require_called
from klprove.ir.instructions import Check, Report, Warned
from klprove.ir.program import Program
from klprove.lower import Options, lower
from klprove.source import BadInput, Diagnostic, Span
from klprove.verdict import VIOLATION, Verdict

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

    def prepare(self, site: str) -> Program:
        """The program with `site` patched. Raises BadInput."""
        patched = frozenset(name for name in site.split("+") if name)
        options = Options(
            cpus=self.question.cpus,
            patched=patched,
            recursion=self.recursion,
            inlined=self.question.inlined,
        )
        try:
            program = lower(self.unit, options)
        except RecursionError:
            span = Span(self.question.files[-1], 0, 0)
            text = "an expression or a chain of calls is nested too deeply"
            raise BadInput([Diagnostic("large", span, text)]) from None
        if self.required:
            require_called(site, program)
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
        question = self.question
        limits = engine.Limits(
            arrivals=dict(question.arrivals),
            nest=dict(question.nest),
            seconds=seconds,
            memory=memory,
            engine=question.engine,
        )
        verdict = engine.explore(program, limits, watch)
        return SiteAnswer(label(verdict, site, question.werror), codes(program), program.cpus)


def label(verdict: Verdict, site: str, werror: bool) -> Verdict:
    """`verdict` with its findings told apart by site, and warnings raised to violations."""
    findings = (replace(each, site=site) for each in verdict.findings)
    if werror:
        findings = (replace(each, severity=VIOLATION) for each in findings)
    return replace(verdict, findings=tuple(findings))


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
        found["invariant" if each.kind == "invariant" else "unbalanced"] = None
    return tuple(found)
