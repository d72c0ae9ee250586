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
_OPENING = ("if", "ifdef", "ifndef")


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
    open_line: int = 0
    """The line of a conditional that no #endif closes; 0 where all are."""


@dataclass(slots=True)
class _Level:
    line: int
    outside: bool
    """Is what surrounds it on?"""
    on: bool
    taken: bool


def decide(text: str, macros: Mapping[str, str]) -> Decided:
    """`text` with the conditionals decided: `macros` has what the configuration defines, by name.
    What the file itself defines counts as well, from there on."""
    masked = mask(text)
    known = dict(macros)
    levels: list[_Level] = []
    shown, code = list[str](), list[str]()
    decided = Decided("", "")
    at = 0

    def add(upto: int) -> None:
        on = all(each.on for each in levels)
        shown.append(text[at:upto] if on else blank(text[at:upto]))
        code.append(masked[at:upto] if on else blank(masked[at:upto]))

    for found in _DIRECTIVE.finditer(masked):
        start, end = found.span()
        add(start)
        word, rest = found[1], found[2].replace("\\\n", " ")
        kept = False
        if word in _OPENING or word in ("elif", "else", "endif"):
            line = masked.count("\n", 0, start) + 1
            _step(levels, word, rest, known, line)
        elif all(each.on for each in levels):
            kept = word == "define"
            if kept and (macro := _DEFINE.match(masked, found.start(2))):
                known[macro[1]] = body = macro[3].replace("\\\n", " ").strip()
                if body != macro[1]:  # that says only that there is a function of that name
                    decided.macros[macro[1]] = Macro(macro[1], start, end, macro[2] is not None)
            elif word == "undef" and (name := rest.strip()):
                known.pop(name, None)
                decided.macros.pop(name, None)
        shown.append(text[start:end] if kept else blank(text[start:end]))
        code.append(blank(text[start:end]))
        at = end
    add(len(text))
    decided.text, decided.code = "".join(shown), "".join(code)
    decided.open_line = levels[-1].line if levels else 0
    return decided


def _step(levels: list[_Level], word: str, rest: str, known: Mapping[str, str], line: int) -> None:
    if word in _OPENING:
        outside = all(each.on for each in levels)
        on = outside and _holds(word, rest, known)
        levels.append(_Level(line, outside, on, on))
    elif not levels:
        return  # an #else or #endif too many: the file is no worse for it
    elif word == "endif":
        levels.pop()
    else:
        level = levels[-1]
        level.on = (
            level.outside and not level.taken and (word == "else" or _holds("if", rest, known))
        )
        level.taken |= level.on


def _holds(word: str, rest: str, known: Mapping[str, str]) -> bool:
    if word == "if":
        try:
            return truth(rest, known)
        except Unreadable:
            return False
    name = next(iter(rest.split()), "")
    return (name in known) == (word == "ifdef")


def kept_parts(text: str, parts: Iterator[tuple[int, int]]) -> str:
    """`text` with everything blanked but `parts`."""
    shown, at = list[str](), 0
    for start, end in sorted(parts):
        shown += [blank(text[at:start]), text[start:end]]
        at = end
    return "".join(shown) + blank(text[at:])
