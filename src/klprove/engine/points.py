# SPDX-License-Identifier: GPL-2.0-or-later
"""Points: the places where a context can be between two steps, and the steps that begin there.

The IR of every context becomes Python source, one function a visible instruction, compiled once. A
step function takes the memory image, the values of the registers live at its point, a list that
receives what was noticed, and the choice to take; it returns the next point, its live values and
the new memory, or None where the step is not enabled or its path ends here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from struct import Struct
from typing import Any, TypeAlias

from klprove.engine.emit import Emitter
from klprove.engine.image import Image
from klprove.ir.expressions import apply_binary
from klprove.ir.instructions import Choose, End, Halt, Instr, visible
from klprove.ir.liveness import live_registers
from klprove.ir.program import Context, Program, Property
from klprove.ir.types import I64

Noted: TypeAlias = tuple[str, int, int]
"""What happened ("report", "warned", "reach", "check", "fault", "limit", "spin", "blocked"), the
index of the instruction in its code, and for a fault which one."""
Values: TypeAlias = tuple[int, ...]
Outcome: TypeAlias = tuple[int, Values, bytes] | None
Step: TypeAlias = Callable[[bytes, Values, list[Noted], int], Outcome]


@dataclass(frozen=True, slots=True)
class Point:
    """A visible instruction of a context, and the step that begins there."""

    context: int
    index: int
    instr: Instr
    live: tuple[str, ...]
    choices: int
    run: Step | None
    """None at End and Halt, which the machine interprets."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a context begins: at a point, or by local instructions that lead to one."""

    point: int
    values: Values
    prefix: Step | None


class Points:
    """Every point of a program; a point's number is its place in `table`.

    A context's functions are compiled when the first of them is called: an engine that has code of
    its own calls few of them, or none.
    """

    def __init__(self, program: Program, image: Image) -> None:
        self.program = program
        self._image = image
        self.table: list[Point] = []
        self.entries: list[Entry] = []
        for number, context in enumerate(program.contexts):
            self._add(number, context)
        self.properties = [(each, _property(each, image)) for each in program.properties]

    def _add(self, number: int, context: Context) -> None:
        code = context.code
        live = live_registers(code)
        starts = [index for index, each in enumerate(code.instrs) if visible(each)]
        point_of = {index: len(self.table) + place for place, index in enumerate(starts)}
        names = {index: tuple(sorted(live[index])) for index in starts}
        running = [index for index in starts if not isinstance(code.instrs[index], End | Halt)]

        @cache
        def compiled() -> dict[str, Any]:
            emitter = Emitter(code, self._image, context.cpu, point_of, names)
            source = [emitter.function(f"step_{index}", index, False) for index in running]
            if 0 not in point_of:
                source.append(emitter.function("prefix", 0, True))
            space = _compiled("\n".join(source), self._image)
            for index in running:
                point = point_of[index]
                self.table[point] = replace(self.table[point], run=space[f"step_{index}"])
            if 0 not in point_of:
                self.entries[number] = replace(self.entries[number], prefix=space["prefix"])
            return space

        for index in starts:
            instr = code.instrs[index]
            choices = instr.count if isinstance(instr, Choose) else 1
            run = _later(compiled, f"step_{index}") if index in running else None
            self.table.append(Point(number, index, instr, names[index], choices, run))
        if 0 in point_of:
            self.entries.append(Entry(point_of[0], (0,) * len(names[0]), None))
        else:
            self.entries.append(Entry(-1, (), _later(compiled, "prefix")))


def _later(compiled: Callable[[], dict[str, Any]], name: str) -> Step:
    """A step function that is compiled with those beside it when it is called."""

    def step(memory: bytes, values: Values, note: list[Noted], choice: int) -> Outcome:
        outcome: Outcome = compiled()[name](memory, values, note, choice)
        return outcome

    return step


def _property(wanted: Property, image: Image) -> Callable[[bytes], int | None]:
    """The value of an invariant or balanced expression in a memory; None: it cannot be read."""
    emitter = Emitter(wanted.code, image, wanted.cpu or 0, {}, {})
    run = _compiled(emitter.function("value", 0, True), image)["value"]
    return lambda memory: run(memory, (), [], 0)


def _compiled(source: str, image: Image) -> dict[str, Any]:
    space: dict[str, Any] = {
        "locate": image.locate,
        "free": image.free,
        "wrapped": image.wrapped,
        "quotient": lambda a, b: apply_binary("div", a, b, I64),
        "remainder": lambda a, b: apply_binary("rem", a, b, I64),
    }
    for letter in "bBhHiIqQ":
        record = Struct("<" + letter)
        space[f"get_{letter}"] = record.unpack_from
        space[f"put_{letter}"] = record.pack
    exec(compile(source, "<steps>", "exec"), space)
    return space
