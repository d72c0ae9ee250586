"""The kernel that a livepatch is for."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from klprove.image import Symbol, Tables, open_image, tables
from klprove.image.elf import damaged, text_at
from klprove.image.symtab import SymbolTable, symbol_table
from klprove.lint.target import Target


class Kernel(Target):
    """A vmlinux with a symbol table. Raises BadInput where it cannot be used."""

    def __init__(self, path: str) -> None:
        image = open_image(path)
        table = symbol_table(image)
        if table is None or not len(table):
            raise damaged(
                path,
                "no symbol table: names mean nothing here",
                "take the vmlinux of the debug package (linux-image-*-dbg)",
            )
        super().__init__(image, table, table.values)
        if not self._single("__start_mcount_loc") and not self._single("linux_banner"):
            text = "not a kernel: neither linux_banner nor __start_mcount_loc is in it"
            raise damaged(path, text)

    def _indices(self, name: str) -> list[int]:
        found = self._table.find(name)
        found = found[self._kept[found]]
        return sorted(found.tolist(), key=lambda each: int(self._addresses[each]))

    @cached_property
    def _tables(self) -> Tables:
        return tables(self.image, _Named(self._table))

    def _part(self, address: int) -> str:
        ranges = self._tables.regions.ranges.items()
        found = [part for part, (low, high) in ranges if low <= address < high and part != "text"]
        return found[-1] if found else ""

    @cached_property
    def sites(self) -> frozenset[int] | None:
        """Addresses of the calls that ftrace can redirect; None where the file has none."""
        found = self._tables.sites
        return frozenset(found.addresses.tolist()) if found.present else None

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
        return text_at(bytes(self.image.at(address, 1024)), 0) if address else ""

    @cached_property
    def unwinder(self) -> str:
        """`orc` where stacks are unwound by tables that each module has to bring; else empty."""
        return "orc" if self._single("__start_orc_unwind") else ""

    @cached_property
    def injectable(self) -> frozenset[int]:
        """Addresses of the functions on the error-injection list (struct error_injection_entry,
        include/asm-generic/error-injection.h, v6.1); none where the kernel has no such list."""
        low = self._single("__start_error_injection_whitelist")
        high = self._single("__stop_error_injection_whitelist")
        data = self.image.at(low, high - low) if 0 < low < high else memoryview(b"")
        return frozenset(self.image.records(data, "u8").tolist()[::2])

    @cached_property
    def fmod_ret(self) -> tuple[str, ...]:
        """Names in the sets of functions that BPF may modify (register_btf_fmodret_id_set(), v6.3):
        the marks of such a set lie between its own and the next set's (include/linux/btf_ids.h)."""
        marks: list[tuple[int, str]] = []
        for raw in re.findall(rb"(?<=\0)__BTF_ID__\w+(?=\0)", self._table.strings):
            name = raw.decode("ascii")
            marks += [(int(self._addresses[index]), name) for index in self._table.find(name)]
        found: list[str] = []
        inside = False
        for _, name in sorted(marks):
            if name.startswith("__BTF_ID__set"):
                inside = "fmodret" in name
            elif inside and (match := re.fullmatch(r"__BTF_ID__func__(\w+?)__\d+", name)):
                found.append(match[1])
        return tuple(found)


class _Named(Mapping[str, Symbol]):
    """The first symbol of each name, made when it is asked for: 200,000 would take a second."""

    def __init__(self, table: SymbolTable) -> None:
        self._table = table

    def __getitem__(self, name: str) -> Symbol:
        for index in self._table.find(name).tolist():
            table, section = self._table, int(self._table.sections[index])
            if section:
                value, size = int(table.values[index]), int(table.sizes[index])
                kind, binding = int(table.kinds[index]), int(table.bindings[index])
                return Symbol(name, value, size, kind, binding, section)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._table.by_name if name)

    def __len__(self) -> int:
        return len(self._table.by_name)
