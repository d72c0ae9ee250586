# SPDX-License-Identifier: GPL-2.0-or-later
"""The indirect calls of an image, and where each may lead."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from iced_x86 import FlowControl, OpKind, Register

from klprove.image import Functions, Symbol
from klprove.image.btf import NO_TYPES, Layout, Leaf, Signatures
from klprove.image.btf.reading import PROTOTYPE
from klprove.scan.code import Code
from klprove.scan.graph import Graph
from klprove.scan.members import Members
from klprove.scan.origins import Object, Origins, Surroundings, Value, Variable

FEW = 16
"""Functions that a call may lead to and still be said to be resolved."""
_OFFSETS = ("this_cpu_off", "__per_cpu_offset")
"""arch/x86/include/asm/percpu.h, include/asm-generic/percpu.h"""


@dataclass(frozen=True, slots=True)
class Call:
    """One indirect call: where its pointer comes from, and the functions that may be there."""

    site: int
    how: str
    """`structure.member`, or what else is known; empty for nothing."""
    variable: int
    """The address of the variable that it goes through; 0 for none."""
    targets: Sequence[int]
    """What is likely."""
    others: Sequence[int]
    """What has the prototype; all of it where too many are likely to tell anything. Of a call that
    is not resolved: what stands at that distance in any variable, or is stored so far away."""
    likely: int = 0
    """How many of both stand where that pointer can be."""


class Calls:
    """The indirect calls of one image, function by function, when asked for."""

    def __init__(
        self,
        functions: Functions,
        graph: Graph,
        code: Code,
        named: Mapping[str, Symbol],
        signatures: Signatures | None,
        members: Members | None,
    ) -> None:
        self._functions, self._graph, self._code = functions, graph, code
        self._signatures, self._members = signatures, members
        self._layout = Layout(signatures.types if signatures else NO_TYPES)
        self._offsets = frozenset(named[each].address for each in _OFFSETS if each in named)
        self._registers = {
            index: getattr(Register, name.upper()) for index, name in code.thunks.items()
        }
        self._found: dict[int, Sequence[Call]] = {}
        self._returns = dict(self._returning())
        self._own = self._variables()
        self._harmless = frozenset(int(functions.starts[each]) for each in code.quiet)

    def of(self, function: int) -> Sequence[Call]:
        """The indirect calls and jumps in a function, what was moved out of it included."""
        if function not in self._found:
            held = function in self.holders
            self._found[function] = tuple(self._calls(function)) if held else ()
        return self._found[function]

    def at(self, function: int, site: int) -> Call | None:
        """The one at address `site` of `function`; None where there is none."""
        whole = self._whole(function)
        return next((each for each in self.of(whole) if each.site == site), None)

    @cached_property
    def holders(self) -> frozenset[int]:
        """Functions with an indirect call or jump; what was moved out of one is left out
        where it is known of which."""
        thunk = np.zeros(len(self._functions.starts), np.bool_)
        thunk[list(self._code.thunks)] = True
        found = self._graph.sources[thunk[self._graph.targets]]
        bare = not len(found)
        places = self._code.indirect() if bare else self._code.through_variables()
        found = np.concatenate([found, self._functions.around(places)])
        return frozenset(self._whole(each) for each in np.unique(found[found >= 0]).tolist())

    def every(self) -> Iterator[Call]:
        """All of the image."""
        for each in sorted(self.holders):
            yield from self.of(each)

    def _calls(self, function: int) -> Iterator[Call]:
        if self._signatures is None:
            return
        origins = self.origins(function)
        for number, each in enumerate(origins.instructions):
            if each.flow_control in _INDIRECT and not origins.switch(number):
                memory = each.op0_kind == OpKind.MEMORY
                register = each.op0_register
                found = origins.operand(number) if memory else origins.register(number, register)
                call = self._resolved(each.ip, found)
                if memory:
                    yield self._anywhere(call, frozenset({origins.distance(number)}))
                else:
                    yield self._anywhere(call, origins.distances(number, register))
            elif each.flow_control in _DIRECT:
                thunk = self._code.function(each.near_branch_target)
                if thunk in self._registers:
                    register = self._registers[thunk]
                    call = self._resolved(each.ip, origins.register(number, register))
                    yield self._anywhere(call, origins.distances(number, register))

    def origins(self, function: int) -> Origins:
        """The values in a function, with what was moved out of it."""
        starts, ends = self._functions.starts, self._functions.ends
        parts = [
            (int(starts[each]), self._code.bytes(int(starts[each]), int(ends[each])))
            for each in (function, *self._moved(function))
        ]
        return Origins(parts, self._surroundings(function, self._layout))

    def _resolved(self, site: int, value: Value) -> Call:
        if isinstance(value, Variable):
            return Call(site, "", value.address, (), ())
        if self._members is None:
            return Call(site, "", 0, (), ())
        if isinstance(value, Leaf):
            found, how = self._members.of(value), f"{value.structure}.{value.name}"
        elif isinstance(value, Object) and self._layout.types.kind(value.type) == PROTOTYPE:
            found, how = self._members.prototype(value.type), "a parameter or a result"
        else:
            return Call(site, "", 0, (), ())
        if len(found.fitting) <= FEW:
            return Call(site, how, 0, found.fitting, found.others, len(found.fitting))
        return Call(site, how, 0, (), found.every(), len(found.fitting))

    def _anywhere(self, call: Call, distances: frozenset[int]) -> Call:
        """A call that is not resolved, with what stands anywhere at the distance that it reads."""
        if call.how or call.variable or self._members is None:
            return call
        found = {i for each in distances if each >= 0 for i in self._members.at(each)}
        return replace(call, others=sorted(found))

    def _surroundings(self, function: int, layout: Layout) -> Surroundings:
        signature = None
        if self._signatures and not self._functions.fragment(function):
            signature = self._signatures.single.get(self._functions.names[function])
        return Surroundings(
            layout,
            self._code.after,
            signature,
            self._returns,
            self._harmless,
            self._own,
            self._offsets,
        )

    def _moved(self, function: int) -> Sequence[int]:
        """The fragments of a function, where its name is its own."""
        name = self._functions.names[function]
        mates = [name, *(f"{name}.cold{each}" for each in ("", ".0", ".1"))]
        if any(each in self._functions.namesakes for each in mates):
            return ()
        return [
            self._functions.number[each] for each in mates[1:] if each in self._functions.number
        ]

    def _whole(self, function: int) -> int:
        """The function that a fragment was moved out of; itself where that is not known."""
        name = _MOVED.sub("", self._functions.names[function])
        whole = self._functions.number.get(name, function)
        return whole if whole == function or function in self._moved(whole) else function

    def _returning(self) -> Iterator[tuple[int, int]]:
        """Address of each function that returns a pointer, and the type that it points to."""
        for name, signature in (self._signatures.single if self._signatures else {}).items():
            if signature and signature[0] < -1:
                for index in self._functions.variants.get(name, ()):
                    if self._functions.names[index] == name:
                        yield int(self._functions.starts[index]), -1 - signature[0]

    def _variables(self) -> list[tuple[int, int, int]]:
        layout = self._layout
        return sorted((at, kind, layout.types.size(kind)) for at, kind in layout.variables.items())


_DIRECT = (FlowControl.CALL, FlowControl.UNCONDITIONAL_BRANCH, FlowControl.CONDITIONAL_BRANCH)
_INDIRECT = (FlowControl.INDIRECT_CALL, FlowControl.INDIRECT_BRANCH)
_MOVED = re.compile(r"\.cold(\.\d+)?$")
