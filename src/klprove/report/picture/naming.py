# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of a trace as a page shows them, and as its addresses hold them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from klprove.source import plain


def inert(text: str) -> str:
    """`text` with control characters and changes of writing direction as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(each if _harmless(each) else plain(each) for each in text)


def _harmless(letter: str) -> bool:
    """False for controls, formats, surrogates, and every space but the usual two."""
    return letter in "\t " or unicodedata.category(letter)[0] not in "CZ"


def address(*names: str) -> str:
    """`names` as the beginning of a page's address: `F/rcu_nmi_enter/v4.12rc/false-alarm/`.

    It depends on the names only, so a link outlives the page that it was made from. What is no
    letter, digit, dot, dash or underscore of ASCII is written as its number: `f~2b~g` for `f+g`.
    """
    return "".join(_part(each) + "/" for each in names if each)


def _part(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", lambda found: f"~{ord(found[0]):x}~", name)


def distinct(addresses: Iterable[str]) -> Iterator[str]:
    """`addresses`, each with a number where the same has been before: `a/`, `a/2/`."""
    again: dict[str, int] = {}
    for each in addresses:
        again[each] = again.get(each, 0) + 1
        yield each if again[each] == 1 else f"{each}{again[each]}/"


def short(handlers: Iterable[str]) -> dict[str, str]:
    """What each of `handlers` is called: its file without folder and ending, if no other is."""
    given = list(dict.fromkeys(handlers))
    stems = [re.sub(r"\.c$", "", each.rsplit("/", 1)[-1]) for each in given]
    return {
        each: stem if stem and stems.count(stem) == 1 else each
        for each, stem in zip(given, stems, strict=True)
    }
