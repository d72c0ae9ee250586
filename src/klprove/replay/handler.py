# SPDX-License-Identifier: GPL-2.0-or-later
"""A user's handler as a module, and what of the model its objects are."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klprove.image import open_image, symbols
from klprove.ir.program import Program
from klprove.lab import module
from klprove.lab.layout import Layout
from klprove.lab.memory import FIXED
from klprove.replay.words import Pair

GUEST = Path(__file__).parent / "guest"
NAME = "handler"
_CALL = 5
"""Bytes of the call of ftrace at a function's start (MCOUNT_INSN_SIZE on x86)."""
_ELEMENT = re.compile(r"(\w+)(?:\[(\d+)\])?(\..*)?$")
_STRUCTURES: Mapping[str, str] = {"klp_ops": "klp_ops", "klp_funcs": "klp_func"}
"""Objects that model and module share, and the structure of each."""
_TEXT = "klp_text"


@dataclass(frozen=True, slots=True)
class Built:
    """The module, and where in which of its sections its symbols lie."""

    data: bytes
    symbols: Mapping[str, tuple[str, int]]


def build(headers: Path, user: str, defines: Mapping[str, str]) -> Built:
    """The module of the handler in the file `user`, with its macros. Raises BadInput where it does
    not compile against `headers`: it is of another generation then."""
    with tempfile.TemporaryDirectory(prefix="klprove-") as folder:
        place = Path(folder) / "source"
        for name, content in source(user, defines).items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(content)
        data = module(headers, place, NAME)
        made = Path(folder) / "handler.ko"
        made.write_bytes(data)
        image = open_image(str(made))
        sections = {each.index: each for each in image.sections}
        found = {
            each.name: (
                sections[each.section].name,
                each.address - sections[each.section].address,
            )
            for each in symbols(image)
            if each.section in sections
        }
    return Built(data, found)


def source(user: str, defines: Mapping[str, str]) -> dict[str, bytes]:
    """The files of which the module is built, by name."""
    files = {each.name: each.read_bytes() for each in sorted((GUEST / NAME).iterdir())}
    macros = [
        f"#ifndef {name}\n#define {name} {value}\n#endif\n" for name, value in defines.items()
    ]
    return {**files, "user.c": Path(user).read_bytes(), "macros.h": "".join(macros).encode()}


def loaded(built: Built, sections: Mapping[str, int]) -> dict[str, int]:
    """Where its symbols are, given where the kernel has put its sections."""
    return {
        name: sections[section] + offset
        for name, (section, offset) in built.symbols.items()
        if section in sections
    }


def pairs(
    text: Program, places: Layout, addresses: Mapping[str, int], site: int
) -> dict[str, Pair]:
    """The words of klp_ops and klp_funcs that model and module share, by the model's name.

    Pointers of the model mean what lies at the same place in the module; a replacement is what
    stands behind the call of ftrace at `site`.
    """
    found: dict[str, Pair] = {}
    meant: dict[int, int] = {}
    for each in text.objects:
        if each.name == _TEXT:
            meant |= {each.addr + offset: site + _CALL for offset in range(len(each.init))}
        if each.name not in _STRUCTURES or each.name not in addresses:
            continue
        for leaf in each.leaves:
            name = text.describe(each.addr + leaf.offset, leaf.ty.size)
            pair = _pair(name, places, addresses)
            if pair is not None:
                found[name] = pair
                meant[each.addr + leaf.offset] = pair.word.at
    return {name: each._replace(meant=meant) for name, each in found.items()}


def _pair(name: str, places: Layout, addresses: Mapping[str, int]) -> Pair | None:
    match = _ELEMENT.match(name)
    if match is None or match[1] not in addresses or match[1] not in _STRUCTURES:
        return None
    structure = _STRUCTURES[match[1]]
    base = addresses[match[1]] + int(match[2] or 0) * places.size(structure)
    word = places.member(structure, match[3] or "", FIXED, base)
    return Pair(name, name, word, (1 << 64) - 1, False) if word is not None else None
