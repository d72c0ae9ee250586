"""A counter that may be turned round: when it may, and that nothing is lost."""

import pytest

from klprove.engine import Limits
from klprove.engine.machine import Machine
from klprove.engine.nested import home
from klprove.engine.pushdown import counters
from klprove.ir import verify
from klprove.ir.expressions import Binary, Const, Expr, Reg
from klprove.ir.instructions import End, Instr, Load, Pause, Report, Rmw, Set, Site, Store
from klprove.ir.program import Code, Context, Leaf, Object, Program, Wrap
from klprove.ir.types import I32, U8, U64
from klprove.source import Span
from tests.engine.counting import COUNTER, is_told, program

AT = Site(Span("written.c", 1, 1), ("f",))
C, S = Reg("c", I32), Reg("s", I32)
WHERE, X = Const(COUNTER, U64), Const(0x1000, U64)
LOOK: Instr = Load("c", WHERE, I32, False, AT)
COPY: Instr = Load("s", WHERE, I32, False, AT)


def binary(op: str, left: Expr, right: Expr | int) -> Expr:
    """An expression in i32."""
    return Binary(op, left, Const(right, I32) if isinstance(right, int) else right, I32)


def put(value: Expr) -> Instr:
    """A store where everybody sees it."""
    return Store(X, value, I32, False, AT)


def written(*instrs: Instr, step: int = 1, initial: int = 0) -> Program:
    """An interrupt that counts by `step`, and a task on another CPU."""
    counts = Rmw("add", None, WHERE, Const(step, I32), I32, False, AT)
    contexts = [
        Context(kind, cpu, kind, Code((*code, End(AT)), {"c": I32, "s": I32, "y": I32}), AT)
        for kind, cpu, code in (("irq", 0, [counts]), ("task", 1, instrs))
    ]
    objects = [
        Object("x", X.value, bytes(4), leaves=(Leaf(0, I32, ""),)),
        Object("n", COUNTER, initial.to_bytes(4, "little"), leaves=(Leaf(0, I32, ""),)),
    ]
    wraps = (Wrap(COUNTER, I32, 2),)
    return Program(cpus=2, objects=tuple(objects), contexts=tuple(contexts), wraps=wraps)


SEES_NOTHING = {
    "its lowest bit": [LOOK, put(binary("and", C, 1))],
    "how far it is from a copy": [COPY, LOOK, put(binary("ne", C, S))],
    "how far it is from a copy of a copy": [COPY, Set("s", S, AT), LOOK, put(binary("ne", C, S))],
    "a difference beside something else": [
        COPY,
        LOOK,
        put(binary("or", binary("eq", C, S), Reg("y", I32))),
    ],
}
SEES = {
    "its value": [LOOK, put(C)],
    "its highest bit": [LOOK, put(binary("and", C, 2))],
    "whether it is 3": [LOOK, put(binary("eq", C, 3))],
    "which of two copies is larger": [COPY, LOOK, put(binary("lt", C, S))],
    "a sum with something else": [LOOK, put(binary("add", C, Reg("y", I32)))],
    "a copy that may not have been made": [put(binary("and", S, 1)), COPY],
    "a register with a copy or something else": [COPY, Set("s", Const(1, I32), AT)],
    "one of its bytes": [Load("c", WHERE, U8, False, AT)],
    "what it was exchanged for": [Rmw("xchg", None, WHERE, Const(1, I32), I32, False, AT)],
    "a lost bit": [Rmw("and", None, WHERE, Const(1, I32), I32, False, AT)],
    "a store": [Store(WHERE, Const(0, I32), I32, False, AT)],
}


def found(made: Program) -> list[counters.Symmetry]:
    """The counters of a program that may be turned round."""
    return counters.find(Machine(made, Limits()), home(made))


@pytest.mark.parametrize("name", SEES_NOTHING)
def test_turned_round_where_nobody_sees_it(name: str) -> None:
    (only,) = found(written(*SEES_NOTHING[name]))
    assert only.bit == 2


@pytest.mark.parametrize("name", SEES)
def test_left_alone_where_somebody_sees(name: str) -> None:
    assert found(written(*SEES[name])) == []


def test_left_alone_where_it_begins_beyond_its_end() -> None:
    assert found(written(initial=4)) == []


def test_copies_that_live_are_turned_round_too() -> None:
    (only,) = found(written(COPY, Pause(AT), LOOK, put(binary("ne", C, S))))
    assert list(only.registers.values()) == [("s",), ("s",), ("c", "s")]


def test_generated_programs_are_of_both_kinds() -> None:
    made = [program(seed) for seed in range(80)]
    assert all(verify(each) == [] for each in made)
    assert sum(bool(found(each)) for each in made) >= 20
    showing = [each for seed, each in enumerate(made) if is_told(seed) and shows(each)]
    assert len(showing) >= 5
    assert not any(found(each) for each in showing)


def shows(made: Program) -> bool:
    """Whether the counter is compared with 3."""
    instrs = [each for context in made.contexts for each in context.code.instrs]
    return any(isinstance(each, Report) and each.code == "three" for each in instrs)
