# SPDX-License-Identifier: GPL-2.0-or-later
"""What a rule says, and what it may look at to say it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from klprove.image.dwarf import DebugSections, Inlines
from klprove.image.relocatable import Symbol
from klprove.lint.code import Body, module_body
from klprove.lint.debug import ObjectDebug, object_debug
from klprove.lint.kernel import Kernel, Stripped
from klprove.lint.livepatch import VMLINUX, Function, Livepatch
from klprove.lint.objects import ModuleTarget
from klprove.lint.running import Running
from klprove.lint.target import Place, Target
from klprove.lint.typing import ModuleTypes, ObjectTypes
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
    the map of the kernel (`klprove scan`): who may run in which context; `objects`: the modules
    that are patched, by name; `builtin`: those of them that are a part of vmlinux; `inlines`: where
    the kernel's functions were inlined, or why that cannot be told; `stripped`: in the place of
    `kernel`, where it has no symbols; `running`: the builds of the system that it is for;
    `debug`: the kernel's DWARF."""

    patch: Livepatch
    kernel: Kernel | None = None
    earlier: tuple[Livepatch, ...] = ()
    map: Map | None = None
    objects: Mapping[str, ModuleTarget] = field(default_factory=dict)
    builtin: frozenset[str] = frozenset()
    inlines: Inlines | str = "DWARF was not read"
    stripped: Stripped | None = None
    running: Running | None = None
    debug: DebugSections | None = None
    bodies: dict[Symbol, Body] = field(default_factory=dict)
    olds: dict[Place, Body] = field(default_factory=dict)
    dwarfs: dict[str, ObjectDebug] = field(default_factory=dict)
    typed: dict[str, ObjectTypes] = field(default_factory=dict)

    @cached_property
    def decodable(self) -> bool:
        """The instructions of this machine can be read."""
        return self.patch.elf.machine == "x86_64"

    @cached_property
    def module_types(self) -> ModuleTypes:
        """The types of the patch."""
        return ModuleTypes(self.patch)

    def dwarf(self, name: str) -> ObjectDebug | None:
        """What the DWARF of an object says; None for an object that was not given."""
        target = self.target(name)
        if target is not None and name not in self.dwarfs:
            if name == VMLINUX:
                self.dwarfs[name] = ObjectDebug(target, self.debug, self.inlines)
            else:
                self.dwarfs[name] = object_debug(target)
        return self.dwarfs.get(name)

    def types(self, name: str) -> ObjectTypes | None:
        """The types of an object, as far as its replaced functions know them."""
        dwarf = self.dwarf(name)
        if dwarf is not None and name not in self.typed:
            places = [place for _, place in self.replaced if place.object == name]
            self.typed[name] = ObjectTypes(dwarf, places)
        return self.typed.get(name)

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
        """Instructions of a function that is patched, or of another one of its object."""
        if place not in self.olds:
            self.olds[place] = self.owner(place).body(place)
        return self.olds[place]

    def target(self, name: str) -> Target | None:
        """The object of that name; None where it was not given."""
        return self.kernel if name == VMLINUX else self.objects.get(name)

    def owner(self, place: Place) -> Target:
        """The object that a place is in."""
        found = self.target(place.object)
        assert found is not None
        return found

    def fragments(self, function: Symbol) -> tuple[Symbol, ...]:
        """The `.cold` parts of a function of the module."""
        return self.patch.cold.get(function.name, ())

    def old_fragments(self, place: Place) -> tuple[Place, ...]:
        """The `.cold` parts of an old function: those it jumps to itself, for their names are not
        unique."""
        owner = self.owner(place)
        targets = {each.at[1] for each in self.old_body(place).uses if each.at}
        names = owner.stems.get(place.name.partition(".")[0], ())
        found = (each for name in names if ".cold" in name for each in owner.named(name))
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
        """What an old function calls, in its `.cold` parts, too."""
        parts = (place, *self.old_fragments(place))
        return frozenset(name for each in parts for name in self.old_body(each).callees)

    def reached(self, question: str, place: Place) -> tuple[int, tuple[str, ...]] | None:
        """The grade with which the map says yes to `question` about a function, and the path that
        leads there, a step a line; None where it does not."""
        if self.map is None or place.object != VMLINUX:
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
        names = [each.shown for each, place in self.replaced if place.object == VMLINUX]
        if why and names:
            yield Finding(UNKNOWN, several(names), f"cannot tell {what}: {why}")
        names = [each.shown for each, place in self.replaced if place.object != VMLINUX]
        if names:
            why = "who calls a module's functions is not followed"
            yield Finding(UNKNOWN, several(names), f"cannot tell {what}: {why}")

    def old(self, function: Function) -> Place | None:
        """The function that is replaced; None where that is not known or not one."""
        target = self.target(function.object)
        if target is None:
            return None
        found = target.named(function.name)
        if function.sympos:
            return found[function.sympos - 1] if function.sympos <= len(found) else None
        return found[0] if len(found) == 1 else None

    @cached_property
    def replaced(self) -> tuple[tuple[Function, Place], ...]:
        """The patched functions whose old form is known, with it."""
        pairs = ((each, self.old(each)) for each in self.patch.functions)
        return tuple((each, place) for each, place in pairs if place)

    @cached_property
    def patched(self) -> Mapping[tuple[str, int], Function]:
        """The patched functions by object and address."""
        return {(place.object, place.address): each for each, place in self.replaced}

    @property
    def of_vmlinux(self) -> tuple[tuple[Function, Place], ...]:
        """Those of `replaced` that are in vmlinux."""
        return tuple(pair for pair in self.replaced if pair[1].object == VMLINUX)

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
            if self.target(each.object) is None:
                option = "--vmlinux" if each.object == VMLINUX else f"--object {each.object}.ko"
                names = each.object == VMLINUX and self.stripped
                why = "that vmlinux has no symbols" if names else f"no {option}"
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
