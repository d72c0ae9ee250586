# SPDX-License-Identifier: GPL-2.0-or-later
"""What the types of a livepatch and of what it patches say: prototypes of functions, layouts."""

from collections.abc import Sequence
from functools import cached_property

from klprove.image import Image
from klprove.image.btf import BtfTypes, types
from klprove.image.dwarf import HOME, DebugSections, index_inlines
from klprove.image.dwarf.typed import UnitTypes, unit_types
from klprove.image.relocatable import Symbol
from klprove.image.types import Prototype, TypeSource
from klprove.lint.debug import ObjectDebug
from klprove.lint.livepatch import Livepatch
from klprove.lint.target import Place


class ModuleTypes:
    """The types of a livepatch: from its DWARF, else from BTF of its own."""

    def __init__(self, patch: Livepatch) -> None:
        self._patch = patch
        self._debug = DebugSections(patch.elf.image)

    @cached_property
    def units(self) -> Sequence[UnitTypes]:
        """What each of its units says."""
        return tuple(unit_types(self._debug)) if self._debug.there else ()

    @cached_property
    def btf(self) -> BtfTypes | None:
        """Its BTF, where that does not lean on the kernel's."""
        return _whole(self._patch.elf.image)

    @cached_property
    def own_functions(self) -> frozenset[str]:
        """Names of functions that its source defines, in no header, inlined ones too."""
        if not self._debug.there:
            return frozenset()
        found = index_inlines(self._debug)
        said = map(found.said, range(len(found.names)))
        return frozenset(name for name, file, _ in said if file and not file.endswith(".h"))

    @property
    def known(self) -> bool:
        """There are any."""
        return bool(self.units or self.btf)

    @property
    def wrong(self) -> Sequence[str]:
        """What of its DWARF could not be read."""
        return tuple(dict.fromkeys(self._debug.wrong)) if self.known else ()

    def prototype(self, symbol: Symbol) -> Prototype | None:
        """That of a function of the module."""
        home = self._patch.elf.home(symbol)
        for unit in self.units if home else ():
            found = unit.prototype_at((home.index << HOME) + symbol.value) if home else None
            if found:
                return found
        return self.btf.prototype(symbol.name) if self.btf else None


class ObjectTypes:
    """The types of an object that is patched: from its BTF, else from the DWARF of the functions in
    question."""

    def __init__(self, dwarf: ObjectDebug, places: Sequence[Place]) -> None:
        self._dwarf = dwarf
        found = {each: dwarf.entry(each) for each in places}
        self._entries = {each: at for each, at in found.items() if at is not None}

    @cached_property
    def btf(self) -> BtfTypes | None:
        """Its BTF, where that does not lean on another one."""
        return _whole(self._dwarf.target.image)

    @cached_property
    def units(self) -> Sequence[UnitTypes]:
        """The units of the functions in question."""
        if self._dwarf.sections is None:
            return ()
        places = tuple(self._entries.values())
        within = (
            (lambda unit: any(unit.start <= at < unit.end for at in places)) if places else None
        )
        return tuple(unit_types(self._dwarf.sections, within)) if within else ()

    @property
    def sources(self) -> Sequence[TypeSource]:
        """Where layouts are looked for."""
        return (self.btf,) if self.btf else self.units

    def prototype(self, place: Place) -> Prototype | None:
        """That of a function in question: by its name where only one has it in BTF."""
        found = self.btf.prototype(place.name) if self.btf else None
        if found is None and place in self._entries:
            told = (unit.prototype_at(place.address) for unit in self.units)
            found = next((each for each in told if each), None)
        return found


def _whole(image: Image) -> BtfTypes | None:
    found = types(image)
    told = BtfTypes(found) if found else None
    return told if told and told.whole else None
