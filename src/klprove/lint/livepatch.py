# SPDX-License-Identifier: GPL-2.0-or-later
"""What a livepatch module says it does: objects, functions, callbacks, states."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from klprove.image.relocatable import Symbol
from klprove.lint.module import Module

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
class Livepatch(Module):
    """A livepatch module, and its plan."""

    plan: Plan

    @property
    def functions(self) -> Iterator[Function]:
        """Of all objects, in the order of the module."""
        for each in self.plan.objects:
            yield from each.functions


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
