# SPDX-License-Identifier: GPL-2.0-or-later
"""One door: a program and limits go in, a verdict comes out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from klprove.engine.answering import answered, refuse
from klprove.engine.limits import DEFAULT_NEST, Limits, Meter, Report
from klprove.engine.machine import Machine
from klprove.engine.replay import replayed
from klprove.engine.search import Search
from klprove.ir.program import Program
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
    second. KeyboardInterrupt ends the search with an incomplete verdict. Raises BadInput for an
    engine that cannot take the program, `engine.replay.ReplayError` for a bug of ours.
    """
    limits = limits or Limits()
    refuse(program, limits)
    meter = Meter(limits, progress)
    machine = Machine(program, limits)
    engine, reduced, search = answered(machine, meter, crew)
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
