"""A small vmlinux that is cut out of a real one: a few functions, and all tables about them.

    python -m tests.lint.extract VMLINUX OUT NAME...

What is kept of a name: every symbol that is called so (their order is what `old_sympos` counts),
its clones and cold parts, what calls lead to within three steps, the variables whose addresses
stand in the code, ftrace sites, exports with their checksums, and the kernel's banner. Addresses
stay. It is the kernel's code, so it is made where a kernel is, and kept nowhere.
"""

import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from klprove.lint import Kernel
from klprove.lint.target import Place

STEPS = 3
_BOUNDS = (
    *("__start_mcount_loc", "__stop_mcount_loc", "linux_banner", "vermagic", "__start_orc_unwind"),
    *("__noinstr_text_start", "__noinstr_text_end", "__sched_text_start", "__sched_text_end"),
    *("__cpuidle_text_start", "__cpuidle_text_end", "__entry_text_start", "__entry_text_end"),
    *(
        "__kprobes_text_start",
        "__kprobes_text_end",
        "_text",
        "_stext",
        "_etext",
        "_end",
        "_sinittext",
        "_einittext",
    ),
    *("__start_kprobe_blacklist", "__stop_kprobe_blacklist", "__x86_return_thunk"),
)
_ALWAYS = ("do_exit",)
"""What rules ask for whatever is patched."""


class Piece(NamedTuple):
    """Bytes that stand at an address; `flags` of its section: 2 allocated, 4 code, 1 writable."""

    name: str
    address: int
    data: bytes
    flags: int


def extract(kernel: Kernel, names: Iterable[str]) -> bytes:
    """An ELF file with what `kernel` has of `names`."""
    places = list(_closure(kernel, names))
    pieces = [_piece(kernel, each) for each in _disjoint(places)]
    pieces += _tables(kernel)
    symbols = list(dict.fromkeys((*places, *_marks(kernel, places))))
    return _written(pieces, symbols)


def _piece(kernel: Kernel, place: Place) -> Piece:
    data = bytes(kernel.image.at(place.address, place.size))
    return Piece(place.section.partition("/")[0], place.address, data, 6 if place.code else 3)


def _closure(kernel: Kernel, names: Iterable[str]) -> Iterator[Place]:
    """The symbols to keep, each once."""
    seen: set[Place] = set()
    todo = [*((name, STEPS) for name in names), *((name, 1) for name in _ALWAYS)]
    done: dict[str, int] = {}
    for name, steps in todo:
        if done.get(name, -1) >= steps:
            continue
        done[name] = steps
        stems = kernel.stems.get(name.partition(".")[0], ())
        todo += [(each, steps) for each in stems]
        for place in kernel.named(name):
            if place not in seen:
                seen.add(place)
                yield place
            if steps and place.code:
                body = kernel.body(place)
                todo += [(use.name, steps - 1) for use in body.uses]
                todo += [(each, 0) for each in map(kernel.data_at, body.data) if each]


def _disjoint(places: Iterable[Place]) -> Iterator[Place]:
    """Those that hold bytes, without what another one has already."""
    end = 0
    for each in sorted(places, key=lambda each: (each.address, -each.size)):
        if each.size and each.address >= end:
            end = each.address + each.size
            yield each


def _tables(kernel: Kernel) -> Iterator[Piece]:
    low, high = (kernel.named(each)[0].address for each in _BOUNDS[:2])
    sites = b"".join(struct.pack("<Q", each) for each in sorted(kernel.sites or ()))
    yield Piece(".init.data", low, sites[: high - low], 3)
    for name in ("linux_banner", "vermagic"):
        for place in kernel.named(name):
            yield Piece(".rodata", place.address, bytes(kernel.image.at(place.address, 512)), 2)
    yield Piece(".comment", 0, kernel.compiler.encode() + b"\0", 0)


def _marks(kernel: Kernel, places: Sequence[Place]) -> Iterator[Place]:
    """Symbols that stand for no bytes here: bounds, exports, and checksums as before v5.19, the
    value of a symbol."""
    for name in _BOUNDS:
        yield from kernel.named(name)
    for name in dict.fromkeys(place.name for place in places):
        yield from kernel.named(f"__ksymtab_{name}")
        crc = kernel.crc(name)
        if crc is not None:
            yield Place(f"__crc_{name}", crc, 0, "", False)


def _written(pieces: Sequence[Piece], symbols: Sequence[Place]) -> bytes:
    """ELF64, little-endian, x86-64, linked; symbols are local, and none has a size where its
    section is not here."""
    names, sections = bytearray(b"\0"), [bytes(64)]
    body = bytearray(64)
    homes: list[tuple[int, int, int]] = []
    for number, each in enumerate(pieces, 1):
        sections.append(_header(names, each.name, 1, each.flags, each.address, body, each.data))
        homes.append((each.address, each.address + max(len(each.data), 1), number))
    homes.sort()
    strings, table = bytearray(b"\0"), bytearray(24)
    for place in symbols:
        home = next((n for low, high, n in homes if low <= place.address < high), 0xFFF1)
        kind = 2 if place.code else 1
        table += struct.pack(
            "<IBBHQQ", len(strings), kind, 0, min(home, 0xFFFF), place.address, place.size
        )
        strings += place.name.encode() + b"\0"
    link = len(sections) + 1
    count = len(table) // 24
    sections.append(_header(names, ".symtab", 2, 0, 0, body, bytes(table), link, count, 24))
    sections.append(_header(names, ".strtab", 3, 0, 0, body, bytes(strings)))
    sections.append(_header(names, ".shstrtab", 3, 0, 0, body, bytes(names + b".shstrtab\0")))
    start = len(body)
    last = len(sections) - 1
    body[:64] = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0, 0, start, 0, 64, 0, 0, 64,
        len(sections), last,
    )  # fmt: skip
    return bytes(body) + b"".join(sections)


def _header(
    names: bytearray, name: str, kind: int, flags: int, address: int, body: bytearray, data: bytes,
    link: int = 0, info: int = 0, entry: int = 0,
) -> bytes:  # fmt: skip
    """A section header; the data goes to the end of `body`, the name to that of `names`."""
    body += bytes(-len(body) % 16)
    place = len(body)
    body += data
    known = len(names)
    names += name.encode() + b"\0"
    return struct.pack(
        "<IIQQQQIIQQ", known, kind, flags, address, place, len(data), link, info, 8, entry
    )


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(extract(Kernel(sys.argv[1]), sys.argv[3:]))
