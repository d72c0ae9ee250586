# SPDX-License-Identifier: GPL-2.0-or-later
"""How names are shown, and what may have been meant."""

import re
from collections.abc import Iterable


def plain(text: str) -> str:
    """`text` in printable ASCII, everything else as a backslash escape.

    What comes from an input reaches a terminal, a page or another program's language only so:
    control characters, escape sequences and changes of writing direction are dead there.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each if " " <= each <= "~" else each.encode("unicode_escape").decode() for each in text
    )


def plain_lines(text: str) -> str:
    """`text` as `plain` has it, but for newlines and tabs, which stay."""
    return re.sub(r"[^\t\n -~]+", lambda found: plain(found[0]), text)


def near(name: str, known: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """Up to three of `known` that look like `name`, the nearest first."""
    from difflib import get_close_matches  # only a mistake waits for it

    return get_close_matches(name, list(known), n=3, cutoff=cutoff)
