# SPDX-License-Identifier: GPL-2.0-or-later
"""Names from a text file: System.map, /proc/kallsyms, available_filter_functions(_addrs)."""

import re
from collections.abc import Sequence

from klprove.image.elf import Image, damaged
from klprove.image.symbols import FUNCTION, UNTYPED, Symbol
from klprove.source import BadInput, Diagnostic, Span

_LINE = re.compile(r"([0-9a-f]{8,16}) ([A-Za-z?]) (\S+)(?:\s+(\[\S+\]))?$")
_FILTER = re.compile(r"(?:[0-9a-f]{8,16} )?([A-Za-z_.][\w.$]*)(?:\s+(\[\S+\]))?$")
_LARGEST = 64 << 20


def read_map(path: str, image: Image) -> list[Symbol]:
    """The symbols that a System.map or a kallsyms lists, for an image that has none.

    They have no sizes, and each is in the section that holds its address. Raises BadInput with the
    line that is none, or where kallsyms hides the addresses.
    """
    found: list[Symbol] = []
    homes = [each for each in image.sections if each.allocated and each.address]
    hidden = 0
    for number, line in enumerate(_lines(path), 1):
        match = _LINE.match(line)
        if match is None:
            raise _wrong(path, number, "not a line `address type name`")
        if match[4]:
            continue  # a module's
        address = int(match[1], 16)
        hidden += address == 0
        home = next((e.index for e in homes if e.address <= address < e.address + e.size), 0)
        if home:
            kind = FUNCTION if match[2] in "tTwW" else UNTYPED
            found.append(Symbol(match[3], address, 0, kind, int(match[2].isupper()), home))
    if hidden > 100:
        raise damaged(path, "its addresses are hidden (all zeros): read it as root")
    if not found:
        raise damaged(
            path, "no address in it lies in the image: of another kernel, or moved (KASLR)"
        )
    return found


def read_traceable(path: str) -> frozenset[str]:
    """The names in `available_filter_functions` or `available_filter_functions_addrs`, modules'
    left out: the addresses are moved by KASLR. Raises BadInput with the line that is none."""
    names: set[str] = set()
    for number, line in enumerate(_lines(path), 1):
        match = _FILTER.match(line)
        if match is None:
            raise _wrong(path, number, "not a line of available_filter_functions")
        if not match[2]:
            names.add(match[1])
    return frozenset(names)


def _lines(path: str) -> Sequence[str]:
    try:
        with open(path, encoding="ascii", errors="backslashreplace") as file:
            text = file.read(_LARGEST)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput([Diagnostic("file", Span(path, 0, 0), f"cannot be read: {said}")]) from None
    return text.splitlines()


def _wrong(path: str, line: int, text: str) -> BadInput:
    return BadInput([Diagnostic("image", Span(path, line, 1), text)])
