"""What a livepatch module says it does: objects, functions, callbacks, states."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from klprove.image.relocatable import FUNCTION, OBJECT, Relocatable, Symbol

VMLINUX = "vmlinux"
CALLBACKS = ("pre_patch", "post_patch", "pre_unpatch", "post_unpatch")
"""In the order of `struct klp_callbacks`."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function that is replaced: `sympos` 0 asks for a unique name; `new` is the function that
    takes over, None where the module does not say it statically."""

    object: str
    name: str
    sympos: int
    new: Symbol | None

    @property
    def shown(self) -> str:
        """`ext4:name,2`; vmlinux and position 0 are not written."""
        where = "" if self.object == VMLINUX else f"{self.object}:"
        return f"{where}{self.name}" + (f",{self.sympos}" if self.sympos else "")


@dataclass(frozen=True, slots=True)
class Object:
    """vmlinux or a module, what is replaced in it, and the callbacks that run around that."""

    name: str
    functions: tuple[Function, ...]
    callbacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """A system state that the patch changes (`struct klp_state`)."""

    id: int
    version: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one reader found. `replace` None: decided when it is loaded. `layout`: how the
    structures were found. `missing`: what could not be read, and why."""

    builder: str
    objects: tuple[Object, ...]
    replace: bool | None
    layout: str
    states: tuple[State, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Livepatch:
    """A livepatch module: its file, its plan, its identity."""

    path: str
    elf: Relocatable
    plan: Plan
    info: Mapping[str, tuple[str, ...]]
    compiler: str
    build_id: str
    signed: bool

    @property
    def functions(self) -> Iterator[Function]:
        """Of all objects, in the order of the module."""
        for each in self.plan.objects:
            yield from each.functions

    @property
    def name(self) -> str:
        """The module's name, else its file's."""
        return self.first("name") or self.path.rpartition("/")[2].partition(".")[0]

    def first(self, key: str) -> str:
        """The first value that modinfo has for `key`; empty without one."""
        return next(iter(self.info.get(key, ())), "")

    @cached_property
    def code(self) -> tuple[Symbol, ...]:
        """Functions that are defined in the module, by section and offset."""
        found = (each for each in self.elf.symbols if each.name and self._holds_code(each))
        return tuple(sorted(found, key=lambda each: (each.section, each.value)))

    def _holds_code(self, symbol: Symbol) -> bool:
        section = self.elf.home(symbol)
        return symbol.kind == FUNCTION and section is not None and section.executable

    @cached_property
    def at(self) -> Mapping[tuple[int, int], Symbol]:
        """The function at (section, offset)."""
        return {(each.section, each.value): each for each in reversed(self.code)}

    @cached_property
    def _variables(self) -> Mapping[int, list[tuple[int, int, str]]]:
        """Start, end and name of the variables of each writable section, by start."""
        found: dict[int, list[tuple[int, int, str]]] = {}
        for each in self.elf.symbols:
            section = self.elf.home(each)
            if each.kind == OBJECT and section and section.writable:
                entry = (each.value, each.value + max(each.size, 1), each.name)
                found.setdefault(each.section, []).append(entry)
        return {section: sorted(entries) for section, entries in found.items()}

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names of the writable variables."""
        return frozenset(each[2] for entries in self._variables.values() for each in entries)

    def variable(self, at: tuple[int, int]) -> str:
        """The writable variable at (section, offset); empty where there is none."""
        entries = self._variables.get(at[0], [])
        index = bisect_right(entries, (at[1], 1 << 64, "")) - 1
        if index >= 0 and entries[index][0] <= at[1] < entries[index][1]:
            return entries[index][2]
        return ""

    @cached_property
    def cold(self) -> Mapping[str, tuple[Symbol, ...]]:
        """The parts `F.cold`, `F.cold.N` of functions, by F."""
        found: dict[str, list[Symbol]] = {}
        for each in self.at.values():
            name, cold, _ = each.name.partition(".cold")
            if cold:
                found.setdefault(name, []).append(each)
        return {name: tuple(parts) for name, parts in found.items()}


def klp_symbol(name: str) -> tuple[str, str, int] | None:
    """Object, name and position of a symbol `.klp.sym.OBJECT.NAME,POSITION`; None for others.

    Format: the kernel's Documentation/livepatch/module-elf-format.rst.
    """
    if not name.startswith(".klp.sym."):
        return None
    owner, _, rest = name[len(".klp.sym.") :].partition(".")
    plain, _, position = rest.rpartition(",")
    if not plain or not position.isdecimal():
        return None
    return owner, plain, int(position)
