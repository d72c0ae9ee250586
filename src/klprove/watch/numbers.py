# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers in files of the kernel, which may have been made up: no more digits than a kernel has."""

import math

_DIGITS = 19


def whole(text: str) -> int | None:
    """A number without a sign; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def real(text: str) -> float | None:
    """The first word as a finite number; None where it is none."""
    try:
        found = float(text.split()[0])
    except (ValueError, IndexError):
        return None
    return found if math.isfinite(found) else None
