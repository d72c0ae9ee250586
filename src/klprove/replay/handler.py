# SPDX-License-Identifier: GPL-2.0-or-later
"""A user's handler as a module, and what of the model its objects are."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klprove.image import open_image, symbols
from klprove.ir.program import Program
from klprove.lab import modules
from klprove.lab.layout import Layout
from klprove.lab.memory import FIXED
from klprove.replay.words import Pair

GUEST = Path(__file__).parent / "guest"
NAME = "handler"
_CALL = 5
"""Bytes of the call of ftrace at a function's start (MCOUNT_INSN_SIZE on x86)."""
_ELEMENT = re.compile(r"(\w+)(?:\[(\d+)\])?(\..*)?$")
_STRUCTURES: Mapping[str, str] = {
    "klp_ops": "klp_ops", "klp_funcs": "klp_func", "klp_patches": "klp_patch",
}  # fmt: skip
"""Objects that model and module share, and the structure of each."""
_TEXT = "klp_text"
_POISONED: Mapping[int, int] = {0x200: 0xDEAD000000000122}
"""LIST_POISON2: the models', and the kernel's (include/linux/poison.h, v6.1, x86-64)."""


@dataclass(frozen=True, slots=True)
class Built:
    """The module, and where in which of its sections its symbols lie."""

    data: bytes
    symbols: Mapping[str, tuple[str, int]]


def build(headers: Path, sources: Mapping[str, Mapping[str, bytes]]) -> dict[str, Built]:
    """Modules by name, of the files of each, in one run of make. Raises BadInput where one does not
    compile against `headers`: a handler is of another generation then."""
    if not sources:
        return {}
    with tempfile.TemporaryDirectory(prefix="klprove-") as folder:
        place = Path(folder) / "source"
        for name, files in sources.items():
            (place / name).mkdir(parents=True)
            for file, content in files.items():
                (place / name / file).write_bytes(content)
        (place / "Kbuild").write_text(f"obj-m := {' '.join(f'{name}/' for name in sources)}\n")
        made = modules(headers, place, [f"{name}/{name}" for name in sources])
        return {name: _built(made[f"{name}/{name}"], Path(folder)) for name in sources}


def _built(data: bytes, folder: Path) -> Built:
    made = folder / "made.ko"
    made.write_bytes(data)
    image = open_image(str(made))
    sections = {each.index: each for each in image.sections}
    found = {
        each.name: (sections[each.section].name, each.address - sections[each.section].address)
        for each in symbols(image)
        if each.section in sections
    }
    return Built(data, found)


def own(folder: str) -> dict[str, bytes]:
    """The files of a folder of the guest's, by name."""
    return {each.name: each.read_bytes() for each in sorted((GUEST / folder).iterdir())}


def source(user: str, defines: Mapping[str, str]) -> dict[str, bytes]:
    """The files of which the module is built, by name."""
    files = own(NAME)
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
    """The words of klp_ops, klp_funcs and klp_patches that model and module share, by the model's
    name. An array's elements may be in `addresses` one by one: `klp_funcs[1]`.

    Pointers of the model mean what lies at the same place in the module; a replacement is what is
    in `addresses`, or else what stands behind the call of ftrace at `site`.
    """
    found: dict[str, Pair] = {}
    meant = dict(_POISONED)
    for each in text.objects:
        if each.name == _TEXT:
            for number in range(len(each.init)):
                own = addresses.get(f"{_TEXT}[{number}]", site + _CALL)
                meant[each.addr + number] = own
        if each.name not in _STRUCTURES:
            continue
        for leaf in each.leaves:
            name = text.describe(each.addr + leaf.offset, leaf.ty.size)
            base = _base(name, places, addresses)
            pair = _pair(name, places, base)
            if pair is not None:
                found[name] = pair
            if base is not None:
                meant[each.addr + leaf.offset] = pair.word.at if pair is not None else base
    return {name: each._replace(meant=meant) for name, each in found.items()}


def _base(name: str, places: Layout, addresses: Mapping[str, int]) -> int | None:
    """Where the structure is that the word `name` belongs to; None for no place."""
    match = _ELEMENT.match(name)
    if match is None or match[1] not in _STRUCTURES:
        return None
    number = int(match[2] or 0)
    own = addresses.get(f"{match[1]}[{number}]")
    if own is not None or match[1] not in addresses:
        return own
    return addresses[match[1]] + number * places.size(_STRUCTURES[match[1]])


def _pair(name: str, places: Layout, base: int | None) -> Pair | None:
    match = _ELEMENT.match(name)
    if match is None or base is None:
        return None
    word = places.member(_STRUCTURES[match[1]], match[3] or "", FIXED, base)
    return Pair(name, name, word, (1 << 64) - 1, False) if word is not None else None
