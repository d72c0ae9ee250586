"""One door: a program and limits go in, a verdict comes out."""

from collections.abc import Mapping

from klprove.engine import pushdown
from klprove.engine.limits import DEFAULT_NEST, ENGINES, Limits, Meter, Report
from klprove.engine.machine import Machine
from klprove.engine.native import Native, available
from klprove.engine.nested import Nested, applicable
from klprove.engine.reference import Reference
from klprove.engine.replay import replayed
from klprove.engine.search import Search
from klprove.ir.program import Program
from klprove.source import NOWHERE, BadInput, Diagnostic
from klprove.verdict import Bounds, Finding, Statistics, Verdict

_SEARCHES: Mapping[str, type[Reference] | type[Native] | type[pushdown.Pushdown]] = {
    "reference": Reference,
    "native": Native,
    "pushdown": pushdown.Pushdown,
}
_NODES = 5_000
"""Nodes that the nested engine visits in Python before it goes over to machine code."""
_INSTRUCTIONS = 400
"""Instructions of a program for which it begins with machine code."""


def explore(
    program: Program, limits: Limits | None = None, progress: Report | None = None
) -> Verdict:
    """Explore every reachable state of `program` within `limits` and replay what is found.

    `progress` is called about once a second. KeyboardInterrupt ends the search with an incomplete
    verdict. Raises BadInput for an engine that cannot take the program, `engine.replay.ReplayError`
    for a bug of ours.
    """
    limits = limits or Limits()
    engine = _engine(program, limits)
    meter = Meter(limits, progress)
    machine = Machine(program, limits)
    if engine == "nested":
        search = _nested(machine, meter)
    else:
        search = _SEARCHES[engine](machine, meter).run()
    for kind in sorted(machine.denied):
        search.reasons.append(
            f"more than {DEFAULT_NEST[kind]} frames of kind {kind} (--nest {kind}=N sets the bound)"
        )
    return Verdict(
        findings=_findings(machine, search),
        complete=not search.reasons,
        statistics=Statistics(
            search.states, search.transitions, search.depth, meter.seconds, engine
        ),
        bounds=_bounds(program, limits),
        assumptions=tuple(_assumptions(program)),
        reasons=tuple(search.reasons),
        unreached=tuple(each for each in program.witnesses if each not in search.witnesses),
    )


def _nested(machine: Machine, meter: Meter) -> Search:
    """The nested engine: in Python where the question is small, as machine code beyond."""
    swift = available() and pushdown.applicable(machine.program)
    if swift and sum(len(each.code.instrs) for each in machine.program.contexts) > _INSTRUCTIONS:
        return pushdown.Pushdown(machine, meter).run()
    first = Nested(machine, meter, _NODES if swift else None)
    search = first.run()
    return pushdown.Pushdown(machine, meter).run() if first.over else search


def warm() -> None:
    """Do once what many searches would do each: for processes that are about to be forked."""
    if available():
        pushdown.optimise()


def _engine(program: Program, limits: Limits) -> str:
    if limits.engine not in ENGINES:
        raise BadInput([_refusal(f"no engine {limits.engine!r}", f"one of {', '.join(ENGINES)}")])
    if limits.engine == "nested" and not applicable(program):
        text = "the nested engine takes one CPU with interrupts and at most one task on it"
        raise BadInput([_refusal(text, "use --engine reference")])
    if limits.engine == "pushdown" and not pushdown.applicable(program):
        text = "the pushdown engine takes one CPU with interrupts, and at most one task a CPU"
        raise BadInput([_refusal(text, "use --engine reference")])
    if limits.engine in ("native", "pushdown") and not available():
        text = f"the {limits.engine} engine needs llvmlite"
        raise BadInput([_refusal(text, "pip install klprove[native]")])
    if limits.engine == "auto":
        if applicable(program) and (program.cpus == 1 or pushdown.applicable(program)):
            return "nested"
        return "native" if available() else "reference"
    return limits.engine


def _refusal(text: str, hint: str) -> Diagnostic:
    return Diagnostic("option", NOWHERE, text, hint)


def _findings(machine: Machine, search: Search) -> tuple[Finding, ...]:
    ordered = sorted(
        search.discoveries,
        key=lambda each: (len(each.schedule), each.notice.code, each.notice.span),
    )
    return tuple(
        Finding(
            each.notice.code,
            each.notice.severity,
            each.notice.text,
            each.notice.span,
            replayed(machine, each),
        )
        for each in ordered
    )


def _bounds(program: Program, limits: Limits) -> Bounds:
    kinds = {each.kind for each in program.contexts} - {"task"}
    nest = {kind: limits.nesting(kind) for kind in sorted(kinds) if kind != "nmi"}
    if "nmi" in limits.nest and "nmi" in kinds:
        nest["nmi"] = limits.nest["nmi"]
    return Bounds({kind: n for kind, n in limits.arrivals.items() if kind in kinds}, nest)


def _assumptions(program: Program) -> list[str]:
    """What the verdict rests on, each in one line."""
    lines = ["memory is sequentially consistent"]
    wraps: dict[str, int] = {}
    for each in program.wraps:
        name = program.describe(each.addr, each.ty.size).split("[cpu")[0]
        wraps[name] = each.bits
    lines += [f"{name} counts modulo {1 << bits}" for name, bits in wraps.items()]
    return lines
