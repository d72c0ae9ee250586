# SPDX-License-Identifier: GPL-2.0-or-later
"""#if, #ifdef and #else of a file, decided by a configuration."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from klprove.lift.expression import Unreadable, truth
from klprove.lift.masking import blank, mask

_DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(\w+)\b((?:\\[ \t]*\n|[^\n])*)", re.MULTILINE
)  # with the lines that a backslash joins to it
_DEFINE = re.compile(r"\s*(\w+)(\([^)]*\))?((?:\\\n|[^\n])*)")
_OPTION = re.compile(r"\bCONFIG_\w+")
_OPENING = ("if", "ifdef", "ifndef")
_GOING_ON = ("elif", "else", "endif")


@dataclass(frozen=True, slots=True)
class Macro:
    """A #define that counts: from `start` up to `end` of the text, its first line included."""

    name: str
    start: int
    end: int
    takes_arguments: bool


@dataclass(slots=True)
class Decided:
    """A file under a configuration. `text` and `code` are as long as the file, each place where it
    was: `text` lacks what is off and the conditionals; `code` comments, strings and macros too."""

    text: str
    code: str
    macros: dict[str, Macro] = field(default_factory=dict)
    asked: list[tuple[int, int, frozenset[str]]] = field(default_factory=list)
    """Of each conditional: where it begins and ends, and the CONFIG_ names that it asks about."""
    open_line: int = 0
    """The line of a conditional that no #endif closes; 0 where all are."""


@dataclass(slots=True)
class _Level:
    start: int
    outside: bool
    """Is what surrounds it on?"""
    on: bool
    taken: bool
    asked: set[str]


def decide(text: str, macros: Mapping[str, str]) -> Decided:
    """`text` with the conditionals decided: `macros` has what the configuration defines, by name.
    What the file itself defines counts as well, from there on."""
    return _Deciding(text, macros).run()


class _Deciding:
    """One pass over a file."""

    def __init__(self, text: str, macros: Mapping[str, str]) -> None:
        self._text, self._masked = text, mask(text)
        self._known = dict(macros)
        self._levels: list[_Level] = []
        self._decided = Decided("", "")

    def run(self) -> Decided:
        """The file, decided."""
        text, masked, decided = self._text, self._masked, self._decided
        shown, code = list[str](), list[str]()
        at = 0
        for found in _DIRECTIVE.finditer(masked):
            start, end = found.span()
            shown.append(self._if_on(text[at:start]))
            code.append(self._if_on(masked[at:start]))
            kept = self._directive(found)
            shown.append(text[start:end] if kept else blank(text[start:end]))
            code.append(blank(text[start:end]))
            at = end
        decided.text = "".join([*shown, self._if_on(text[at:])])
        decided.code = "".join([*code, self._if_on(masked[at:])])
        if self._levels:
            decided.open_line = text.count("\n", 0, self._levels[-1].start) + 1
        return decided

    @property
    def _on(self) -> bool:
        return not self._levels or self._levels[-1].on

    def _if_on(self, part: str) -> str:
        return part if self._on else blank(part)

    def _directive(self, found: re.Match[str]) -> bool:
        """True for a #define that counts."""
        word, rest = found[1], found[2].replace("\\\n", " ")
        if word in _OPENING:
            on = self._on and self._holds(word, rest)
            asked = set(_OPTION.findall(rest))
            self._levels.append(_Level(found.start(), self._on, on, on, asked))
        elif word in _GOING_ON and self._levels:
            self._go_on(word, rest, found.end())
        elif word == "define" and self._on:
            return self._define(found)
        elif word == "undef" and self._on:
            self._known.pop(rest.strip(), None)
            self._decided.macros.pop(rest.strip(), None)
        return False

    def _go_on(self, word: str, rest: str, end: int) -> None:
        level = self._levels[-1]
        if word == "endif":
            self._levels.pop()
            self._decided.asked.append((level.start, end, frozenset(level.asked)))
            return
        level.asked |= set(_OPTION.findall(rest))
        holds = word == "else" or self._holds("if", rest)
        level.on = level.outside and not level.taken and holds
        level.taken |= level.on

    def _define(self, found: re.Match[str]) -> bool:
        macro = _DEFINE.match(self._masked, found.start(2))
        if macro is None:
            return False
        body = macro[3].replace("\\\n", " ").strip()
        self._known[macro[1]] = body
        if body != macro[1]:  # that says only that there is a function of that name
            self._decided.macros[macro[1]] = Macro(macro[1], *found.span(), macro[2] is not None)
        return True

    def _holds(self, word: str, rest: str) -> bool:
        if word == "if":
            try:
                return truth(rest, self._known)
            except Unreadable:
                return False
        name = next(iter(rest.split()), "")
        return (name in self._known) == (word == "ifdef")


def kept_parts(text: str, parts: Iterator[tuple[int, int]]) -> str:
    """`text` with everything blanked but `parts`."""
    shown, at = list[str](), 0
    for start, end in sorted(parts):
        shown += [blank(text[at:start]), text[start:end]]
        at = end
    return "".join(shown) + blank(text[at:])
