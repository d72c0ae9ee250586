# SPDX-License-Identifier: GPL-2.0-or-later
"""One line of printed IR as tokens, and the means to complain about any of them."""

import json
import re
from typing import NamedTuple, NoReturn

from klprove.ir.instructions import Site
from klprove.ir.printer import FILE, WORD
from klprove.ir.types import BY_NAME, Int
from klprove.source import BadInput, Diagnostic, Span

_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_TOKEN = re.compile(
    rf"\s*(?:(?P<string>{_STRING})|(?P<type>:[iu]\d+\b)|(?P<reg>%(?:{WORD}|{_STRING}))"
    rf"|(?P<number>-?0x[0-9a-f]{{1,30}}\b|-?\d{{1,30}}\b)|(?P<word>{WORD})|(?P<bytes>[0-9a-f]+\b)"
    r"|(?P<sign><<|>>|==|!=|<=|>=|[][()<>=,;?:*/%&|^+~!-]))",
    re.ASCII,
)
_SITE = re.compile(
    rf" (?P<file>{FILE}|{_STRING}):(?P<line>\d+):(?P<column>\d+)"
    rf"(?: (?P<calls>(?:{WORD}|{_STRING})(?:>(?:{WORD}|{_STRING}))*))?(?: #.*)?$",
    re.ASCII,
)


class Token(NamedTuple):
    """A piece of a line; `kind` names the group of the pattern, `column` counts from 1."""

    kind: str
    text: str
    column: int


class Line:
    """A line being read from left to right; every reader raises BadInput at what it refuses."""

    def __init__(self, text: str, number: int, file: str) -> None:
        self.text, self.number, self.file = text, number, file
        self.tokens: list[Token] = []
        self.next = 0
        self.at: Site | None = None
        self._closing: dict[int, int] = {}
        self._read()

    def _read(self) -> None:
        position = 0
        opened: list[int] = []
        while self.text[position:].strip():
            found = _TOKEN.match(self.text, position)
            if found is None or found.lastgroup is None:
                rest = self.text[position:]
                self.fail("unexpected character", len(self.text) - len(rest.lstrip()) + 1)
            text = found[found.lastgroup]
            if text == ";":
                self.at = self._site(found.end())
                break
            if text == "(":
                opened.append(len(self.tokens))
            elif text == ")" and opened:
                self._closing[opened.pop()] = len(self.tokens)
            self.tokens.append(Token(found.lastgroup, text, found.start(found.lastgroup) + 1))
            position = found.end()

    def _site(self, position: int) -> Site:
        found = _SITE.match(self.text, position)
        if found is None:
            self.fail("expected 'file:line:column' and calls", position + 1)
        span = Span(_unquote(found["file"]), int(found["line"]), int(found["column"]))
        calls = re.findall(f"{WORD}|{_STRING}", found["calls"] or "", re.ASCII)
        return Site(span, tuple(map(_unquote, calls)))

    def fail(self, text: str, column: int | None = None) -> NoReturn:
        """Refuse the line at `column`, or at the next token."""
        if column is None and self.next < len(self.tokens):
            column = self.tokens[self.next].column
        elif column is None:
            last = self.tokens[-1] if self.tokens else Token("", "", 1)
            column = last.column + len(last.text)
        raise BadInput([Diagnostic("syntax", Span(self.file, self.number, column), text)])

    def site(self) -> Site:
        """The place behind the semicolon."""
        if self.at is None:
            self.fail("expected '; file:line:column'", len(self.text) + 1)
        return self.at

    @property
    def kind(self) -> str:
        """The kind of the next token; empty at the end."""
        return self.tokens[self.next].kind if self.next < len(self.tokens) else ""

    def peek(self, ahead: int = 0) -> str:
        """The text of a token to come; empty at the end."""
        at = self.next + ahead
        return self.tokens[at].text if at < len(self.tokens) else ""

    def accept(self, text: str) -> bool:
        """Take the next token if it is `text`."""
        if self.peek() != text:
            return False
        self.next += 1
        return True

    def expect(self, text: str) -> None:
        """Take `text`, which must come next."""
        if not self.accept(text):
            self.fail(f"expected '{text}'")

    def take(self, *kinds: str) -> str:
        """The text of the next token, which is of one of `kinds`."""
        if self.kind not in kinds:
            self.fail(f"expected a {kinds[0]}")
        self.next += 1
        return self.tokens[self.next - 1].text

    def integer(self) -> int:
        """A number."""
        text = self.take("number")
        return int(text, 16 if "x" in text else 10)

    def name(self) -> str:
        """A bare or quoted name."""
        return _unquote(self.take("word", "string"))

    def string(self) -> str:
        """A quoted text."""
        return _unquote(self.take("string"))

    def reg(self) -> str:
        """A register's name."""
        return _unquote(self.take("reg")[1:])

    def type(self) -> Int:
        """The name of a type."""
        if self.peek() not in BY_NAME:
            self.fail("expected a type")
        return BY_NAME[self.take("word")]

    def suffix(self, expected: Int | None) -> Int:
        """The type written with a colon here, or else the one that the place expects."""
        if self.kind != "type":
            if expected is None:
                self.fail("expected a type")
            return expected
        if self.peek()[1:] not in BY_NAME:
            self.fail("unknown type")
        return BY_NAME[self.take("type")[1:]]

    def suffix_behind(self, expected: Int | None) -> Int:
        """The same, behind the parenthesis that opens here; nothing is taken."""
        here = self.next
        if here not in self._closing:
            self.fail("expected a closing parenthesis")
        self.next = self._closing[here] + 1
        found = self.suffix(expected)
        self.next = here
        return found

    def done(self) -> None:
        """Refuse what is left of the line."""
        if self.next < len(self.tokens):
            self.fail("expected the end of the line")


def _unquote(text: str) -> str:
    """The name or text that a token stands for; with the escapes of JSON where it is quoted."""
    if not text.startswith('"'):
        return text
    return str(json.loads(text))
