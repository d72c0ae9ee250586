# SPDX-License-Identifier: GPL-2.0-or-later
"""Which engine answers: the choice that `auto` makes, and what each needs to hear."""

from typing import TYPE_CHECKING

from klprove.engine.limits import ENGINES, Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.nested import Nested, applicable
from klprove.engine.reduction import REDUCTIONS, used
from klprove.engine.reduction.names import EVERY
from klprove.engine.reference import Reference
from klprove.engine.search import Search
from klprove.ir.program import Program
from klprove.source import NOWHERE, BadInput, Diagnostic

if TYPE_CHECKING:
    from klprove.cluster import Crew

_NODES = 5_000
"""Nodes that the nested engine visits in Python before it goes over to machine code."""
_INSTRUCTIONS = 400
"""Instructions of a program for which it begins with machine code."""
_SPRINT = 4_000
"""States up to which a search in Python is over before another one is compiled."""

# Compiled engines are loaded where they are used: few questions need them.


def answered(
    machine: Machine, meter: Meter, crew: "Crew | None"
) -> tuple[str, tuple[str, ...], Search]:
    """The engine that answers, the reductions it used, and its answer."""
    limits = machine.limits
    engine = limits.engine
    if crew is not None and not machine.eventual:
        return _parted(machine, meter, crew)
    if engine == "auto":
        if _native_only(limits):
            engine = "native"
        elif not machine.eventual and _as_nested(machine):
            engine = "nested"
        elif (short := _short(machine)) is not None:
            return "reference", used(_off(machine)), short
        else:
            engine = "native" if _compiles() else "reference"
    if engine == "nested":
        return engine, (), _nested(machine, meter)
    if engine == "pushdown":
        return engine, (), _pushdown(machine, meter)
    if engine == "reference":
        return engine, (), Reference(machine, meter).run()
    from klprove.engine.native import Native
    from klprove.engine.shortest import shortened

    search = Native(machine, meter, off=_off(machine)).run()
    reduced = used(_off(machine))
    if reduced:
        search.discoveries = shortened(machine, meter, search)
    return engine, reduced, search


def _off(machine: Machine) -> frozenset[str]:
    """Reductions that are not used: none of them keeps what can still come."""
    return EVERY if machine.eventual else machine.limits.no_reduce


def refuse(program: Program, limits: Limits) -> None:
    """Raise BadInput for an engine that there is not, or that cannot take the program."""
    for name in limits.no_reduce.difference(REDUCTIONS):
        raise _refusal(f"no reduction {name!r}", f"one of {', '.join(REDUCTIONS)}")
    if limits.engine not in ENGINES:
        raise _refusal(f"no engine {limits.engine!r}", f"one of {', '.join(ENGINES)}")
    if limits.engine not in ("auto", "native") and _native_only(limits):
        text = f"the {limits.engine} engine keeps no fingerprints and writes no checkpoints"
        raise _refusal(text, "use --engine native")
    eventual = any(each.kind == "eventually" for each in program.properties)
    if eventual and (_native_only(limits) or limits.engine in ("nested", "pushdown")):
        what = f"the {limits.engine} engine" if not _native_only(limits) else "such a search"
        text = f"eventually() asks what can follow each state, and {what} does not keep them all"
        raise _refusal(text, "use --engine auto, without --compact and --checkpoint")
    if limits.engine == "nested" and not applicable(program):
        text = "the nested engine takes one CPU with interrupts and at most one task on it"
        raise _refusal(text, "use --engine reference")
    compiled = "native" if _native_only(limits) else limits.engine
    if compiled in ("native", "pushdown") and not _compiles():
        raise _refusal(f"the {compiled} engine needs llvmlite", "pip install klprove[native]")
    if limits.engine == "pushdown":
        from klprove.engine import pushdown

        if not pushdown.applicable(program):
            text = "the pushdown engine takes one CPU with interrupts, and at most one task a CPU"
            raise _refusal(text, "use --engine reference")


def warm(long: bool = False) -> None:
    """Do once what many searches would do each: for processes that are about to be forked. `long`:
    take a second more for code that is worth it where a search takes several."""
    if _compiles():
        from klprove.engine import pushdown

        pushdown.optimise() if long else pushdown.loops()


# -- one CPU with interrupts ------------------------------------------------------------


def _as_nested(machine: Machine) -> bool:
    """True where the nested engine is the one to ask: on one CPU always, on several where arrivals
    are without bound. With bounds, what is left of them tells memories apart that would else be
    one, and reductions of whole states save more."""
    program, bounded = machine.program, machine.limits.arrivals
    if not applicable(program):
        return False
    unbounded = any(each.kind not in ("task", *bounded) for each in program.contexts)
    return program.cpus == 1 or (unbounded and _swift(machine))


def _nested(machine: Machine, meter: Meter) -> Search:
    """The nested engine: in Python where the question is small, as machine code beyond."""
    swift = _swift(machine)
    if swift and sum(len(each.code.instrs) for each in machine.program.contexts) > _INSTRUCTIONS:
        return _pushdown(machine, meter)
    first = Nested(machine, meter, _NODES if swift else None)
    search = first.run()
    return _pushdown(machine, meter) if first.over else search


def _pushdown(machine: Machine, meter: Meter) -> Search:
    from klprove.engine import pushdown

    return pushdown.Pushdown(machine, meter).run()


def _swift(machine: Machine) -> bool:
    """True where machine code can take over from the nested engine."""
    if not _compiles():
        return False
    from klprove.engine import pushdown

    return pushdown.applicable(machine.program)


# -- short searches of several CPUs -----------------------------------------------------


class _Sprint(Meter):
    """Ends a search that has more states than are worth it."""

    TOO_LONG = "too long for a sprint"

    def exhausted(self, states: int, transitions: int, frontier: int, depth: int) -> str:
        """Why, once it has."""
        if states > _SPRINT:
            return self.TOO_LONG
        return super().exhausted(states, transitions, frontier, depth)


def _short(machine: Machine) -> Search | None:
    """The answer of the compiled engine, in Python, where that is quicker than to compile it."""
    limits = machine.limits
    if not used(_off(machine)):
        return _sprinted(Reference(machine, _Sprint(limits, None)))
    from klprove.engine.reduction.search import ReducedReference

    search = _sprinted(ReducedReference(machine, _Sprint(limits, None), limits.no_reduce))
    if search is not None and search.discoveries:
        full = _sprinted(Reference(machine, _Sprint(limits, None)))
        if full is None:
            return None
        search.discoveries = full.discoveries  # the same, with shortest schedules
    return search


def _sprinted(runner: Reference) -> Search | None:
    search = runner.run()
    return None if _Sprint.TOO_LONG in search.reasons else search


# -- a cluster ------------------------------------------------------------------------------


def _parted(machine: Machine, meter: Meter, crew: "Crew") -> tuple[str, tuple[str, ...], Search]:
    """By the workers of a cluster; every state, none left out."""
    from klprove.engine.partition import Conductor
    from klprove.engine.partition.crewed import Crewed

    native = machine.limits.engine != "reference" and _compiles()
    parts = Crewed(crew, machine.program, machine.limits, crew.folder, native)
    search = Conductor(machine, meter, parts).run()
    parts.close()
    return "native" if native else "reference", (), search


def _native_only(limits: Limits) -> bool:
    return limits.compact or limits.checkpoint is not None


def _compiles() -> bool:
    from klprove.engine.native import available

    return available()


def _refusal(text: str, hint: str) -> BadInput:
    return BadInput([Diagnostic("option", NOWHERE, text, hint)])
