# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a file defines a function: found by brackets, not by grammar, so that macros, attributes
and dialects of a kernel's text do no harm."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from klprove.lift.conditionals import Decided

_PIECE = re.compile(r"[{}();]|\b[A-Za-z_]\w*|\n[ \t]*(?=\n)")
_AFTER = re.compile(
    r"(?:\s|\b__attribute__\s*\(\([^;{]*?\)\)|\b[A-Za-z_]\w*(?:\s*\([^(){};]*\))?)*"
)
_SPACE = re.compile(r"\s*")
_ASSEMBLY = re.compile(r"\b(?:asm|__asm__|__asm)\b")
_MAKER = re.compile(r"\b([A-Z][A-Z0-9_]+)\s*$")


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of a file: from `start`, its first word, up to `end`, after its last brace."""

    name: str
    start: int
    end: int
    is_macro: bool = False
    is_weak: bool = False
    wrong: str = ""
    """Why its text cannot be used; empty where it can."""
    wrong_at: int = 0


def definitions(decided: Decided, names: Collection[str]) -> list[Definition]:
    """Every definition in the file of one of `names`: functions, then macros with a body."""
    found = list(_functions(decided.code, names))
    for name in names:
        macro = decided.macros.get(name)
        if macro is not None:
            found.append(Definition(name, macro.start, macro.end, is_macro=True))
    return [_checked(decided, each) for each in found]


def _checked(decided: Decided, each: Definition) -> Definition:
    if each.wrong:
        return each
    code = decided.text if each.is_macro else decided.code
    assembly = _ASSEMBLY.search(code, each.start, each.end)
    if assembly is None:
        return each
    return Definition(
        each.name, each.start, each.end, each.is_macro, each.is_weak, "inline assembly",
        assembly.start(),
    )  # fmt: skip


def _functions(code: str, names: Collection[str]) -> list[Definition]:
    found: list[Definition] = []
    depth = brackets = begin = 0
    for piece in _PIECE.finditer(code):
        word = piece[0]
        if word == "{":
            depth += 1
        elif word == "}":
            depth = max(depth - 1, 0)
            begin = piece.end() if depth == 0 else begin
        elif depth:
            continue
        elif word in "()":
            brackets = max(brackets + (1 if word == "(" else -1), 0)
        elif word == ";" or word.startswith("\n"):
            begin, brackets = piece.end(), 0
        elif word in names:
            each = _function(code, word, begin, piece.start(), piece.end(), brackets)
            found += [each] if each else []
    return found


def _function(
    code: str, name: str, begin: int, at: int, after: int, brackets: int
) -> Definition | None:
    start = _next(code, begin)
    if brackets:
        # MACRO(name, ...) { ... }: the kernel's entry points are written so.
        opening = code.rfind("(", begin, at)
        maker = _MAKER.search(code, begin, opening) if opening >= 0 else None
        close = _closing(code, opening, "()") if maker else -1
        if not maker or close < 0 or not code.startswith("{", _next(code, close + 1)):
            return None
        return Definition(name, start, close, wrong=f"defined by the macro {maker[1]}", wrong_at=at)
    opening = _next(code, after)
    if not code.startswith("(", opening):
        return None
    close = _closing(code, opening, "()")
    body = _AFTER.match(code, close + 1) if close >= 0 else None
    if body is None or not code.startswith("{", body.end()):
        return None
    end = _closing(code, body.end(), "{}")
    weak = "__weak" in code[start:at]
    if end < 0:
        text = "the file ends inside it: is it truncated?"
        return Definition(name, start, len(code), is_weak=weak, wrong=text, wrong_at=at)
    return Definition(name, start, end + 1, is_weak=weak)


def _next(code: str, at: int) -> int:
    """Where the next word begins, `at` or after."""
    found = _SPACE.match(code, at)
    return found.end() if found else at


def _closing(code: str, at: int, pair: str) -> int:
    """Where the bracket at `at` is closed; -1 where it never is."""
    depth = 0
    for found in re.compile(f"[{re.escape(pair)}]").finditer(code, at):
        depth += 1 if found[0] == pair[0] else -1
        if depth == 0:
            return found.start()
    return -1
