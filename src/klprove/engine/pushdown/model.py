# SPDX-License-Identifier: GPL-2.0-or-later
"""One machine as LLVM text, its steps and its rules; and the loops of the search.

The loops are the same for every machine, and therefore a module of their own, made once.
"""

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources

from klprove.engine.machine import Machine
from klprove.engine.native import addresses
from klprove.engine.native.builtin import BUILT_IN
from klprove.engine.native.compiled import Better, Compiled
from klprove.engine.native.events import Events
from klprove.engine.native.lowering import lower
from klprove.engine.native.model import objects
from klprove.engine.native.text import INTRINSICS, Text
from klprove.engine.pushdown import store
from klprove.engine.pushdown.layout import Layout
from klprove.engine.pushdown.moves import Moves

_RULES = {"run": "pppi", "counted": "p", "enter": "pppi", "hold": "pp"}
"""Functions of a machine that the loops call, with the types of their parameters."""
_LOOPS = {"note": "pii", "locate": "piii", "free": "pii"}
"""Functions beside the loops that the steps of a machine call."""
_TYPES = {"p": "ptr", "i": "i64"}
_VARIABLES = (
    "WORLD",
    "FRAME",
    "ARRIVING",
    "INVARIANTS",
    "OTHERS",
    "IMAGE",
    "PAIR",
    "META",
    "SEEN",
    "FINDS",
)
"""Names in capitals of the kernels that differ from machine to machine."""
MADE: list[Compiled] = []
"""The loops, once they are made."""
_LAYERS = ("store", "addresses", "landings", "others", "kernels")
_BORROWED: Mapping[Callable[..., int], str] = {
    addresses.holder: "holder",
    addresses.freed: "freed",
    addresses.locate: "located",
    addresses.free: "freeing",
}
"""Functions of the native engine for computed addresses, and their names here."""
RULES = {"bind": 2, **dict.fromkeys(_RULES, 0)}
LOOPS = {
    "bind": 2,
    "begin": 1,
    "search": 1,
    "rebuild": 4,
    "sweep": 2,
    "found": 4,
    **dict.fromkeys(_LOOPS, 0),
}
"""Functions of either module that are called from outside, and how many words they take from
Python."""


class Model:
    """The text of a machine, and what is needed to talk to it."""

    def __init__(self, machine: Machine, home: int) -> None:
        self._machine = machine
        self.layout = Layout(machine)
        self.events = Events()
        parts = [INTRINSICS, *_calls(_LOOPS)]
        parts += self.layout.steps(self.events)
        parts += self.layout.values()
        parts += Moves(machine, self.layout, self.events, home).functions()
        self.text = "\n".join(parts)
        self.objects = objects(machine.image)
        """The table that addresses are looked up in."""
        self.seen = store.CONTROL
        """Where the flags of the events stand in the control array, twice."""
        self.finds = self.seen + len(self.events)
        arriving = len(machine.interrupts[home])
        self.variables = {
            "WORLD": self.layout.world,
            "FRAME": self.layout.frame,
            "ARRIVING": arriving,
            "INVARIANTS": int(bool(machine.invariants)),
            "OTHERS": machine.program.cpus - 1,
            "IMAGE": self.layout.others,
            "PAIR": store.OWN_LANDINGS + arriving,
            "META": store.ARRIVALS + 2 * arriving,
            "SEEN": self.seen,
            "FINDS": self.finds,
        }
        """Values of the variables of the loops."""


class Linked:
    """The loops and the rules of one machine as machine code that calls each other."""

    def __init__(self, model: Model, level: int) -> None:
        self._variables = model.variables
        self._rules = Compiled(model.text, level, RULES)
        self._better: Better | None = None
        self._loops = loops()
        self._link(self._loops)

    def _link(self, code: Compiled) -> None:
        self._loops = code
        for place, name in enumerate(_LOOPS):
            self._rules.call("bind", place, code.address(name))
        for place, name in enumerate(_RULES):
            code.call("bind", place, self._rules.address(name))
        for name, value in self._variables.items():
            self.bind(name, value)

    def bind(self, name: str, value: int) -> None:
        """Set a variable of the loops, or say where an array is."""
        self._loops.call("bind", [*_RULES, *_VARIABLES, *arrays()].index(name), value)

    def call(self, name: str, *words: int) -> int:
        """Call a function of `engine/pushdown/kernels.py`."""
        return self._loops.call(name, *words)

    def improve(self) -> bool:
        """Have optimised loops made by a thread; True once they are in use and know no array."""
        if self._loops.level:
            return False
        if self._better is None:
            self._better = Better(loops_text(), LOOPS)
        elif self._better.code is not None:
            self._link(self._better.code)
            return True
        return False


def loops() -> Compiled:
    """The loops of the search, made once for a process and those that it forks: as they are, or
    optimised where `optimise` has been called before."""
    if not MADE:
        MADE.append(Compiled(loops_text(), 0, LOOPS))
    return MADE[0]


def optimise() -> None:
    """Make optimised loops now, which takes about a second: for many searches."""
    MADE[:] = [Compiled(loops_text(), 2, LOOPS)]


@cache
def loops_text() -> str:
    """The loops in LLVM."""
    parts = [INTRINSICS, BUILT_IN, *_calls(_RULES, [*_VARIABLES, *arrays()])]
    borrowed = "\n".join(
        inspect.getsource(each).replace(f"def {each.__name__}(", f"def {name}(")
        for each, name in _BORROWED.items()
    )
    parts.append(lower([kernels_text(), borrowed], {}, _RULES, arrays(), _VARIABLES))
    return "\n".join(parts)


@cache
def arrays() -> dict[str, str]:
    """The arrays that the kernels declare, and the types of their elements."""
    return {
        ast.unparse(each.target): ast.unparse(each.annotation)
        for each in ast.parse(kernels_text()).body
        if isinstance(each, ast.AnnAssign) and isinstance(each.value, ast.List)
    }


@cache
def kernels_text() -> str:
    """The text of the kernels, which know no modules."""
    home = resources.files(store.__package__)
    return "\n".join(home.joinpath(f"{layer}.py").read_text() for layer in _LAYERS)


def _calls(functions: Mapping[str, str], variables: Sequence[str] = ()) -> list[str]:
    """Functions that call what `bind` has given the address of, and `i64 bind(place, value)`, which
    sets these addresses and the variables behind them."""
    found = [f"@{name} = internal global i64 0\n" for name in variables]
    for name, kinds in functions.items():
        found.append(f"@{name}.address = internal global i64 0\n")
        params = [f"{_TYPES[kind]} %p{place}" for place, kind in enumerate(kinds)]
        text = Text(name, params)
        callee = text.op(f"load ptr, ptr @{name}.address")
        result = text.op(f"call i64 {callee}({', '.join(params)})")
        text.ret(f"i64 {result}")
        found.append(str(text))
    names = [*(f"{name}.address" for name in functions), *variables]
    text = Text("bind", ("i64 %k", "i64 %a"))
    ends = [text.label() for _ in names]
    cases = " ".join(f"i64 {place}, label %{label}" for place, label in enumerate(ends))
    text.put(f"switch i64 %k, label %none [ {cases} ]")
    text.open = False
    for name, label in zip(names, ends, strict=True):
        text.place(label)
        text.put(f"store i64 %a, ptr @{name}")
        text.ret("i64 0")
    text.place("none")
    text.ret("i64 -1")
    return [*found, str(text)]
