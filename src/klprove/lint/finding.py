"""What a rule says, and what it may look at to say it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from klprove.image.relocatable import Symbol
from klprove.lint.code import Body, kernel_body, module_body
from klprove.lint.kernel import Kernel
from klprove.lint.livepatch import VMLINUX, Function, Livepatch
from klprove.lint.target import Place
from klprove.scan import Map

ERROR, WARNING, NOTE, UNKNOWN = "error", "warning", "note", "unknown"
SEVERITIES = (ERROR, WARNING, NOTE, UNKNOWN)
"""Worst first. `unknown`: the rule applies and data is missing to answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that will bite: `where` is a function or a part of the module, `offset` an
    instruction in it; `evidence` are the facts behind `text`, one a line."""

    severity: str
    where: str
    text: str
    offset: int | None = None
    evidence: tuple[str, ...] = ()
    rule: str = ""

    @property
    def place(self) -> str:
        """`func+0x12`, or `func`."""
        return self.where if self.offset is None else f"{self.where}+{self.offset:#x}"

    @property
    def key(self) -> str:
        """What a waiver or a baseline means by this finding: no offset, which every build moves."""
        return f"{self.rule}: {self.where}: {self.text}"


@dataclass(frozen=True)
class Case:
    """A patch, and what else is known: the kernel, the patches that are loaded before it, in order,
    and the map of the kernel (`klprove scan`): who may run in which context."""

    patch: Livepatch
    kernel: Kernel | None = None
    earlier: tuple[Livepatch, ...] = ()
    map: Map | None = None
    bodies: dict[Symbol, Body] = field(default_factory=dict)
    olds: dict[Place, Body] = field(default_factory=dict)

    @cached_property
    def decodable(self) -> bool:
        """The instructions of this machine can be read."""
        return self.patch.elf.machine == "x86_64"

    @cached_property
    def active(self) -> tuple[Livepatch, ...]:
        """Those of the earlier patches that no later one of them has replaced, newest last."""
        found: tuple[Livepatch, ...] = ()
        for each in self.earlier:
            found = (each,) if each.plan.replace else (*found, each)
        return found

    def body(self, function: Symbol) -> Body:
        """Instructions of a function of the module."""
        if function not in self.bodies:
            self.bodies[function] = module_body(self.patch, function)
        return self.bodies[function]

    def old_body(self, place: Place) -> Body:
        """Instructions of a function of the kernel."""
        if place not in self.olds:
            assert self.kernel is not None
            self.olds[place] = kernel_body(self.kernel, place)
        return self.olds[place]

    def fragments(self, function: Symbol) -> tuple[Symbol, ...]:
        """The `.cold` parts of a function of the module."""
        return self.patch.cold.get(function.name, ())

    def old_fragments(self, place: Place) -> tuple[Place, ...]:
        """The `.cold` parts of a function of the kernel: those it jumps to itself, for their names
        are not unique."""
        assert self.kernel is not None
        targets = {each.at[1] for each in self.old_body(place).uses if each.at}
        names = self.kernel.stems.get(place.name.partition(".")[0], ())
        found = (each for name in names if ".cold" in name for each in self.kernel.named(name))
        return tuple(
            each
            for each in dict.fromkeys(found)
            if any(each.address <= target < each.address + max(each.size, 1) for target in targets)
        )

    def callees(self, function: Symbol) -> frozenset[str]:
        """What a function of the module calls, in its `.cold` parts, too."""
        parts = (function, *self.fragments(function))
        return frozenset(name for each in parts for name in self.body(each).callees)

    def old_callees(self, place: Place) -> frozenset[str]:
        """What a function of the kernel calls, in its `.cold` parts, too."""
        parts = (place, *self.old_fragments(place))
        return frozenset(name for each in parts for name in self.old_body(each).callees)

    def reached(self, question: str, place: Place) -> tuple[int, tuple[str, ...]] | None:
        """The grade with which the map says yes to `question` about a function, and the path that
        leads there, a step a line; None where it does not."""
        if self.map is None:
            return None
        index = self._index.get(place.address, -1)
        path = self.map.path_to(question, index)
        if not path:
            return None
        steps = tuple(f"{self.map.names[number]}  <- {step.how}" for number, step in path)
        return path[-1][1].grade, steps

    @cached_property
    def _index(self) -> Mapping[int, int]:
        assert self.map is not None
        return {address: index for index, address in enumerate(self.map.addresses)}

    def unmapped(self, question: str, what: str) -> Iterator[Finding]:
        """The answer to a question of the map that it has no answer to."""
        why = "no map of this kernel (klprove scan)"
        if self.map is not None:
            why = self.map.open.get(question, "") or "; ".join(self.map.notes)
        names = [function.shown for function, _ in self.replaced]
        if why and names:
            yield Finding(UNKNOWN, several(names), f"cannot tell {what}: {why}")

    def old(self, function: Function) -> Place | None:
        """The function of the kernel that is replaced; None where that is not known or not one."""
        if self.kernel is None or function.object != VMLINUX:
            return None
        found = self.kernel.named(function.name)
        if function.sympos:
            return found[function.sympos - 1] if function.sympos <= len(found) else None
        return found[0] if len(found) == 1 else None

    @cached_property
    def replaced(self) -> tuple[tuple[Function, Place], ...]:
        """The patched functions whose old form is known, with it."""
        pairs = ((each, self.old(each)) for each in self.patch.functions)
        return tuple((each, place) for each, place in pairs if place)

    def unseen(self, what: str) -> Iterator[Finding]:
        """The answer to a question about old functions of which nothing is known, one for all."""
        for why, names in self._hidden.items():
            yield Finding(UNKNOWN, several(names), f"cannot tell {what}: {why}")

    @cached_property
    def _hidden(self) -> Mapping[str, list[str]]:
        """Functions whose old form is not known, by the reason."""
        found: dict[str, list[str]] = {}
        known = {function for function, _ in self.replaced}
        for each in self.patch.functions:
            if self.kernel is None:
                why = "no --vmlinux"
            elif each.object != VMLINUX:
                why = "they are in modules"
            else:
                why = "which function is meant is not known"
            if each not in known:
                found.setdefault(why, []).append(each.shown)
        return found


def several(names: list[str]) -> str:
    """`f`, or `f and 3 more`."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


@dataclass(frozen=True, slots=True)
class Rule:
    """A hazard, by an id that never changes, and what looks for it."""

    id: str
    check: Callable[[Case], Iterator[Finding]]
