"""One door: a program and limits go in, a verdict comes out."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from klprove.engine.limits import DEFAULT_NEST, ENGINES, Limits, Meter, Report
from klprove.engine.machine import Machine
from klprove.engine.nested import Nested, applicable
from klprove.engine.reduction import REDUCTIONS, used
from klprove.engine.reference import Reference
from klprove.engine.replay import replayed
from klprove.engine.search import Search
from klprove.ir.program import Program
from klprove.source import NOWHERE, BadInput, Diagnostic
from klprove.verdict import Bounds, Finding, Statistics, Verdict

if TYPE_CHECKING:
    from klprove.cluster import Crew


def explore(
    program: Program,
    limits: Limits | None = None,
    progress: Report | None = None,
    crew: "Crew | None" = None,
) -> Verdict:
    """Explore every reachable state of `program` within `limits` and replay what is found.

    With `crew`, each of its workers owns a part of the states. `progress` is called about once a
    second. KeyboardInterrupt ends the search with an incomplete
    verdict. Raises BadInput for an engine that cannot take the program, `engine.replay.ReplayError`
    for a bug of ours.
    """
    limits = limits or Limits()
    _refuse(program, limits)
    meter = Meter(limits, progress)
    machine = Machine(program, limits)
    engine, reduced, search = (
        _explored(machine, meter) if crew is None else _parted(machine, meter, crew)
    )
    for kind in sorted(machine.denied):
        search.reasons.append(
            f"more than {DEFAULT_NEST[kind]} frames of kind {kind} (--nest {kind}=N sets the bound)"
        )
    return Verdict(
        findings=_findings(machine, search),
        complete=not search.reasons,
        statistics=Statistics(
            search.states, search.transitions, search.depth, meter.seconds, engine, reduced
        ),
        bounds=_bounds(program, limits),
        assumptions=(*_assumptions(program), *_chance(limits, search.states)),
        reasons=tuple(search.reasons),
        unreached=tuple(each for each in program.witnesses if each not in search.witnesses),
    )


def _explored(machine: Machine, meter: Meter) -> tuple[str, tuple[str, ...], Search]:
    """The engine that answers, the reductions it used, and its answer."""
    limits = machine.limits
    engine = limits.engine
    if engine == "auto":
        if _native_only(limits):
            engine = "native"
        elif applicable(machine.program):
            engine = "nested"
        elif (short := _short(machine)) is not None:
            return "reference", used(limits.no_reduce), short
        else:
            engine = "native" if _compiles() else "reference"
    if engine == "nested":
        return engine, (), Nested(machine, meter).run()
    if engine == "reference":
        return engine, (), Reference(machine, meter).run()
    from klprove.engine.native import Native  # few searches need a compiler
    from klprove.engine.shortest import shortened

    search = Native(machine, meter, off=limits.no_reduce).run()
    reduced = used(limits.no_reduce)
    if reduced:
        search.discoveries = shortened(machine, meter, search)
    return engine, reduced, search


def _parted(machine: Machine, meter: Meter, crew: "Crew") -> tuple[str, tuple[str, ...], Search]:
    """As `_explored`, by the workers of a cluster; every state, none left out."""
    from klprove.engine.partition import Conductor
    from klprove.engine.partition.crewed import Crewed

    engine = machine.limits.engine
    native = engine != "reference" and _compiles()
    parts = Crewed(crew, machine.program, machine.limits, crew.folder, native)
    search = Conductor(machine, meter, parts).run()
    parts.close()
    return "native" if native else "reference", (), search


class _Sprint(Meter):
    """Ends a search that takes longer than compiling another would."""

    TOO_LONG = "too long for a sprint"
    SECONDS = 0.1

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, None)
        self._end = time.process_time() + self.SECONDS

    def exhausted(self, states: int, transitions: int, frontier: int, depth: int) -> str:
        """Why, once the time is over."""
        if time.process_time() > self._end:
            return self.TOO_LONG
        return super().exhausted(states, transitions, frontier, depth)


def _short(machine: Machine) -> Search | None:
    """The answer of the compiled engine, in Python, where that is quicker than to compile it."""
    limits = machine.limits
    if not used(limits.no_reduce):
        return _sprinted(Reference(machine, _Sprint(limits)))
    from klprove.engine.reduction.search import ReducedReference

    search = _sprinted(ReducedReference(machine, _Sprint(limits), limits.no_reduce))
    if search is not None and search.discoveries:
        full = _sprinted(Reference(machine, _Sprint(limits)))
        if full is None:
            return None
        search.discoveries = full.discoveries  # the same, with shortest schedules
    return search


def _sprinted(runner: Reference) -> Search | None:
    search = runner.run()
    return None if _Sprint.TOO_LONG in search.reasons else search


def _native_only(limits: Limits) -> bool:
    return limits.compact or limits.checkpoint is not None


def _compiles() -> bool:
    from klprove.engine.native import available

    return available()


def _refuse(program: Program, limits: Limits) -> None:
    """Raise BadInput for an engine that there is not, or that cannot take the program."""
    for name in limits.no_reduce.difference(REDUCTIONS):
        raise BadInput([_refusal(f"no reduction {name!r}", f"one of {', '.join(REDUCTIONS)}")])
    if limits.engine not in ENGINES:
        raise BadInput([_refusal(f"no engine {limits.engine!r}", f"one of {', '.join(ENGINES)}")])
    if limits.engine not in ("auto", "native") and _native_only(limits):
        text = f"the {limits.engine} engine keeps no fingerprints and writes no checkpoints"
        raise BadInput([_refusal(text, "use --engine native")])
    if limits.engine == "nested" and not applicable(program):
        text = "the nested engine takes one CPU with at most one task"
        raise BadInput([_refusal(text, "use --engine reference")])
    if (limits.engine == "native" or _native_only(limits)) and not _compiles():
        raise BadInput(
            [_refusal("the native engine needs llvmlite", "pip install klprove[native]")]
        )


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
    full = [each.entries for each in program.buffers if each.is_bounded]
    arrivals = {kind: n for kind, n in limits.arrivals.items() if kind in kinds}
    return Bounds(arrivals, nest, min(full, default=None))


def _chance(limits: Limits, states: int) -> Iterator[str]:
    """What a compact search leaves to chance: two states with one fingerprint (birthday bound)."""
    if limits.compact:
        chance = states * (states - 1) / 2**65
        yield f"no two states have the same fingerprint of 64 bits (chance of a miss {chance:.1e})"


def _assumptions(program: Program) -> list[str]:
    """What the verdict rests on, each in one line."""
    lines = ["memory is x86-TSO" if program.tso else "memory is sequentially consistent"]
    wraps: dict[str, int] = {}
    for each in program.wraps:
        name = program.describe(each.addr, each.ty.size).split("[cpu")[0]
        wraps[name] = each.bits
    lines += [f"{name} counts modulo {1 << bits}" for name, bits in wraps.items()]
    return lines
