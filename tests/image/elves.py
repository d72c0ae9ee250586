"""ELF files of any machine and byte order, written here: the least that a reader needs."""

import struct
from collections.abc import Mapping, Sequence

MACHINES = {"x86_64": 62, "arm64": 183, "ppc64le": 21, "s390x": 22}
RELATIVE = {"x86_64": 8, "arm64": 1027, "ppc64le": 22, "s390x": 12}
_PROGBITS, _SYMTAB, _STRTAB, _RELA = 1, 2, 3, 4
TEXT, TABLE, RELA = 0x10000, 0x20000, 0x30000
"""Where code, the table of ftrace sites and the relocations are loaded."""


def kernel(
    machine: str,
    functions: Mapping[str, tuple[int, int]],
    sites: Sequence[int],
    relocated: bool = False,
) -> bytes:
    """A kernel with `functions` (address, size) and a table of `sites`.

    `relocated`: the table is zeros, and relative relocations bring the addresses.
    """
    order = ">" if machine == "s390x" else "<"
    words = [0] * len(sites) if relocated else sites
    table = struct.pack(f"{order}{len(words)}Q", *words)
    relocations = b"".join(
        struct.pack(order + "QQq", TABLE + 8 * i, RELATIVE[machine], site)
        for i, site in enumerate(sites if relocated else ())
    )
    symbols = {
        **{name: (address, size, 0x12, 1) for name, (address, size) in functions.items()},
        "__start_mcount_loc": (TABLE, 0, 0x10, 2),
        "__stop_mcount_loc": (TABLE + len(table), 0, 0x10, 2),
        "_stext": (TEXT, 0, 0x10, 1),
        "_etext": (TEXT + 0x1000, 0, 0x10, 1),
    }
    names, records = b"\0", bytes(24)
    for name, (address, size, info, home) in symbols.items():
        records += struct.pack(order + "IBBHQQ", len(names), info, 0, home, address, size)
        names += name.encode() + b"\0"
    parts = [
        (".text", _PROGBITS, 6, TEXT, bytes(0x1000), 0),
        (".init.data", _PROGBITS, 3, TABLE, table, 0),
        (".rela.dyn", _RELA, 2, RELA, relocations, 0),
        (".symtab", _SYMTAB, 0, 0, records, 5),
        (".strtab", _STRTAB, 0, 0, names, 0),
    ]
    return _file(order, MACHINES[machine], parts)


def _file(
    order: str, machine: int, parts: Sequence[tuple[str, int, int, int, bytes, int]]
) -> bytes:
    names = b"\0" + b"".join(each[0].encode() + b"\0" for each in parts) + b".shstrtab\0"
    every = [*parts, (".shstrtab", _STRTAB, 0, 0, names, 0)]
    content, headers = bytearray(64), bytes(64)
    for name, kind, flags, address, data, link in every:
        place = names.index(b"\0" + name.encode() + b"\0") + 1
        entry = {_SYMTAB: 24, _RELA: 24}.get(kind, 0)
        headers += struct.pack(
            order + "IIQQQQIIQQ",
            *(place, kind, flags, address, len(content), len(data), link, 1, 8, entry),
        )
        content += data + bytes(-len(data) % 8)
    head = b"\x7fELF\x02" + (b"\x02" if order == ">" else b"\x01") + b"\x01" + bytes(9)
    content[:64] = head + struct.pack(
        order + "HHIQQQIHHHHHH",
        *(2, machine, 1, 0, 0, len(content), 0, 64, 0, 0, 64, len(every) + 1, len(every)),
    )
    return bytes(content) + headers
