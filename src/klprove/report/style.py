# SPDX-License-Identifier: GPL-2.0-or-later
"""Colour for terminals, laid over finished text so that it can never move a column."""

import re

_RED, _YELLOW, _GREEN, _BOLD, _DIM, _OFF = (f"\033[{code}m" for code in (31, 33, 32, 1, 2, 0))
_RULES = (
    (
        re.compile(r"^(klprove: )(VIOLATION|VIOLATED)( [a-z-]+)?", re.MULTILINE),
        rf"\1{_BOLD}{_RED}\2\3{_OFF}",
    ),
    (
        re.compile(r"^(klprove: )(WARNED|INCOMPLETE)( [a-z-]+)?", re.MULTILINE),
        rf"\1{_BOLD}{_YELLOW}\2\3{_OFF}",
    ),
    (re.compile(r"^(klprove: )(HOLDS)", re.MULTILINE), rf"\1{_BOLD}{_GREEN}\2{_OFF}"),
    (re.compile(r"(# BANG .*)$", re.MULTILINE), rf"{_BOLD}{_RED}\1{_OFF}"),
    (re.compile(r"( )(<(?:irq|NMI|softirq|exception)>)"), rf"\1{_BOLD}\2{_OFF}"),
    (re.compile(r"^(\w[\w ]{1,7}:)(?= )(?<!klprove:)", re.MULTILINE), rf"{_DIM}\1{_OFF}"),
    (re.compile(r"(?<=[\s])([\w.-]+\.[ch]:\d+)$", re.MULTILINE), rf"{_DIM}\1{_OFF}"),
)

_DIFF_RULES = (
    (re.compile(r"^((?:---|\+\+\+) .*)$", re.MULTILINE), rf"{_BOLD}\1{_OFF}"),
    (re.compile(r"^(@@ .*)$", re.MULTILINE), rf"{_DIM}\1{_OFF}"),
    (re.compile(r"^(-(?!-- ).*)$", re.MULTILINE), rf"{_RED}\1{_OFF}"),
    (re.compile(r"^(\+(?!\+\+ ).*)$", re.MULTILINE), rf"{_GREEN}\1{_OFF}"),
)


def paint(text: str) -> str:
    """`text` with ANSI colours; without them it is the same text."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def paint_diff(text: str) -> str:
    """A unified diff with ANSI colours; without them it is the same text."""
    for pattern, replacement in _DIFF_RULES:
        text = pattern.sub(replacement, text)
    return text
