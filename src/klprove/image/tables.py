# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables that a linked kernel keeps about its own code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from klprove.image.alternatives import Alternatives, alternatives
from klprove.image.elf import Image
from klprove.image.symbols import Addresses, Functions, Symbol

_RELATIVE = {"x86_64": 8, "arm64": 1027, "ppc64le": 22, "s390x": 12, "loongarch64": 3}
"""R_*_RELATIVE of each machine's ELF supplement: the word is the addend."""
_WINDOW = {
    "x86_64": (0, 4), "arm64": (-8, 16), "ppc64le": (-8, 24), "s390x": (0, 8),
    "loongarch64": (0, 8),
}  # fmt: skip
"""Where, from its start, a function's ftrace site can be, both ends included.

x86: 0, or 4 behind endbr64. The others: see ftrace_call_adjust() of each machine (v6.12): arm64 has
the site behind `bti c`, powerpc behind the global entry and two instructions, or a stub's.
"""
_ENDBR = b"\xf3\x0f\x1e\xfa"
_NOWHERE = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Regions:
    """Named ranges of code, from boundary symbols: `.noinstr` -> (start, end)."""

    ranges: Mapping[str, tuple[int, int]]

    def of(self, starts: Addresses) -> Sequence[str]:
        """The region that each address lies in; empty for none."""
        found = np.full(len(starts), "", dtype="U16")
        for name, (start, end) in self.ranges.items():
            found[(starts >= start) & (starts < end)] = name
        return [str(each) for each in found]


@dataclass(frozen=True, slots=True)
class Sites:
    """The ftrace sites: `__mcount_loc`."""

    entries: int
    """Records of the table, zeroed ones too."""
    zeroed: int
    """Records that the link emptied: a weak function that another one overrides."""
    addresses: Addresses
    """Of the others, ascending."""
    present: bool = True
    """False where the image has no such table: nothing can be said about sites."""


@dataclass(frozen=True, slots=True)
class Jumps:
    """`__jump_table`: a static branch a record. Three columns of equal length."""

    codes: Addresses
    targets: Addresses
    keys: Addresses
    """Address of the key; bit 0: the branch is the likely one, bit 1: freed after boot."""


@dataclass(frozen=True, slots=True)
class StaticCalls:
    """`.static_call_sites`: two columns of equal length."""

    sites: Addresses
    keys: Addresses
    """Address of the key; bit 0: a tail call, bit 1: freed after boot."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything of one image; what it lacks is empty, and named in `missing`."""

    regions: Regions
    sites: Sites
    jumps: Jumps
    static_calls: StaticCalls
    alternatives: Alternatives
    retpolines: Addresses
    """Calls and jumps through a register's thunk: `.retpoline_sites`."""
    returns: int
    """Returns through a thunk: entries of `.return_sites`."""
    blacklist: Addresses
    """Functions that kprobes refuse (NOKPROBE_SYMBOL)."""
    ranges: Sequence[tuple[int, int]]
    """Where the tables of 8-byte addresses of functions lie: no use of those functions."""
    missing: Sequence[str] = field(default=())


_BOUNDS = {
    "text": ("_stext", "_etext"),
    "entry": ("__entry_text_start", "__entry_text_end"),
    "noinstr": ("__noinstr_text_start", "__noinstr_text_end"),
    "cpuidle": ("__cpuidle_text_start", "__cpuidle_text_end"),
    "irqentry": ("__irqentry_text_start", "__irqentry_text_end"),
    "softirqentry": ("__softirqentry_text_start", "__softirqentry_text_end"),
    "sched": ("__sched_text_start", "__sched_text_end"),
    "lock": ("__lock_text_start", "__lock_text_end"),
    "kprobes": ("__kprobes_text_start", "__kprobes_text_end"),
    "init": ("_sinittext", "_einittext"),
}
"""include/asm-generic/vmlinux.lds.h, v4.12 to v6.12. A later row wins where two hold an
address: since v6.3 (2b5a0e425e6e) the idle section lies inside noinstr."""
_ADDRESSES = (
    ("__start_mcount_loc", "__stop_mcount_loc"),
    ("__start_kprobe_blacklist", "__stop_kprobe_blacklist"),
)


def tables(image: Image, named: Mapping[str, Symbol]) -> Tables:
    """The tables of `image`, found by section or by the symbols around them."""
    missing: list[str] = []
    bounds = {
        name: (named[first].address, named[last].address)
        for name, (first, last) in _BOUNDS.items()
        if first in named and last in named
    }
    sites = _sites(image, named, missing)
    found = Tables(
        Regions(bounds),
        sites,
        _jumps(image, named),
        _static_calls(image, named),
        alternatives(image, named),
        _relative_sites(image, ".retpoline_sites"),
        len(_relative_sites(image, ".return_sites")),
        _words(image, named, "__start_kprobe_blacklist", "__stop_kprobe_blacklist"),
        [
            (named[first].address, named[last].address)
            for first, last in _ADDRESSES
            if first in named and last in named
        ],
    )
    if "noinstr" not in bounds:
        missing.append("boundaries of noinstr code (none before v5.8)")
    if not len(found.jumps.codes):
        missing.append("__jump_table")
    return replace(found, missing=tuple(missing))


