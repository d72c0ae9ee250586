"""What lint asks of a kernel, and nothing else of it."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from klprove.lint.elf import (
    FILE,
    NOTYPE,
    OBJECT,
    SECTION,
    UNDEFINED,
    X86_64,
    Elf,
    Section,
    refuse,
    text_at,
)

_RANGES = {
    "noinstr": ("__noinstr_text_start", "__noinstr_text_end"),
    "sched": ("__sched_text_start", "__sched_text_end"),
    "cpuidle": ("__cpuidle_text_start", "__cpuidle_text_end"),
    "entry": ("__entry_text_start", "__entry_text_end"),
    "kprobes": ("__kprobes_text_start", "__kprobes_text_end"),
}
"""Parts of .text that vmlinux.lds.S marks with a pair of symbols."""


class Place(NamedTuple):
    """One symbol of a kernel: `section` is its ELF section, and the marked part of .text if it is
    in one (`.text/noinstr`)."""

    name: str
    address: int
    size: int
    section: str
    code: bool


class Kernel:
    """A vmlinux with a symbol table. Raises BadInput where it cannot be used."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.elf = Elf(path)
        if not self.elf.symbols:
            raise refuse(
                path,
                "no symbol table: names mean nothing here",
                "take the vmlinux of the debug package (linux-image-*-dbg)",
            )
        if not self._single("__start_mcount_loc") and not self._single("linux_banner"):
            raise refuse(path, "not a kernel: neither linux_banner nor __start_mcount_loc is in it")

    def code_names(self) -> list[str]:
        """Names of code, one an address."""
        return self._starts[1]

    @property
    def machine(self) -> int:
        """The ELF number of its machine."""
        return self.elf.machine

    @cached_property
    def _named(self) -> Mapping[str, list[tuple[int, int, int, int]]]:
        """By name: address, size, section, kind; as kallsyms has them, which are neither files nor
        sections nor the annotations of exports."""
        found: dict[str, list[tuple[int, int, int, int]]] = {}
        for name, value, size, section, kind, _ in self.elf.symbols:
            if section != UNDEFINED and kind not in (FILE, SECTION) and name:
                found.setdefault(name, []).append((value, size, section, kind))
        return found

    def named(self, name: str) -> tuple[Place, ...]:
        """Symbols called `name` in the order of kallsyms, by address: number N, from 1, is what
        `old_sympos` N means (kernel/livepatch/core.c, klp_find_callback)."""
        return tuple(self._place(name, *each) for each in sorted(self._named.get(name, ())))

    def _place(self, name: str, address: int, size: int, section: int, kind: int) -> Place:
        found = self._section(section)
        part = next((part for part, (low, high) in self._parts if low <= address < high), "")
        label = found.name if found else ""
        code = bool(found and found.executable)
        return Place(name, address, size, f"{label}/{part}" if part else label, code)

    def _section(self, index: int) -> Section | None:
        return self.elf.sections[index] if 0 < index < len(self.elf.sections) else None

    @cached_property
    def _parts(self) -> list[tuple[str, tuple[int, int]]]:
        bounds = {
            part: (self._single(low), self._single(high)) for part, (low, high) in _RANGES.items()
        }
        return [(part, (low, high)) for part, (low, high) in bounds.items() if low and high]

    def _single(self, name: str) -> int:
        found = self._named.get(name, ())
        return found[0][0] if len(found) == 1 else 0

    @cached_property
    def stems(self) -> Mapping[str, tuple[str, ...]]:
        """Names with a suffix (`f.cold`, `f.isra.0`, `count.3`) by what stands before its dot."""
        found: dict[str, list[str]] = {}
        for name in self._named:
            stem, dot, _ = name.partition(".")
            if dot and stem:
                found.setdefault(stem, []).append(name)
        return {stem: tuple(names) for stem, names in found.items()}

    @cached_property
    def _starts(self) -> tuple[list[int], list[str], list[int]]:
        """Addresses of code in order, the first name at each, and the end of each."""
        found: dict[int, tuple[str, int]] = {}
        for name, places in self._named.items():
            for address, size, index, kind in places:
                section = self._section(index)
                if section and section.executable and (kind != NOTYPE or size):
                    found.setdefault(address, (name, address + size))
        addresses = sorted(found)
        names, ends = [found[each][0] for each in addresses], [found[each][1] for each in addresses]
        return addresses, names, ends

    def at(self, address: int) -> tuple[str, int] | None:
        """Function and offset of an address of code; None in a gap."""
        addresses, names, ends = self._starts
        index = bisect_right(addresses, address) - 1
        if index < 0 or (address >= ends[index] and address != addresses[index]):
            return None
        return names[index], address - addresses[index]

    def start(self, address: int) -> str:
        """The function that starts at an address; empty without one."""
        found = self.at(address)
        return found[0] if found and not found[1] else ""

    def code(self, place: Place) -> bytes:
        """The instructions of a function; empty where the file has none."""
        return self._read(place.address, place.size)

    def _read(self, address: int, size: int) -> bytes:
        for each in self.elf.sections:
            if each.address and each.address <= address < each.address + each.size:
                return self.elf.piece(each, address - each.address, size)
        return b""

    @cached_property
    def sites(self) -> frozenset[int] | None:
        """Addresses of the calls that ftrace can redirect; None where the file has none."""
        low, high = self._single("__start_mcount_loc"), self._single("__stop_mcount_loc")
        data = self._read(low, high - low) if 0 < low < high else b""
        found = frozenset(each[0] for each in self.elf.numbers("Q", data)) - {0}
        return found or None

    def patchable(self, place: Place) -> bool | None:
        """Has a site at its entry: at the start, behind endbr64 (x86), within the first four
        instructions (others). None: the file does not hold the sites."""
        if self.sites is None:
            return None
        offsets = (0, 4) if self.machine == X86_64 else (0, 4, 8, 12, 16)
        return any(place.address + each in self.sites for each in offsets)

    def exports(self, name: str) -> bool:
        """The name is exported to modules."""
        return f"__ksymtab_{name}" in self._named

    def crc(self, name: str) -> int | None:
        """The checksum of an exported symbol's type; None where the kernel has none."""
        for address, _, index, _ in self._named.get(f"__crc_{name}", ()):
            section = self._section(index)
            if section is None:
                return address & 0xFFFFFFFF  # before v5.19 the checksum was the symbol's value
            data = self.elf.piece(section, address - section.address, 4)
            return next((each[0] for each in self.elf.numbers("I", data)), None)
        return None

    @cached_property
    def _data_at(self) -> Mapping[int, str]:
        found: dict[int, str] = {}
        for name, places in self._named.items():
            for address, _, index, kind in places:
                if kind == OBJECT and self._section(index):
                    found[address] = name
        return found

    def data_at(self, address: int) -> str:
        """The variable that starts at an address; empty without one."""
        return self._data_at.get(address, "")

    def data_named(self, name: str) -> bool:
        """A variable of that name exists."""
        return any(not each.code for each in self.named(name))

    @cached_property
    def release(self) -> str:
        """`6.1.0-56-amd64`, from the banner; empty where there is none."""
        match = re.match(r"Linux version (\S+)", self._string("linux_banner"))
        return match[1] if match else ""

    @cached_property
    def vermagic(self) -> str:
        """What a module's vermagic has to be; empty where it is not in the file."""
        return self._string("vermagic")

    def _string(self, name: str) -> str:
        address = self._single(name)
        return text_at(self._read(address, 1024), 0) if address else ""

    @cached_property
    def compiler(self) -> str:
        """The first line of .comment; else empty."""
        return text_at(self.elf.content(self.elf.by_name.get(".comment")), 0)

    @cached_property
    def unwinder(self) -> str:
        """`orc` where stacks are unwound by tables that each module has to bring; else empty."""
        return "orc" if self._single("__start_orc_unwind") else ""
