# SPDX-License-Identifier: GPL-2.0-or-later
"""C text with what is not code blanked out, so that a scan of it sees code only."""

import re

_NOT_CODE = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
_NOT_NEWLINE = re.compile(r"[^\n]")


def blank(text: str) -> str:
    """`text` with a space for every character but newlines."""
    return _NOT_NEWLINE.sub(" ", text)


def mask(text: str) -> str:
    """`text` with comments, strings and character constants blanked; every place stays."""
    return _NOT_CODE.sub(lambda found: blank(found[0]), text)
