# SPDX-License-Identifier: GPL-2.0-or-later
"""A call of a model beside the image that the model was chosen for."""

from dataclasses import dataclass

CALLED, PART, INLINED, CLOSED, OPEN = "called", "part", "inlined", "no site", "open"
"""The caller's code calls the function; calls only parts or clones of it, which have names and
ftrace sites of their own; has a copy of it and calls none with a site; calls what has no site; or
nothing is known: a call through a pointer, or by way of another function."""
WORDS = (CALLED, PART, INLINED, CLOSED, OPEN)


@dataclass(frozen=True, slots=True)
class CallSite:
    """One call of a function that a livepatch may replace."""

    caller: str
    callee: str
    word: str
    """One of WORDS."""
    symbols: tuple[str, ...] = ()
    """What the image calls there: the function, its parts and clones."""

    @property
    def enters(self) -> bool:
        """False where that call cannot enter the handler of a livepatch."""
        return self.word not in (INLINED, CLOSED)

    @property
    def key(self) -> str:
        """`caller:callee`, as `--inline` has it."""
        return f"{self.caller}:{self.callee}"
