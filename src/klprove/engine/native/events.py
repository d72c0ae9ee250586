# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers for everything that a step may note, so that compiled code can say it in a word."""

from klprove.engine.points import Noted

BLOCKED = 0
"""A state in which no context on top can go on, and at least one waits."""
DEEP = 1
"""More frames than the record has room for: a bug of ours."""
_FIRST = 2


class Events:
    """Every distinct thing that may be noted; its number is its place in the list."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, Noted], int] = {}
        self._noted: list[tuple[int, Noted]] = []

    def number(self, context: int, what: str, index: int, detail: int = 0) -> int:
        """The number of something that context `context` (or property, kind ...) may note."""
        key = (context, (what, index, detail))
        if key not in self._numbers:
            self._numbers[key] = _FIRST + len(self._noted)
            self._noted.append(key)
        return self._numbers[key]

    def noted(self, number: int) -> tuple[int, Noted]:
        """What a number stands for."""
        return self._noted[number - _FIRST]

    def __len__(self) -> int:
        return _FIRST + len(self._noted)
