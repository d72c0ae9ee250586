# SPDX-License-Identifier: GPL-2.0-or-later
"""The value of the condition of an #if, as far as the configuration and the file decide it."""

import re
from collections.abc import Callable, Mapping
from operator import add, and_, eq, ge, gt, le, lshift, lt, mul, ne, or_, rshift, sub, xor

_TOKEN = re.compile(
    r"\s*((?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b|[A-Za-z_]\w*|\|\||&&|<<|>>|[<>=!]=|[-+*/%<>!~&|^()?:,])"
)
_ASKED = ("IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE")
_DEEPEST = 30
"""Brackets in brackets; each takes a dozen calls."""

_LEVELS: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a) or bool(b))},
    {"&&": lambda a, b: int(bool(a) and bool(b))},
    {"|": or_},
    {"^": xor},
    {"&": and_},
    {"==": eq, "!=": ne},
    {"<": lt, ">": gt, "<=": le, ">=": ge},
    {"<<": lambda a, b: lshift(a, b & 63), ">>": lambda a, b: rshift(a, b & 63)},
    {"+": add, "-": sub},
    {"*": mul, "/": lambda a, b: a // b if b else 0, "%": lambda a, b: a % b if b else 0},
)


class Unreadable(Exception):
    """A condition that is no expression."""


def truth(condition: str, macros: Mapping[str, str]) -> bool:
    """True where `condition` is not 0. An unknown name is 0, as in C. Raises Unreadable."""
    words, at = [], 0
    condition = condition.strip()
    while at < len(condition):
        found = _TOKEN.match(condition, at)
        if found is None:
            raise Unreadable(condition[at:])
        words.append(found[1])
        at = found.end()
    reader = _Reader(words, macros)
    value = reader.choice()
    if reader.words:
        raise Unreadable(" ".join(reader.words))
    return bool(value)


class _Reader:
    """Recursive descent over the words of one condition."""

    def __init__(self, words: list[str], macros: Mapping[str, str], depth: int = 0) -> None:
        self.words, self._macros, self._depth = words, macros, depth

    def choice(self) -> int:
        """a ? b : c"""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable("nested too deeply")
        value = self._level(0)
        if self.words[:1] == ["?"]:
            self._take("?")
            yes = self.choice()
            self._take(":")
            no = self.choice()
            value = yes if value else no
        self._depth -= 1
        return value

    def _level(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        value = self._level(level + 1)
        while self.words and (operator := _LEVELS[level].get(self.words[0])):
            self.words.pop(0)
            value = int(operator(value, self._level(level + 1)))
        return value

    def _unary(self) -> int:
        word = self._next()
        if word in ("!", "~", "-", "+"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise Unreadable("nested too deeply")
            value = self._unary()
            self._depth -= 1
            return {"!": int(not value), "~": ~value, "-": -value, "+": value}[word]
        if word == "(":
            value = self.choice()
            self._take(")")
            return value
        if word[0].isdigit():
            digits = word.rstrip("uUlL")
            return int(digits, 16 if digits[:2] in ("0x", "0X") else 10)
        if word == "defined" or word in _ASKED:
            return self._asked(word)
        if not (word[0].isalpha() or word[0] == "_"):
            raise Unreadable(word)
        return self._named(word)

    def _asked(self, word: str) -> int:
        bracketed = self.words[:1] == ["("]
        if bracketed:
            self._take("(")
        name = self._next()
        if bracketed:
            self._take(")")
        known = name in self._macros
        return int(known if word == "defined" else known and self._macros[name] == "1")

    def _named(self, name: str) -> int:
        """A macro's value where it is a number; anything else counts as 0, arguments and all."""
        if self.words[:1] == ["("]:
            depth = 0
            while True:
                word = self._next()
                depth += (word == "(") - (word == ")")
                if not depth:
                    return 0
        body = self._macros.get(name, "0").strip()
        found = re.fullmatch(r"\(*\s*(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\s*\)*", body)
        return int(found[1], 0 if found[1][:2] in ("0x", "0X") else 10) if found else 0

    def _next(self) -> str:
        if not self.words:
            raise Unreadable("it ends too early")
        return self.words.pop(0)

    def _take(self, word: str) -> None:
        if self._next() != word:
            raise Unreadable(f"a {word} is missing")
