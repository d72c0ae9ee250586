"""Readers of kernel images, of debug information and of lists of names."""

import gzip
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.image import open_image
from klprove.image.dwarf import DebugSections, index_inlines, pack
from klprove.image.dwarf.typed import unit_types
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import Reader, Wrong, dead, said
from tests.image.dwarves import made
from tests.image.elves import TEXT, kernel
from tests.scan.toy import objcopied, toy


@cache
def _images() -> Sequence[bytes]:
    whole = toy().read_bytes()
    others = (toy("-DALTERNATIVES"), toy("-O2", source="pointers.c"))
    return [
        whole,
        *(each.read_bytes() for each in others),
        kernel("s390x", {"f": (TEXT, 16)}, [TEXT]),
        gzip.compress(whole),
    ]


def _scanned(data: bytes, folder: Path) -> None:
    path = folder / "vmlinux"
    path.write_bytes(data)
    said(["scan", "--no-cache", str(path)])
    said(["scan", "--no-cache", str(path), "--json", "-"])


@cache
def _debugged() -> Sequence[bytes]:
    versions = ("-gdwarf-5", "-gdwarf-4", "-gdwarf-2")
    return [made(each, linked=linked).read_bytes() for each in versions for linked in (True, False)]


def _debug(data: bytes, folder: Path) -> None:
    """Debug information: the machine code that reads it finds what the interpreter finds."""
    path = folder / "vmlinux"
    path.write_bytes(data)
    image = open_image(str(path))
    found = [index_inlines(DebugSections(image), compiled) for compiled in (True, False)]
    if pack(found[0]) != pack(found[1]):
        raise Wrong("compiled and interpreted differ")
    for text in found[0].texts:
        dead(text)
    for unit in unit_types(DebugSections(image)):
        for word, name in unit.names():
            unit.layouts(word, name)
        for address in range(0, 256, 16):
            unit.prototype_at(address)
    said(["scan", "--no-cache", str(path), "--why", "leaf"])


def _listed(data: bytes, folder: Path) -> None:
    names, image = folder / "System.map", folder / "vmlinux"
    names.write_bytes(data)
    image.write_bytes(_images()[0])
    said(["scan", "--no-cache", str(image), "--traceable", str(names)])
    image.write_bytes(objcopied("--strip-all").read_bytes())
    said(["scan", "--no-cache", str(image), "--names", str(names), "--rcu-off", "--all"])


_LISTS = (
    b"ffffffff81000000 T first\nffffffff81000040 t second\nffffffff81000080 D data\n",
    b"first\nsecond [module]\nffffffff81000000 third\n",
)


READERS: Mapping[str, Reader] = {
    "image": Reader(lambda random: mutated(random, _images()), _scanned),
    "debug": Reader(lambda random: mutated(random, _debugged()), _debug),
    "list": Reader(lambda random: mutated(random, _LISTS), _listed),
}
"""By name."""
