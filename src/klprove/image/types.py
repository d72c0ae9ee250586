# SPDX-License-Identifier: GPL-2.0-or-later
"""Types as a caller and a reader of memory see them, whichever format they were written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

VOID, NUMBER, POINTER, FLOAT, AGGREGATE, UNKNOWN = (
    "void", "number", "pointer", "float", "aggregate", "unknown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """The type of a parameter or a result. `text`: as in C; `signed` of a number; `target` of a
    pointer: the type it points to, as in C without qualifiers and names of types."""

    kind: str
    size: int
    text: str
    signed: bool = False
    target: str = ""


@dataclass(frozen=True, slots=True)
class Prototype:
    """What a function takes and returns."""

    result: Value
    parameters: tuple[Value, ...]
    variadic: bool = False

    @property
    def text(self) -> str:
        """`int (struct seq_file *, void *)`."""
        told = [each.text for each in self.parameters] + ["..."] * self.variadic
        return f"{self.result.text} ({', '.join(told) or 'void'})"


@dataclass(frozen=True, slots=True)
class Layout:
    """A structure, union or enumeration. `members`: the first bit and the number of bits of each,
    those of parts without a name included; of an enumeration each value and 0."""

    word: str
    size: int
    members: Mapping[str, tuple[int, int]]
    own: bool = field(default=False, compare=False)
    """Declared in the file that was compiled, not in a header."""


class TypeSource(Protocol):
    """Where layouts are known from: BTF, or a unit of DWARF."""

    def layouts(self, word: str, name: str) -> tuple[Layout, ...]:
        """The complete types `word name`; there may be several, of different files."""
