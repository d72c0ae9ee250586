# SPDX-License-Identifier: GPL-2.0-or-later
"""A `klp_patch` in C: samples, SUSE, everything written by hand. An initialised structure whose
pointers are relocations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from klprove.lint.livepatch import CALLBACKS, VMLINUX, Function, Object, Plan, State
from klprove.lint.members import Members
from klprove.lint.pointers import Place, Pointers


@dataclass(frozen=True, slots=True)
class _Array:
    places: Sequence[Place]
    stride: int


class Structures:
    """Reads the structures in a module, as `members` says that they lie."""

    def __init__(self, pointers: Pointers, members: Members) -> None:
        self._pointers = pointers
        self._at = members

    def plan(self) -> Plan | None:
        """What the module patches; None where no klp_patch is found in its data."""
        return next((plan for each in self._own_module() if (plan := self._patch(each))), None)

    def _own_module(self) -> Iterator[Place]:
        """Places of pointers to the module itself; a klp_patch begins with one."""
        for section in self._pointers.elf.sections:
            if section.writable and not section.executable:
                for offset, each in sorted(self._pointers.table(section.index).items()):
                    if each.symbol.name == "__this_module" and not each.addend:
                        yield Place(section.index, offset)

    def _patch(self, place: Place) -> Plan | None:
        pointers, at = self._pointers, self._at
        first = pointers.follow(place, at.objs)
        if first is None or not pointers.section(first).writable:
            return None
        objects = self._objects(first)
        if not objects.places:
            return None
        strides: set[int] = set()
        found = []
        for each in objects.places:
            functions = self._functions(pointers.follow(each, at.funcs))
            strides.add(functions.stride)
            name = pointers.text(pointers.follow(each, at.name)) or VMLINUX
            found.append(self.object(each, name, functions.places))
        states = pointers.follow(place, at.states) if at.states is not None else None
        return Plan(
            "klp_patch in C",
            tuple(found),
            self._replace(place),
            self._layout(objects.stride, strides),
            tuple(self._states(states)),
        )

    def _replace(self, place: Place) -> bool | None:
        if self._at.replace is None:
            return False  # before v5.1 patches are stacked
        if self._touched(place, self._at.replace):
            return None
        return bool(self._pointers.number(place, self._at.replace, 1))

    def _touched(self, place: Place, offset: int) -> bool:
        """Code of the module refers to that byte, so it may be set before it is used. On x86-64
        what is relative counts from the end of the instruction: 4 bytes on, 5 with a constant."""
        wanted = place.offset + offset
        near = range(wanted - 5, wanted + 1)
        return any(
            found.section == place.section and found.offset in near and found.offset != place.offset
            for section in self._pointers.elf.sections
            if section.executable
            for each in self._pointers.table(section.index).values()
            if (found := self._pointers.target(each))
        )

    def _layout(self, objects: int, functions: set[int]) -> str:
        sizes = [f"{size} bytes an object"] if (size := objects) else []
        sizes += [f"{size} bytes a function" for size in sorted(functions - {0})]
        return self._at.source + (f": {', '.join(sizes)}" if sizes else "")

    def _objects(self, first: Place) -> _Array:
        """Elements of an array of klp_object: `funcs` points to data, `name` to a string or
        nowhere."""
        funcs = self._at.funcs
        places = []
        for each in self._pointers.within(first):
            target = self._pointers.follow(each)
            writable = target and self._pointers.section(target).writable
            if writable and each.offset >= first.offset + funcs:
                places.append(Place(each.section, each.offset - funcs))
        return _regular(first, places, self._at.object_size)

    def _functions(self, first: Place | None) -> _Array:
        """Elements of an array of klp_func: a string, then code."""
        if first is None:
            return _Array((), 0)
        pointers, at = self._pointers, self._at
        places = []
        for each in pointers.within(first):
            start = Place(each.section, each.offset - at.old_name)
            name, new = pointers.follow(each), pointers.follow(start, at.new_func)
            if name and new and pointers.section(new).executable and pointers.text(name):
                places.append(start)
        return _regular(first, places, at.function_size)

    def object(self, place: Place, name: str, places: Sequence[Place]) -> Object:
        """The klp_object at a place, with its functions at `places`."""
        functions = tuple(self._function(name, each) for each in places)
        return Object(name, functions, self._callbacks(place))

    def _function(self, owner: str, place: Place) -> Function:
        pointers, at = self._pointers, self._at
        new = pointers.function(pointers.follow(place, at.new_func))
        name = pointers.text(pointers.follow(place, at.old_name))
        return Function(owner, name, pointers.number(place, at.old_sympos, 8), new)

    def _callbacks(self, place: Place) -> dict[str, str]:
        found: dict[str, str] = {}
        if self._at.callbacks is None:
            return found
        for index, kind in enumerate(CALLBACKS):
            target = self._pointers.follow(place, self._at.callbacks + 8 * index)
            if function := self._pointers.function(target):
                found[kind] = function.name
        return found

    def _states(self, place: Place | None) -> Iterator[State]:
        if place is None:
            return
        for offset in range(0, self._pointers.end(place) - place.offset, 24):
            number = self._pointers.number(place, offset, 8)
            if not number:
                return
            yield State(number, self._pointers.number(place, offset + 8, 4))


def _regular(first: Place, places: Sequence[Place], size: int) -> _Array:
    """As many of `places` as stand at equal distances, beginning with `first`; `size` is the
    distance, 0 where the second place tells it."""
    if not places or places[0] != first:
        return _Array((), 0)
    stride = size or (places[1].offset - first.offset if len(places) > 1 else 0)
    kept = {each.offset: each for each in places}
    found = [first]
    while stride and found[-1].offset + stride in kept:
        found.append(kept[found[-1].offset + stride])
    return _Array(found, stride)
