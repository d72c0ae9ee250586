# SPDX-License-Identifier: GPL-2.0-or-later
"""Modules that a livepatch changes, and where they are found."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from klprove.image.dwarf import HOME
from klprove.image.elf import damaged
from klprove.image.relocatable import Symbol
from klprove.image.symtab import symbol_table
from klprove.lint.code import ADDRESS, Body, module_body, placed_body
from klprove.lint.module import Module, module_name, read_module
from klprove.lint.target import Place, Target

_MAKERS = ("kthread_create_on_node", "kthread_create_on_cpu")
"""kernel/kthread.c; kthread_run() and its kin come down to these."""
_ENDINGS = (".ko", ".ko.xz", ".ko.zst", ".ko.gz")


class ModuleTarget(Target):
    """A module as something that is patched. Its sections have no addresses yet: address is the
    section's index, shifted by 32 bits, and the offset in it."""

    def __init__(self, module: Module) -> None:
        table = symbol_table(module.elf.image)
        if table is None:
            raise damaged(module.path, "no symbol table: names mean nothing here")
        homes = np.where(table.sections < len(module.elf.sections), table.sections, 0)
        addresses = (homes.astype(np.uint64) << np.uint64(HOME)) + table.values
        super().__init__(module.name, module.elf.image, table, addresses)
        self.module = module

    def _indices(self, name: str) -> list[int]:
        """In the order of the symbol table, which is that of a module's kallsyms
        (kernel/module/kallsyms.c, module_kallsyms_on_each_symbol)."""
        found = self._table.find(name)
        return [int(each) for each in found[self._kept[found]]]

    def told(self, place: Place) -> str:
        """Where a symbol is, for people."""
        return f"{place.section}+{place.address & 0xFFFFFFFF:#x} {place.size} bytes"

    def body(self, place: Place) -> Body:
        """The instructions of a function, and what they refer to."""
        at = (place.address >> HOME, place.address & 0xFFFFFFFF)
        function = self.module.at.get(at)
        if function is None:
            return Body((), 0, ())
        return placed_body(module_body(self.module, function), _address)

    @cached_property
    def threads(self) -> Mapping[int, str]:
        """Functions that kernel threads run, and who starts them. Only functions with a call of
        what makes threads are decoded."""
        found: dict[int, str] = {}
        for section in self.module.elf.sections:
            if section.executable:
                for each in self.module.elf.relocations(section):
                    maker = self.module.around((section.index, each.offset))
                    if each.symbol.name in _MAKERS and maker:
                        found.update((at, maker.name) for at in self._started(maker))
        return found

    def _started(self, maker: Symbol) -> Iterator[int]:
        body = module_body(self.module, maker)
        for use in body.uses:
            at = use.at if use.kind == ADDRESS and use.at in self.module.at else None
            if at and body.goes_to(use) in _MAKERS:
                yield _address(at)

    @cached_property
    def sites(self) -> frozenset[int] | None:
        """Addresses of the calls that ftrace can redirect; None where the file does not hold them,
        as a file of debug information does not."""
        elf = self.module.elf
        found: set[int] = set()
        for name in ("__mcount_loc", "__patchable_function_entries"):
            section = elf.section(name)
            if section is None:
                continue
            if not elf.content(section):
                return None
            for each in elf.relocations(section):
                if 0 < each.symbol.section < len(elf.sections):
                    found.add(_address((each.symbol.section, each.symbol.value + each.addend)))
        return frozenset(found)


def _address(at: tuple[int, int]) -> int:
    return (at[0] << HOME) + (at[1] & 0xFFFFFFFF)


def read_object(path: str) -> ModuleTarget:
    """The module in a file. Raises BadInput where it is none, or holds no code: a file of debug
    information."""
    module = read_module(path)
    code = [each for each in module.elf.sections if each.executable and each.size]
    if code and not any(each.stored for each in code):
        text = "holds debug information only, no code"
        raise damaged(path, text, "give the .ko that is loaded, from /lib/modules")
    return ModuleTarget(module)


def find_objects(paths: Sequence[str], names: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """The file of each module of `names` that is among `paths`, files and folders with modules;
    and those of `names` that a folder's modules.builtin has: they are a part of vmlinux."""
    found: dict[str, str] = {}
    builtin: set[str] = set()
    for path in paths:
        if not os.path.isdir(path):
            found[module_name(path)] = path
            continue
        for folder, _, files in os.walk(path):
            for file in files:
                if file.endswith(_ENDINGS) and module_name(file) in names:
                    found.setdefault(module_name(file), os.path.join(folder, file))
        builtin.update(each for each in _builtin(path) if each in names)
    return found, builtin - found.keys()


def _builtin(folder: str) -> list[str]:
    try:
        path = os.path.join(folder, "modules.builtin")
        with open(path, encoding="ascii", errors="backslashreplace") as file:
            return [module_name(line.strip()) for line in file]
    except OSError:
        return []
