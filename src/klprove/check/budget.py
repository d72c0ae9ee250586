# SPDX-License-Identifier: GPL-2.0-or-later
"""Wall time, shared by sites that are looked at one after the other, or several at once."""

import time
from dataclasses import dataclass

from klprove.lower import OutOfTime

LEAST = 0.5
"""Seconds that a site gets if there are as many: what is begun should come to something."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Time up to `deadline`, on the monotonic clock; None: as much as it takes."""

    deadline: float | None

    @property
    def over(self) -> bool:
        """True where nothing is begun any more."""
        return self.left() == 0

    def left(self, more: float = 0.0) -> float | None:
        """Seconds until `more` after the deadline, at least 0; None: no end of them."""
        if self.deadline is None:
            return None
        return max(self.deadline + more - time.monotonic(), 0.0)

    def end(self, rest: int, at_once: int) -> float | None:
        """When the next of `rest` sites should be done, `at_once` of which are looked at together:
        each gets an even share, so a long one cannot starve the rest."""
        left = self.left()
        return None if left is None else time.monotonic() + left * min(at_once, rest) / rest

    def search(self, end: float | None) -> float | None:
        """Seconds for the search of a site that should be done at `end`: to be asked when it is
        about to begin. Raises OutOfTime where none are left."""
        left = self.left()
        if left is None or end is None:
            return None
        if left == 0:
            raise OutOfTime
        return min(max(end - time.monotonic(), LEAST), left)
