"""The native engine against the reference engine: the same states, counts, findings, schedules."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from klprove.check import Question
from klprove.check import program as program_of
from klprove.engine import REDUCTIONS, Limits, Progress, explore
from klprove.engine.limits import Meter, resident
from klprove.engine.machine import Machine, State
from klprove.engine.native import Native
from klprove.engine.native.layout import Layout
from klprove.engine.reference import Reference
from klprove.engine.search import Search
from klprove.ir import verify
from klprove.ir.expressions import Binary, Const, Reg, evaluate, type_of
from klprove.ir.instructions import Check, End, Instr, Jump, Load, Pause, Result, Rmw, Set, Site
from klprove.ir.program import Code, Context, Object, Program, Property
from klprove.ir.types import I32, I64, U8, U64
from klprove.source import Span
from tests.engine import rich
from tests.engine.generated import program

ONE_EACH = {"irq": 1, "nmi": 1, "exception": 1}


def found(machine: Machine, search: Search) -> dict[str, object]:
    """Everything that two engines must agree on, to the state."""
    return {
        "states": search.states,
        "transitions": search.transitions,
        "depth": search.depth,
        "reasons": sorted(search.reasons),
        "denied": sorted(machine.denied),
        "witnesses": sorted(search.witnesses),
        "discoveries": sorted(
            (each.notice.code, each.notice.severity, each.notice.span, len(each.schedule))
            for each in search.discoveries
        ),
    }


def compare(made: Program, limits: Limits, most: int = 60_000) -> dict[str, object] | None:
    """What both engines find; None where the program is too large for the reference engine."""
    native = Machine(made, limits)
    search = Native(native, Meter(limits, None)).run()
    if search.states > most or any("time limit" in each for each in search.reasons):
        return None
    reference = Machine(made, limits)
    full = found(reference, Reference(reference, Meter(Limits(), None)).run())
    assert found(native, search) == full
    return full


@pytest.mark.parametrize("block", range(0, 160, 20))
def test_one_cpu(block: int) -> None:
    compared = []
    for seed in range(block, block + 20):
        limits = Limits(arrivals={} if seed % 3 else ONE_EACH, seconds=2)
        full = compare(program(seed), limits)
        compared += [full] if full else []
    assert len(compared) >= 15, "nearly all programs of a block must be small enough to compare"
    assert any(each["discoveries"] for each in compared)


@pytest.mark.parametrize("block", range(2000, 2060, 20))
def test_two_cpus(block: int) -> None:
    compared = []
    for seed in range(block, block + 20):
        full = compare(program(seed, cpus=2), Limits(arrivals=ONE_EACH, seconds=2))
        compared += [full] if full else []
    assert len(compared) >= 12, "most programs of a block must be small enough to compare"
    assert any(each["discoveries"] for each in compared)


def walk(machine: Machine, steps: int, seed: int) -> list[State]:
    """States along random runs from boot."""
    random, states = Random(seed), []
    state = machine.initial([])
    for _ in range(steps):
        states.append(state)
        nexts = [machine.apply(state, each, []) for each in machine.choices(state)]
        alive = [each for each in nexts if each is not None]
        state = random.choice(alive) if alive else machine.initial([])
    return states


@pytest.mark.parametrize("seed", [3, 2007, 2011])
def test_records_hold_whole_states(seed: int) -> None:
    machine = Machine(program(seed, cpus=1 + (seed > 2000)), Limits())
    layout = Layout(machine)
    states = set(walk(machine, 400, seed))
    records = {layout.encode(each) for each in states}
    assert len(records) == len(states) > 1
    assert {layout.decode(each) for each in records} == states


@pytest.mark.parametrize("block", range(0, 120, 30))
def test_rich_programs(block: int) -> None:
    """Computed addresses, every operator, loops inside a step, several tasks."""
    compared = []
    for seed in range(block, block + 30):
        made = rich.program(seed)
        assert verify(made) == []
        limits = Limits(arrivals={"irq": 1, "nmi": 1, "softirq": 1}, seconds=2)
        full = compare(made, limits)
        compared += [full] if full else []
    assert len(compared) >= 25, "nearly all programs of a block must be small enough to compare"


def test_rich_programs_have_every_kind_of_finding() -> None:
    """A comparison of programs in which nothing happens would show nothing."""
    codes: set[str] = set()
    reasons: set[str] = set()
    for seed in range(120):
        verdict = explore(rich.program(seed), Limits(engine="native", arrivals={"irq": 1}))
        codes |= {each.code for each in verdict.findings}
        reasons |= {each.partition(",")[0] for each in verdict.reasons}
    assert codes >= {"use-after-free", "wild-access", "out-of-bounds", "null-dereference"}
    assert codes >= {"assert", "invariant", "unbalanced", "warned"}
    assert reasons >= {"a bound", "a loop that reads no shared memory does not end"}


# -- limits ---------------------------------------------------------------------------


def test_the_time_limit_ends_a_search() -> None:
    verdict = explore(endless(), Limits(engine="native", seconds=0.5))
    assert not verdict.complete
    assert verdict.reasons == ("time limit of 0.5 s reached",)
    assert 0.4 < verdict.statistics.seconds < 10


def test_the_memory_limit_ends_a_search() -> None:
    limits = Limits(engine="native", memory=resident() + (64 << 20), seconds=30)
    verdict = explore(endless(), limits)
    assert len(verdict.reasons) == 1 and verdict.reasons[0].startswith("memory limit of ")
    assert resident() < limits.memory + (32 << 20)


def test_ctrl_c_ends_a_search() -> None:
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Timer(0.5, press).start()
    verdict = explore(endless(), Limits(engine="native", seconds=30))
    assert verdict.reasons == ("interrupted",)
    assert time.monotonic() - pressed[0] < 10, "not after the thirty seconds of the limit"


def test_progress_is_told() -> None:
    told: list[Progress] = []
    explore(endless(), Limits(engine="native", seconds=2.5), told.append)
    assert len(told) >= 2
    assert 0 < told[0].states < told[1].states


def test_the_first_violation_ends_a_search() -> None:
    at = Site(Span("endless.c", 9, 1), ("f",))
    small = Binary("lt", Reg("v", I32), Const(5, I32), I32)
    load = Load("v", Const(0x1000, U64), I32, True, at)
    code = Code((load, Result(small, at)), {"v": I32})
    broken = replace(endless(), properties=(Property("invariant", "small", None, code, at),))
    verdict = explore(broken, Limits(engine="native", first=True, seconds=30))
    assert verdict.reasons == ("stopped at the first violation",)
    assert [len(each.trace.events) for each in verdict.findings] == [5]


def endless() -> Program:
    """A counter of 32 bits that a task increments for ever, and looks at, beside two more."""
    at = Site(Span("endless.c", 1, 1), ("f",))
    objects = tuple(Object(f"x{n}", 0x1000 + 16 * n, bytes(4)) for n in range(3))
    contexts = []
    for n, each in enumerate(objects):
        add = Rmw("add", "v", Const(each.addr, U64), Const(1, I32), I32, False, at)
        look = Check(Binary("ge", Reg("v", I32), Const(0, I32), I32), "assert", "v >= 0", at)
        code = Code((add, look, Jump(0, at)), {"v": I32})
        contexts.append(Context("task", n, f"task{n}", code, at))
    return Program(cpus=3, objects=objects, contexts=tuple(contexts))


@pytest.mark.parametrize(
    ("defines", "states"),
    [
        ({"NCPU": "1"}, 402_168),
        ({"NCPU": "2", "NIST": "0", "NNMI": "0"}, 463_011),
        ({"NCPU": "3", "NFULL": "0"}, 373_719),
    ],
)
def test_the_benchmark_has_as_many_states_as_spin_counts(
    defines: dict[str, str], states: int
) -> None:
    """SPIN also counts the state before init has started the processes."""
    file = Path(__file__).parents[2] / "bench" / "dynticks_nest.c"
    made = program_of(Question((str(file),), defines=defines))
    verdict = explore(
        made, Limits(engine="native", arrivals=ONE_EACH, no_reduce=frozenset(REDUCTIONS))
    )
    assert verdict.word == "holds"
    assert verdict.statistics.states == states


@pytest.mark.parametrize("level", [0, 2])
def test_expressions_have_the_values_that_the_ir_gives_them(level: int) -> None:
    writer, random = rich.Rich(1), Random(1)
    at = Site(Span("values.c", 1, 1), ("f",))
    types = {"a": I32, "b": U8, "c": I64}
    instrs: list[Instr] = []
    for place in range(400):
        values = {name: ty.wrap(random.choice([-1, 1, 77, -1 << 31])) for name, ty in types.items()}
        instrs += [Set(name, Const(value, types[name]), at) for name, value in values.items()]
        expr = writer.expr(4)
        ty = type_of(expr)
        equal = Binary("eq", expr, Const(evaluate(expr, values), ty), ty)
        instrs += [Pause(at), Check(equal, "assert", str(place), at)]
    code = Code((*instrs, End(at)), types)
    made = Program(1, (), (Context("task", 0, "task", code, at),))
    assert verify(made) == []
    machine = Machine(made, Limits())
    search = Native(machine, Meter(Limits(), None), level).run()
    assert [each.notice.text for each in search.discoveries] == []
    assert search.states == 402
