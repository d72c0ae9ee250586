"""Rules of the reductions taken out one at a time: each is missed by some generated program.

`python -m tests.engine.test_reduction_mutants FIRST LAST [NAME...]` looks for the programs again,
which is needed when the generator changes.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from klprove.engine.machine import Machine, State
from klprove.engine.reduction import dead, successors, tables
from klprove.engine.reduction.dead import Dead
from klprove.engine.reduction.dead import _Analysis as _Liveness
from klprove.engine.reduction.effects import NOTHING, Effect, Effects, union
from klprove.engine.reduction.search import ReducedReference
from klprove.engine.reduction.successors import Expansion, Reduced, Walk
from klprove.engine.reduction.symmetry import Turn, _Matching
from klprove.engine.reduction.tables import Tables, _Analysis
from klprove.ir.expressions import Const
from klprove.ir.instructions import (
    Atomic,
    CmpXchg,
    Instr,
    IrqSet,
    Load,
    Memory,
    Rmw,
    Store,
    visible,
)
from klprove.ir.program import Code
from tests.engine.agree import OFF, full, reduced, said
from tests.engine.twins import TWINS

Patch = tuple[Any, str, Any]
Cleared = Callable[[Dead, State, Iterable[int]], State]
_memory, _step, _make = Effects._memory, Effects.step, tables.tables
_touches, _future, _follow = tables._touches, tables._future, Reduced._follow
_matters, _init = _Analysis._matters, _Analysis.__init__
_cleared, _spared, _before, _same = Dead.cleared, dead._spared, _Liveness._before, _Matching._same
_SMALL = 2500


def changed(change: Callable[[Tables], Tables]) -> Patch:
    """The tables, changed."""
    return (successors, "tables", lambda *asked: change(_make(*asked)))


def without_invariants(self: _Analysis, machine: Machine) -> None:
    """Nobody watches."""
    _init(self, machine)
    self.watched = 0


def private_awaits(self: _Analysis, machine: Machine) -> None:
    """An await reads nothing."""
    _init(self, machine)
    for n, each in enumerate(self.points):
        if isinstance(each.instr, Atomic):
            self.steps[n] = NOTHING


def unfused(self: Effects, code: Code, cpu: int, start: int) -> tuple[Effect, set[int]]:
    """Of a step, only what begins it."""
    _, ends = _step(self, code, cpu, start)
    first = code.instrs[start]
    return (self.of(first, cpu) if visible(first) else NOTHING), ends


def unflagged(self: Effects, instr: Memory) -> Effect:
    """Nothing is ever freed."""
    found = _memory(self, instr)
    return Effect(found.reads & ~self._flags, found.writes & ~self._flags)


def nowhere(self: Effects, instr: Memory) -> Effect:
    """A computed address is none."""
    return _memory(self, instr) if isinstance(instr.addr, Const) else NOTHING


def future(self: Reduced, state: State, cpu: int, below: bool, parked: bool) -> int:
    """What a CPU may still do, but for frames below the running one, or waiting tasks."""
    frames, waiting = state[1][cpu]
    found = self.tables.switching[cpu]
    seen = (*(frames if below else frames[-1:]), *(waiting if parked else ()))
    for point, _, _ in seen:
        found |= self.tables.future[point]
    for context in self.tables.interrupts[cpu]:
        if self._left(state[0], context):
            found |= self.tables.later[context]
    return found


def stuck(self: Reduced, state: State) -> Expansion | None:
    """An ample set that may have no successor."""
    for cpu, each in enumerate(self.classes(state)):
        if each != successors.BOUND:
            return Expansion(list(self._on(state, cpu, each == successors.ALL)), False)
    return None


def deaf(self: Reduced, walk: Walk) -> None:
    """A chain in which nothing is noted."""
    before = list(walk.notes)
    _follow(self, walk)
    walk.notes = before


def irq_set_free(self: _Analysis, n: int, arriving: int) -> bool:
    """The interrupt flag is nothing to an arrival."""
    found = self.steps[n].conflicts(self.wholes[arriving])
    return found if isinstance(self.points[n].instr, IrqSet) else _matters(self, n, arriving)


def partly(below: bool = True, parked: bool = True, later: bool = True) -> Cleared:
    """Clears what some frames, or interrupts to come, may still read."""

    def cleared(self: Dead, state: State, left: Iterable[int]) -> State:
        shown = [
            (frames if below else frames[-1:], waiting if parked else ())
            for frames, waiting in state[1]
        ]
        return _cleared(self, (state[0], tuple(shown)), left if later else ())[0], state[1]

    return cleared


def uncounted(machine: Machine, turns: Sequence[Turn]) -> int:
    """The choice of a task reads nothing."""
    counts = (1 << at + n for at in machine.preempt_counts if at is not None for n in range(4))
    return _spared(machine, turns) & ~sum(counts)


def blind(self: _Liveness, instr: Instr, cpu: int, after: int, wanted: frozenset[str]) -> int:
    """Nothing is read at a computed address."""
    computed = isinstance(instr, Load | Rmw | CmpXchg) and not isinstance(instr.addr, Const)
    return after if computed else _before(self, instr, cpu, after, wanted)


def forgetful(self: _Liveness, instr: Instr, cpu: int, after: int, wanted: frozenset[str]) -> int:
    """What an atomic operation returns is not looked at."""
    return _before(self, instr, cpu, after, frozenset() if isinstance(instr, Rmw) else wanted)


def unfreed(self: _Liveness, instr: Instr, cpu: int, after: int, wanted: frozenset[str]) -> int:
    """Nobody asks whether a piece has been freed."""
    return _before(self, instr, cpu, after, wanted) & ~self._effects._flags


def vaguely(self: _Matching, one: Instr, other: Instr) -> bool:
    """Two stores are the same whatever constant they write."""
    stores = isinstance(one, Store) and isinstance(other, Store)
    if stores and isinstance(one.value, Const) and isinstance(other.value, Const):
        other = other._replace(value=one.value)
    return _same(self, one, other)


def unmatched(*_: object) -> bool:
    """Whatever two instructions access is the same, and stays where it is."""
    return True


def alone(_: ReducedReference, state: State) -> Iterator[State]:
    """A state stands for itself."""
    yield state


class Mutant(NamedTuple):
    """What is changed, and the seed of a program that shows it, or a case."""

    seed: int | str
    patches: list[Patch]


def quiet(held: Tables) -> Tables:
    """Arrivals touch nothing."""
    return replace(held, arrival=[0] * len(held.arrival), loud=[False] * len(held.loud))


MUTANTS = {
    "no proviso": Mutant(0, [(tables, "cut", lambda *_: set())]),
    "ample set without successor": Mutant(1, [(Reduced, "_ample_set", stuck)]),
    "chain without notes": Mutant(0, [(Reduced, "_follow", deaf)]),
    "invariants": Mutant(54, [(_Analysis, "__init__", without_invariants)]),
    "interrupt flag in properties": Mutant(
        "flag",
        [
            (
                Effects,
                "property",
                lambda s, code, cpu: union(s.of(each, cpu) for each in code.instrs),
            )
        ],
    ),
    "awaits": Mutant(573, [(_Analysis, "__init__", private_awaits)]),
    "fused accesses": Mutant(137, [(Effects, "step", unfused)]),
    "freed objects": Mutant(142, [(Effects, "_memory", unflagged)]),
    "computed addresses": Mutant(157, [(Effects, "_memory", nowhere)]),
    "reads": Mutant(76, [(Effect, "conflicts", lambda a, b: bool(a.writes & b.writes))]),
    "reads by the step": Mutant(
        76, [(Effect, "conflicts", lambda a, b: bool(a.writes & (b.reads | b.writes)))]
    ),
    "reads by the interrupt": Mutant(
        147, [(Effect, "conflicts", lambda a, b: bool(b.writes & (a.reads | a.writes)))]
    ),
    "writes of a step": Mutant(
        137, [(tables, "_touches", lambda effect, parts: _touches(Effect(effect.reads, 0), parts))]
    ),
    "reads of a step": Mutant(
        20, [(tables, "_touches", lambda effect, parts: _touches(Effect(0, effect.writes), parts))]
    ),
    "reads to come": Mutant(
        137, [(tables, "_future", lambda effect, parts: _future(Effect(0, effect.writes), parts))]
    ),
    "all but the next step": Mutant(142, [(tables, "_reached", lambda own, _: list(own))]),
    "frames below": Mutant(
        "below", [(Reduced, "_future", lambda s, at, n: future(s, at, n, False, True))]
    ),
    "waiting tasks": Mutant(
        753, [(Reduced, "_future", lambda s, at, n: future(s, at, n, True, False))]
    ),
    "arrivals elsewhere": Mutant(
        20, [changed(lambda held: replace(held, later=dict.fromkeys(held.later, 0)))]
    ),
    "what an arrival touches": Mutant("arrival", [changed(quiet)]),
    "the beginning of a handler": Mutant(435, [(_Analysis, "_arrival", lambda *_: NOTHING)]),
    "interrupts in interrupts": Mutant(
        "nested", [(_Analysis, "nested", lambda _, context: {context})]
    ),
    "delivery": Mutant(
        6, [changed(lambda held: replace(held, matters=[frozenset()] * len(held.matters)))]
    ),
    "handlers that wait": Mutant(141, [(_Analysis, "_waits", lambda *_: False)]),
    "interrupt flag": Mutant(250, [(_Analysis, "_matters", irq_set_free)]),
    "balanced at a return": Mutant(1427, [(_Analysis, "_returning", lambda *_: NOTHING)]),
    "returns that disable": Mutant("nested", [(tables, "may_enable", lambda _: False)]),
    "bounds that nobody asked for": Mutant(21, [(_Analysis, "_deniable", lambda *_: False)]),
    "several tasks": Mutant(979, [(_Analysis, "several", lambda *_: False)]),
    "preemption counts": Mutant(
        "count", [changed(lambda held: replace(held, switching=[0] * len(held.switching)))]
    ),
    # -- dead memory
    "memory of frames below": Mutant(2, [(Dead, "cleared", partly(below=False))]),
    "memory of waiting tasks": Mutant(132, [(Dead, "cleared", partly(parked=False))]),
    "memory of interrupts to come": Mutant(39, [(Dead, "cleared", partly(later=False))]),
    "memory of properties": Mutant(2, [(Effects, "property", lambda *_: NOTHING)]),
    "the choice of a task": Mutant("kept", [(dead, "_spared", uncounted)]),
    "bytes one by one": Mutant("carry", [(dead, "units", lambda _: [])]),
    "writes of a part": Mutant("half", [(_Liveness, "_covered", _Liveness._whole)]),
    "reads at computed addresses": Mutant(229, [(_Liveness, "_before", blind)]),
    "old values": Mutant(8, [(_Liveness, "_before", forgetful)]),
    "memory that was freed": Mutant(0, [(_Liveness, "_before", unfreed)]),
    # -- permutations of CPUs
    "the state at boot": Mutant("boot", [(Turn, "keeps", lambda *_: True)]),
    "constants": Mutant("unlike", [(_Matching, "_same", vaguely)]),
    "one place for one byte": Mutant(TWINS + 7, [(_Matching, "_goes", unmatched)]),
    "computed addresses stay": Mutant("computed", [(_Matching, "_fixed", lambda _: ())]),
    "preemption counts go along": Mutant("held", [(_Matching, "_counts", lambda _: [])]),
    "wraps": Mutant("wraps", [(_Matching, "_wraps", lambda _: True)]),
    "balanced expressions": Mutant("balanced", [(_Matching, "_becomes", lambda *_: True)]),
    "notes of other CPUs": Mutant(TWINS + 60, [(Turn, "noted", lambda _, *noted: noted)]),
    "invariants of other states": Mutant("watched", [(ReducedReference, "_all", alone)]),
    "bound on all CPUs": Mutant("looked", [(successors, "tables", lambda asked, _: _make(asked))]),
    "dead for every look": Mutant(
        "looked", [(dead, "_spared", lambda asked, _: _spared(asked, ()))]
    ),
}


@contextmanager
def broken(patches: list[Patch]) -> Iterator[None]:
    """The reductions, changed for a while."""
    with pytest.MonkeyPatch.context() as patcher:
        for owner, name, value in patches:
            patcher.setattr(owner, name, value)
        yield


def caught(name: str, seed: int | str, wanted: tuple[object, ...]) -> bool:
    """True where mutant `name` does not find what is `wanted` in the program of `seed`."""
    for off in OFF[:2]:
        with broken(MUTANTS[name].patches):
            found = reduced(seed, off)
        if said(*found) != wanted:
            return True
    return False


@pytest.mark.parametrize("name", MUTANTS)
def test_a_rule_that_is_taken_out_is_missed(name: str) -> None:
    seed = MUTANTS[name].seed
    oracle = full(seed)
    assert oracle is not None
    wanted = said(*oracle)
    assert said(*reduced(seed, frozenset())) == wanted
    assert caught(name, seed, wanted)


def main() -> None:
    """Print the first seed that catches each mutant."""
    first, last = map(int, sys.argv[1:3])
    left = set(sys.argv[3:] or MUTANTS)
    for seed in range(first, last):
        oracle = full(seed, _SMALL)
        if oracle is None:
            continue
        wanted = said(*oracle)
        for name in sorted(left):
            if caught(name, seed, wanted):
                print(f"{name}: {seed}", flush=True)
                left.remove(name)
    print(f"seeds {first} to {last - 1}; not caught: {', '.join(sorted(left)) or 'none'}")


if __name__ == "__main__":
    main()
