# SPDX-License-Identifier: GPL-2.0-or-later
"""A place in a source file."""

from typing import NamedTuple


class Span(NamedTuple):
    """One place: file as the user named it, line and column from 1; line 0 means nowhere."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE = Span("<klprove>", 0, 0)
