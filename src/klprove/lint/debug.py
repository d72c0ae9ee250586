# SPDX-License-Identifier: GPL-2.0-or-later
"""The DWARF of an object that is patched, vmlinux or a module."""

from collections.abc import Sequence
from dataclasses import dataclass

from klprove.image.dwarf import Call, DebugSections, Inlines, debug_image
from klprove.lint.target import Place, Target
from klprove.scan.inlining import inlines_in


@dataclass(frozen=True)
class ObjectDebug:
    """What it says about functions; addresses here are those of `target`."""

    target: Target
    sections: DebugSections | None
    inlines: Inlines | str
    """A text: why it is not known."""

    def functions(self, place: Place) -> Sequence[int]:
        """The declarations that the code at a place may be of."""
        if isinstance(self.inlines, str):
            return ()
        return self.inlines.of(place.address, place.name)

    def calls(self, place: Place) -> Sequence[tuple[int, Call]]:
        """Inlined copies of a function, each with the address of its host."""
        if isinstance(self.inlines, str):
            return ()
        found = (call for each in self.functions(place) for call in self.inlines.calls(each))
        return [(call.host, call) for call in found]

    def hosts(self, name: str) -> Sequence[int]:
        """Addresses of the functions into which functions of that name were inlined."""
        if isinstance(self.inlines, str):
            return ()
        numbers = self.inlines.named(name)
        return sorted({call.host for each in numbers for call in self.inlines.calls(each)})

    def instances(self, place: Place) -> Sequence[int]:
        """Addresses of all code of its own that the same text became."""
        if isinstance(self.inlines, str):
            return ()
        found = {at for each in self.functions(place) for at in self.inlines.instances(each)}
        return sorted(found)

    def traceless(self, place: Place) -> bool:
        """The compiler says that it inlined the function and does not say where."""
        if isinstance(self.inlines, str):
            return False
        return bool({*self.functions(place)} & {*self.inlines.traceless.tolist()})

    def entry(self, place: Place) -> int | None:
        """The place in `.debug_info` of the function at a place."""
        if isinstance(self.inlines, str):
            return None
        return self.inlines.entry(place.address)


def object_debug(target: Target) -> ObjectDebug:
    """The DWARF of a module, in itself or in its debug file."""
    found = debug_image(target.image)
    return ObjectDebug(target, DebugSections(found) if found else None, inlines_in(found))
