"""A compiled step does what the plain interpreter does, from any memory and any registers.

The programs are generated. What they leave out is in test_emit_by_hand.py.
"""

import itertools
from collections.abc import Callable, Iterator
from random import Random

import pytest

from klprove import ir
from klprove.engine import Limits, emit, interpreter
from klprove.engine.image import FAULTS, Image
from klprove.engine.interpreter import Interpreter, Run
from klprove.engine.points import Noted, Outcome, Point, Points
from klprove.ir.program import Code, Context, Program
from klprove.source import Span
from tests.engine import generated, rich

_SILENT = ("irqs ", "NMIs ", "chooses ")
"""What only the interpreter notes."""


class Steps:
    """A program's compiled steps beside the interpreter."""

    def __init__(self, program: Program) -> None:
        self.program, self.image = program, Image(program, Limits())
        self.points, self.interpreter = Points(program, self.image), Interpreter(self.image)

    def interpreted(
        self, context: int, index: int, registers: dict[str, int], memory: bytes, choice: int
    ) -> tuple[Outcome, list[str]]:
        """What the interpreter makes of the step at `index`, as a compiled step would tell it."""
        running = self.program.contexts[context]
        run = self.interpreter.run(running.code, running.cpu, index, registers, memory, choice)
        return self._outcome(context, run, registers), _told(run)

    def _outcome(self, context: int, run: Run, registers: dict[str, int]) -> Outcome:
        if run.index < 0:
            return None
        for number, each in enumerate(self.points.table):
            if (each.context, each.index) == (context, run.index):
                values = tuple(registers.get(name, 0) for name in each.live)
                return number, values, bytes(run.memory)
        raise AssertionError("it stopped where nobody waits")

    def compiled(
        self, point: Point, values: tuple[int, ...], memory: bytes, choice: int
    ) -> tuple[Outcome, list[str]]:
        """What the compiled step does, its notes in the interpreter's words."""
        assert point.run is not None
        note: list[Noted] = []
        outcome = point.run(memory, values, note, choice)
        return outcome, _named(self.program.contexts[point.context].code, point.index, note)


def _told(run: Run) -> list[str]:
    """Notes without the details that the engines do not keep."""
    notes = [each for each in run.notes if not each.startswith(_SILENT)]
    faults = [code for code, _ in FAULTS.values()]
    return [each.split(":")[0] if each.split(":")[0] in faults else each for each in notes]


def _named(code: Code, start: int, note: list[Noted]) -> list[str]:
    named: list[str] = []
    for what, index, detail in note:
        match what, code.instrs[index]:
            case "report", ir.Report(code=name):
                named.append(name)
            case "warned", ir.Warned(text=text):
                named.append(f"WARN_ON({text})")
            case "reach", ir.Reach(name=name):
                named.append(f"reaches {name}")
            case "check", ir.Check(code=name, text=text):
                named.append(f"{name}: {text}" if text else name)
            case "limit", ir.Limit(text=text):
                named.append(text)
            case "fault", _:
                named.append(FAULTS[detail][0])
            case "spin", _:
                assert index == start
                named.append("does not end")
            case "blocked", ir.Await():
                pass
            case _:
                raise AssertionError(f"{what} at {code.instrs[index]}")
        assert detail == 0 or what == "fault"
    return named


def _value(random: Random, ty: ir.Int, places: list[int]) -> int:
    edges = [0, 1, 2, 3, -1, 1 << (ty.bits - 1), random.getrandbits(ty.bits)]
    if ty.bits == 64:
        edges += places * 3
    return ty.wrap(random.choice(edges))


def _memory(random: Random, initial: bytes) -> bytes:
    if random.random() < 0.2:
        return initial
    return bytes(each if random.random() < 0.8 else random.choice([0, 1, 130]) for each in initial)


def _asked(steps: Steps, seed: int, times: int) -> Iterator[tuple[Point, dict[str, int], bytes]]:
    random = Random(seed)
    for point, _ in itertools.product(steps.points.table, range(times)):
        if point.run is None:
            continue
        types = steps.program.contexts[point.context].code.registers
        near = [each + random.choice([0, 0, 1, 5]) for each in steps.image.escaped]
        registers = {name: _value(random, types[name], near) for name in point.live}
        yield point, registers, _memory(random, steps.image.initial)


def _two_cpus(seed: int) -> Program:
    return generated.program(seed, cpus=2)


@pytest.mark.parametrize("make", [generated.program, _two_cpus, rich.program])
@pytest.mark.parametrize("seed", range(40))
def test_steps_of_generated_programs(
    make: Callable[[int], Program], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emit, "LOOP_LIMIT", 1000)
    monkeypatch.setattr(interpreter, "_LONGEST", 3000)
    steps = Steps(make(seed))
    for point, registers, memory in _asked(steps, seed, 4):
        values = tuple(registers[name] for name in point.live)
        for choice in range(point.choices):
            wanted = steps.interpreted(point.context, point.index, dict(registers), memory, choice)
            assert steps.compiled(point, values, memory, choice) == wanted, point


@pytest.mark.parametrize("seed", range(40))
def test_beginnings_and_properties_of_generated_programs(seed: int) -> None:
    random, steps = Random(seed), Steps(rich.program(seed))
    for number, entry in enumerate(steps.points.entries):
        if entry.prefix is not None:
            note: list[Noted] = []
            outcome = entry.prefix(steps.image.initial, (), note, 0)
            said = _named(steps.program.contexts[number].code, 0, note)
            assert (outcome, said) == steps.interpreted(number, 0, {}, steps.image.initial, 0)
    for each, value in steps.points.properties:
        memory = _memory(random, steps.image.initial)
        assert value(memory) == steps.interpreter.value(each.code, each.cpu or 0, memory)


@pytest.mark.parametrize("seed", range(200))
def test_expressions(seed: int) -> None:
    """Against `ir.evaluate`, once as a value and once as a condition."""
    at, expr = ir.Site(Span("expr.c", 1, 1), ("f",)), rich.Rich(seed).expr(4)
    x, y = ir.Reg("x", ir.type_of(expr)), ir.Reg("y", ir.U8)
    types = {"a": ir.I32, "b": ir.U8, "c": ir.I64, "x": x.ty, "y": y.ty}
    instrs = (
        ir.Pause(at),
        ir.Set("x", expr, at),
        ir.Branch(expr, 3, 4, at),
        ir.Set("y", ir.Const(1, y.ty), at),
        ir.IrqSet(x, at),
        ir.IrqSet(y, at),
        ir.End(at),
    )
    task = Context("task", 0, "t", Code(instrs, types), at)
    steps, random = Steps(Program(cpus=1, objects=(), contexts=(task,))), Random(seed)
    memory, point = steps.image.initial, steps.points.table[0]
    assert point.run is not None
    for _ in range(5):
        values = {name: _value(random, types[name], []) for name in "abc"} | {"y": 0}
        value = ir.evaluate(expr, values)
        outcome = point.run(memory, tuple(values[name] for name in point.live), [], 0)
        assert outcome == (1, (value, int(value != 0)), memory), expr
