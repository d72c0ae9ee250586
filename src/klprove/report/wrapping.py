# SPDX-License-Identifier: GPL-2.0-or-later
"""Plain ASCII lines of at most 79 columns."""

import re
import textwrap

from klprove.source import plain

WIDTH = 79


def ascii_only(text: str) -> str:
    """`text` with every other character escaped, so that it survives any mail program."""
    return text.encode("ascii", "backslashreplace").decode()


def dead(name: str) -> str:
    """A file's name as text of a Markdown page: it is no markup."""
    return re.sub(r"[^\w./ -]", lambda found: f"&#{ord(found[0])};", plain(name))


def fold(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `width`, further lines indented; long words are cut, not lost."""
    lines = textwrap.wrap(
        ascii_only(text),
        max(width, len(indent) + 8),
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return lines or [""]


def field(label: str, text: str) -> list[str]:
    """`label : text` with the text in a column of its own."""
    return fold(f"{label:<8}: {text}", WIDTH, " " * 10)


def count(number: int, noun: str, plural: str = "s") -> str:
    """`1 state`, `12,345 states`; `plural` is what the noun gets at its end."""
    return f"{number:,} {noun}" + ("" if number == 1 else plural)
