# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions a member of a structure may point to: by prototype, and by where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from klprove.image import Addresses, Functions
from klprove.image.btf import Layout, Leaf, Signature, Signatures


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the addresses of functions are taken."""

    in_code: NDArray[np.int64]
    """Functions that are an operand of an instruction."""
    in_data: NDArray[np.int64]
    """Functions that stand in data, one for each time."""
    places: Addresses
    """Where they stand; as long as `in_data`."""
    objects: NDArray[np.uint64]
    """Start and size of each variable, by start."""
    stored: Sequence[tuple[int, int]] = ()
    """(function, distance) where an instruction stores its address so far from a pointer."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Functions of one prototype whose address is taken."""

    fitting: Sequence[int]
    """Their address is taken in code, or stands in a variable where that member can be."""
    others: Sequence[int]
    """It stands elsewhere only: they get into the member if somebody copies them."""

    def every(self) -> tuple[int, ...]:
        """Both."""
        return (*self.fitting, *self.others)


NONE = Targets((), ())


class Members:
    """The functions behind the members of structures of one image."""

    def __init__(
        self, signatures: Signatures, layout: Layout, functions: Functions, taken: Taken
    ) -> None:
        self._signatures, self._layout = signatures, layout
        self._functions, self._taken = functions, taken
        self._found: dict[tuple[str, str, Signature], Targets] = {}
        self._in_code = frozenset(taken.in_code.tolist())

    def named(self, member: str) -> Targets:
        """The functions of `structure.member`; NONE where there is no such pointer."""
        structure, _, name = member.partition(".")
        signature = self._signatures.member(structure, name)
        return self._targets(structure, name, signature) if signature is not None else NONE

    def of(self, leaf: Leaf) -> Targets:
        """The functions of a member that an instruction reads."""
        signature = self._signatures.of(leaf.type)
        return self._targets(leaf.structure, leaf.name, signature) if signature else NONE

    def prototype(self, number: int) -> Targets:
        """The functions of a prototype: behind a parameter, say, that is a pointer to one."""
        signature = self._signatures.of(number)
        return Targets(tuple(self._typed.get(signature, ())), ()) if signature else NONE

    def at(self, distance: int) -> frozenset[int]:
        """Functions that stand so far from the start of some variable, or are stored so far from
        a pointer: what a call may find there that reads no member that is known."""
        return self._distances.get(distance, frozenset())

    @cached_property
    def _distances(self) -> Mapping[int, frozenset[int]]:
        found: dict[int, set[int]] = {}
        if len(self._taken.objects):
            size, distance = self._within
            inside = size > 0
            columns = (distance[inside].tolist(), self._taken.in_data[inside].tolist())
            for far, index in zip(*columns, strict=True):
                found.setdefault(far, set()).add(index)
        for index, far in self._taken.stored:
            found.setdefault(far, set()).add(index)
        return {far: frozenset(each) for far, each in found.items()}

    def _targets(self, structure: str, name: str, signature: Signature) -> Targets:
        key = structure, name, signature
        if key not in self._found:
            typed = self._typed.get(signature, ())
            places = self._layout.places(structure, name)
            told = len(self._taken.objects) and places
            there = self._fitting(structure, name) if told else frozenset(typed)
            fits = there | self._in_code if told else there
            stored = {index for _, offset in places for index in self.at(offset)}
            untyped = self._untyped & (there | stored)
            self._found[key] = Targets(
                tuple(each for each in typed if each in fits),
                (*(each for each in typed if each not in fits), *sorted(untyped)),
            )
        return self._found[key]

    @cached_property
    def _untyped(self) -> frozenset[int]:
        """Functions whose address is taken and whose prototype BTF need not have: of several that
        have one name it has one, or none."""
        names = {index for name in self._signatures.every if name not in self._functions.namesakes
                 for index in self._functions.variants.get(name, ())}  # fmt: skip
        taken = self._in_code | frozenset(self._taken.in_data.tolist())
        return frozenset(each for each in taken - names if not self._functions.fragment(each))

    @cached_property
    def _typed(self) -> Mapping[Signature, Sequence[int]]:
        """By signature the functions whose address is taken; of a name with several, under each."""
        taken = self._in_code | frozenset(self._taken.in_data.tolist())
        found: dict[Signature, list[int]] = {}
        for name, signatures in self._signatures.every.items():
            for index in self._functions.variants.get(name, ()):
                if index in taken and not self._functions.fragment(index):
                    for each in signatures:
                        found.setdefault(each, []).append(index)
        return found

    def _fitting(self, structure: str, name: str) -> frozenset[int]:
        """Functions that stand in a variable where that member can be: the variable is an array of
        the structure, or of one that holds it."""
        size, distance = self._within
        fits = np.zeros(len(size), np.bool_)
        for whole, offset in self._layout.places(structure, name):
            step = np.uint64(whole)
            fits |= (size % step == 0) & (distance % step == np.uint64(offset))
        fits |= size == 0  # in no variable that has a name
        return frozenset(self._taken.in_data[fits].tolist())

    @cached_property
    def _within(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """For each place in data the size of the variable around it, and the place's distance from
        its start; size 0 for none."""
        starts, sizes = self._taken.objects[:, 0], self._taken.objects[:, 1]
        last = np.searchsorted(starts, self._taken.places, side="right").astype(np.int64) - 1
        known = last >= 0
        last = np.maximum(last, 0)
        distance = np.where(known, self._taken.places - starts[last], np.uint64(0))
        inside = known & (distance < sizes[last])
        return np.where(inside, sizes[last], np.uint64(0)), distance
