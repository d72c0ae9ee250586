# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a kernel keeps what: by symbols and BTF of its own image, never by numbers of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from klprove.image import Symbol, open_image, symbols, tables
from klprove.image.btf import Types, types
from klprove.image.btf.reading import ARRAY, ENUM, ENUM64, INT, POINTER, VARIABLE
from klprove.lab.memory import PER_CPU, TASK, Word
from klprove.source import BadInput, Diagnostic, Span

_POINTERS, _DEEPEST = 8, 16
_ENDBR = 4
"""Bytes of endbr64."""


@dataclass(frozen=True)
class Layout:
    """The symbols and the types of one image."""

    path: str
    named: Mapping[str, int]
    """Address by name; the first of a name."""
    types: Types
    variables: Mapping[str, int]
    """Type of each variable that BTF knows: the per-CPU ones."""
    sites: frozenset[int] = field(default=frozenset(), repr=False)
    """Addresses of the calls of ftrace."""

    def site(self, name: str) -> int | None:
        """Where function `name` calls ftrace: at its start, or behind endbr64; None for nowhere."""
        start = self.named.get(name)
        places = () if start is None else (start, start + _ENDBR)
        return next((each for each in places if each in self.sites), None)

    def variable(self, name: str, path: str) -> Word | None:
        """The per-CPU variable's part `path` (`.state.counter`); None where there is none."""
        if name not in self.variables or name not in self.named:
            return None
        return self._part(PER_CPU, self.named[name], self.variables[name], path)

    def member(self, structure: str, path: str, home: str = TASK, base: int = 0) -> Word | None:
        """Part `path` of a `structure` that lies at `base` of `home`; None where there is none."""
        for number in self.types.structures(structure):
            found = self._part(home, base, number, path)
            if found is not None:
                return found
        return None

    def size(self, structure: str) -> int:
        """Bytes of a structure; KeyError where there is none of that name."""
        return self.types.size(self.types.complete[structure][0])

    def _part(self, home: str, at: int, number: int, path: str) -> Word | None:
        for name in filter(None, path.split(".")):
            inner = next(self.types.find(self.types.bare(number), name), None)
            if inner is None:
                return None
            number, offset = inner
            at += offset
        return self._scalar(home, at, number)

    def _scalar(self, home: str, at: int, number: int) -> Word | None:
        for _ in range(_DEEPEST):  # atomic_t and its like: structures of one member
            number = self.types.bare(number)
            fields = self.types.fields(number)
            if len(fields) != 1 or fields[0].width:
                break
            at, number = at + fields[0].first // 8, fields[0].type
        kind = self.types.kind(number)
        if kind == POINTER:
            return Word(home, at, _POINTERS, False)
        if kind in (INT, ENUM, ENUM64):
            return Word(home, at, self.types.size(number), self.types.signed(number))
        if kind == ARRAY:  # of characters: its first bytes
            return Word(home, at, self.types.element(number)[1], False)
        return None


def layout(path: str) -> Layout:
    """What the image at `path` says of itself. Raises BadInput where it lacks symbols or BTF."""
    image = open_image(path)
    if image.machine != "x86_64":
        raise _wrong(path, f"an image for {image.machine}: the lab's machines are x86-64")
    named: dict[str, Symbol] = {}
    for each in symbols(image):
        named.setdefault(each.name, each)
    found = {name: each.address for name, each in named.items()}
    if not found:
        raise _wrong(path, "it has no symbol table: take the vmlinux of the debug package")
    if "__per_cpu_offset" not in found:
        raise _wrong(path, "it has no __per_cpu_offset: no kernel, or one for a single CPU")
    known = types(image)
    if known is None:
        raise _wrong(path, "it has no BTF (CONFIG_DEBUG_INFO_BTF): no member can be placed")
    variables = {known.name(each): known.target(each) for each in known.of_kind(VARIABLE)}
    sites = frozenset(tables(image, named).sites.addresses.tolist())
    return Layout(path, found, known, variables, sites)


def _wrong(path: str, text: str) -> BadInput:
    return BadInput([Diagnostic("image", Span(path, 0, 0), text)])
