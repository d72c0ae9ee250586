"""One machine as one LLVM module: its steps, its rules, and the loops of the search around them."""

import ast
import inspect
from collections.abc import Callable, Mapping
from importlib import resources

from klprove.engine.machine import Machine
from klprove.engine.native import kernels as addresses
from klprove.engine.native.events import Events
from klprove.engine.native.lowering import BUILT_IN, lower
from klprove.engine.native.model import objects
from klprove.engine.native.steps import Frames, Steps
from klprove.engine.native.text import INTRINSICS
from klprove.engine.pushdown import kernels
from klprove.engine.pushdown.layout import Layout
from klprove.engine.pushdown.moves import Moves
from klprove.ir.instructions import End, Halt, visible

_GIVEN = (*BUILT_IN, "run", "counted", "enter", "hold")
_BORROWED: Mapping[Callable[..., int], str] = {
    addresses.holder: "holder",
    addresses.freed: "freed",
    addresses.locate: "located",
    addresses.free: "freeing",
}
"""Functions of the native engine for computed addresses, and their names here."""


class Model:
    """The text of the module, and what is needed to talk to it."""

    def __init__(self, machine: Machine, home: int) -> None:
        self._machine = machine
        self.layout = Layout(machine)
        self.events = Events()
        source = resources.files(kernels.__package__).joinpath("kernels.py").read_text()
        self.arrays = _arrays(source)
        """Names of the arrays of the module, and the types of their elements."""
        rows = ", ".join(f"i64 {each}" for each in objects(machine.image))
        count = 1 + 6 * len(machine.program.objects)
        parts = [INTRINSICS, f"@objects = internal constant [{count} x i64] [{rows}]\n"]
        parts += [f"@{name} = internal global ptr null\n" for name in self.arrays]
        parts.append(_bind(list(self.arrays)))
        for context in range(len(machine.program.contexts)):
            parts += self._steps(context)
        parts += self._values()
        parts += Moves(machine, self.layout, self.events, home).functions()
        self.seen = kernels.CONTROL
        """Where the flags of the events stand in the control array, twice."""
        self.finds = self.seen + len(self.events)
        constants = {
            "WORLD": self.layout.world,
            "FRAME": self.layout.frame,
            "ARRIVING": len(machine.interrupts[home]),
            "INVARIANTS": int(bool(machine.invariants)),
            "OTHERS": machine.program.cpus - 1,
            "IMAGE": self.layout.others,
            "META": kernels.ARRIVALS + 2 * len(machine.interrupts[home]),
            "SEEN": self.seen,
            "FINDS": self.finds,
        }
        borrowed = "\n".join(
            inspect.getsource(each).replace(f"def {each.__name__}(", f"def {name}(")
            for each, name in _BORROWED.items()
        )
        parts.append(lower(f"{source}\n{borrowed}", constants, _GIVEN, self.arrays))
        self.text = "\n".join(parts)

    def _steps(self, number: int) -> list[str]:
        """The steps of one context."""
        context = self._machine.program.contexts[number]
        table = self._machine.points.table
        points = {each.index: n for n, each in enumerate(table) if each.context == number}
        frames: Frames = {
            index: (self.layout.registers(point), self.layout.used(point))
            for index, point in points.items()
        }
        steps = Steps(
            context.code, self._machine.image, context.cpu, points, frames, self.events, number
        )
        found = [
            steps.function(f"step{point}", index, False)
            for index, point in points.items()
            if not isinstance(table[point].instr, End | Halt)
        ]
        if not visible(context.code.instrs[0]):
            found.append(steps.function(f"prefix{number}", 0, True))
        return found

    def _values(self) -> list[str]:
        """The invariants and balanced expressions."""
        return [
            Steps(each.code, self._machine.image, each.cpu or 0, {}, {}, None, -1).function(
                f"value{number}", 0, True, silent=True
            )
            for number, each in enumerate(self._machine.program.properties)
        ]


def _arrays(source: str) -> dict[str, str]:
    """The arrays that the kernels declare."""
    return {
        ast.unparse(each.target): ast.unparse(each.annotation)
        for each in ast.parse(source).body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.value, ast.List)
        and ast.unparse(each.target) != "objects"
    }


def _bind(names: list[str]) -> str:
    """`i64 bind(place, address)`: says where an array is."""
    lines = ["define internal i64 @bind(i64 %k, i64 %a) nounwind {", "entry:"]
    lines.append("  %p = inttoptr i64 %a to ptr")
    cases = " ".join(f"i64 {place}, label %L{place}" for place in range(len(names)))
    lines.append(f"  switch i64 %k, label %end [ {cases} ]")
    for place, name in enumerate(names):
        lines += [f"L{place}:", f"  store ptr %p, ptr @{name}", "  br label %end"]
    return "\n".join([*lines, "end:", "  ret i64 0", "}", ""])