def _relative_sites(image: Image, name: str) -> Addresses:
    """Places that a section has as distances from its entries, 4 bytes each (since v5.16)."""
    section = image.section(name)
    if section is None or image.kind == "ET_REL":
        return _NOWHERE
    words = image.array(section, "i4").astype(np.int64)
    places = _signed(section.address) + 4 * np.arange(len(words), dtype=np.int64)
    return _unsigned((places + words)[words != 0])


def site_offsets(image: Image, functions: Functions, sites: Sites) -> NDArray[np.int64]:
    """For each function the distance from its start to its ftrace site; -1 for none.

    x86-64 asks for the place where the kernel itself looks (start, or behind endbr64); elsewhere
    the first site in the machine's window counts, and a negative distance is returned as 0.
    """
    found = np.full(len(functions.starts), -1, np.int64)
    if not len(sites.addresses) or not len(found):
        return found
    first, last = _WINDOW[image.machine]
    starts = functions.starts.astype(np.int64)
    for distance in range(last, first - 1, -4):
        hit = np.isin((starts + distance).astype(np.uint64), sites.addresses)
        if distance > 0:
            hit &= starts + distance < functions.ends.astype(np.int64)  # else the next one's site
        if image.machine == "x86_64" and distance == 4:
            hit &= _landing(image, functions)
        found[hit] = max(distance, 0)
    return found


def _landing(image: Image, functions: Functions) -> NDArray[np.bool_]:
    """Which functions begin with endbr64."""
    found = np.zeros(len(functions.starts), np.bool_)
    wanted = int.from_bytes(_ENDBR, "little")
    for section in image.executable():
        data = np.frombuffer(image.data(section), np.uint8)
        here = (functions.starts >= section.address) & (
            functions.starts + 4 <= section.address + len(data)
        )
        place = (functions.starts[here] - section.address).astype(np.int64)
        words = sum(data[place + each].astype(np.uint32) << (8 * each) for each in range(4))
        found[here] = words == wanted
    return found


def _sites(image: Image, named: Mapping[str, Symbol], missing: list[str]) -> Sites:
    words = _words(image, named, "__start_mcount_loc", "__stop_mcount_loc")
    section = image.section("__mcount_loc")
    if not len(words) and section is not None:
        words = _relocated(image, section.address, image.array(section, "u8"))
    if not len(words):
        missing.append("ftrace sites (__mcount_loc)")
        return Sites(0, 0, _NOWHERE, False)
    kept = np.unique(words[words != 0])
    return Sites(len(words), int((words == 0).sum()), kept)


def _words(image: Image, named: Mapping[str, Symbol], first: str, last: str) -> Addresses:
    """The 8-byte words between two symbols, relocated."""
    if first not in named or last not in named:
        return _NOWHERE
    start, end = named[first].address, named[last].address
    if not 0 <= end - start <= 1 << 28:
        return _NOWHERE
    data = image.at(start, end - start)
    return _relocated(image, start, image.records(data, "u8"))


def _relocated(image: Image, start: int, words: Addresses) -> Addresses:
    """`words`, which are loaded at `start`, as they are after the kernel has relocated itself."""
    moved = words.astype(np.uint64)
    section = image.section(".rela.dyn") or image.section(".rela")
    if section is None or not len(words):
        return moved
    records = image.array(section, [("at", "u8"), ("info", "u8"), ("addend", "u8")])
    here = (records["info"] & 0xFFFFFFFF) == _RELATIVE[image.machine]
    here &= (records["at"] >= start) & (records["at"] - np.uint64(start) < 8 * len(words))
    place = (records["at"][here] - np.uint64(start)) // 8
    moved[place] = records["addend"][here]
    return moved


def _block(
    image: Image, named: Mapping[str, Symbol], name: str, section: str
) -> tuple[int, memoryview]:
    """Address and bytes of a table: between its symbols, or a section of its own."""
    first, last = named.get(f"__start_{name}"), named.get(f"__stop_{name}")
    if first and last and 0 < last.address - first.address <= 1 << 28:
        return first.address, image.at(first.address, last.address - first.address)
    found = image.section(section)
    return (found.address, image.data(found)) if found else (0, memoryview(b""))


def _jumps(image: Image, named: Mapping[str, Symbol]) -> Jumps:
    """struct jump_entry with relative places (include/linux/jump_label.h), 16 bytes."""
    start, data = _block(image, named, "__jump_table", "__jump_table")
    records = image.records(data, [("code", "i4"), ("target", "i4"), ("key", "i8")])
    places = _signed(start) + 16 * np.arange(len(records), dtype=np.int64)
    columns = (
        places + records["code"],
        places + 4 + records["target"],
        places + 8 + records["key"],
    )
    return Jumps(*(_unsigned(each) for each in columns))


def _static_calls(image: Image, named: Mapping[str, Symbol]) -> StaticCalls:
    """struct static_call_site (include/linux/static_call_types.h), 8 bytes, relative."""
    start, data = _block(image, named, "static_call_sites", ".static_call_sites")
    records = image.records(data, [("site", "i4"), ("key", "i4")])
    places = _signed(start) + 8 * np.arange(len(records), dtype=np.int64)
    return StaticCalls(_unsigned(places + records["site"]), _unsigned(places + 4 + records["key"]))


def _signed(address: int) -> int:
    """The address as two's complement: kernels live in the upper half."""
    return address - (1 << 64) if address >> 63 else address


def _unsigned(values: NDArray[np.int64]) -> Addresses:
    return values.astype(np.uint64)
