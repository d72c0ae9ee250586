# SPDX-License-Identifier: GPL-2.0-or-later
"""A mail, or a folder of them (mbox), as lines that know where in the file they stand.

RFC 5322 and MIME by Python's `email`; quoting by `>`; format=flowed as RFC 3676 says.
"""

import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from email import policy
from email.header import decode_header, make_header
from email.message import Message as Parsed
from email.parser import BytesParser
from typing import Any

from klprove.source import BadInput, Diagnostic, Span

MOST_BYTES = 4_000_000
_MOST_PARTS = 1_000
_MOST_MESSAGES = 1_000

_BEGINS = re.compile(rb"^From [^\n]*\d\d:\d\d[^\n]*\n", re.MULTILINE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_QUOTED = re.compile(r"(?:>[ \t]?)+")
_PATCHES = ("application/x-patch", "application/x-diff", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a mail's text, without what marks it as quoted."""

    text: str
    span: Span
    """Where `text` begins in the file."""
    depth: int = 0
    """How often it is quoted."""


@dataclass(frozen=True, slots=True)
class Message:
    """One mail: its subject and its text, line by line."""

    subject: str
    sender: str
    lines: tuple[Line, ...]


def read(data: bytes, name: str) -> tuple[Message, ...]:
    """The mails in `data`, the contents of the file `name`. Raises BadInput "mail" or "large"
    where there is none with text in it."""
    top = Span(name, 0, 0)
    if len(data) > MOST_BYTES:
        raise BadInput([Diagnostic("large", top, f"the mail has more than {MOST_BYTES:,} bytes")])
    if not data.strip():
        raise BadInput([Diagnostic("mail", top, "the mail is empty")])
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise BadInput([Diagnostic("mail", Span(name, line, 1), "a NUL byte: this is no mail")])
    found, html = [], False
    for start, piece in _messages(data):
        try:
            parsed = BytesParser(policy=policy.compat32).parsebytes(piece)
            text = _Text(data, name, start, parsed)
        except RecursionError:
            raise BadInput([Diagnostic("large", top, "parts are nested too deeply")]) from None
        html |= text.html
        if text.lines:
            message = Message(_header(parsed, "subject", "re"), _header(parsed, "from"), text.lines)
            found.append(message)
    if not found:
        said = "the mail is HTML only" if html else "the mail has no text"
        hint = "send it, or save it, as plain text"
        raise BadInput([Diagnostic("mail", top, said, hint)])
    return tuple(found)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Place and text of each message of a folder; a file without `From ` lines is one message."""
    begins = [each for each in _BEGINS.finditer(data) if _is_first(data, each.start())]
    if not begins or begins[0].start():
        yield 0, data[: begins[0].start()] if begins else data
    begins = begins[:_MOST_MESSAGES]
    ends = [*(each.start() for each in begins[1:]), len(data)]
    for each, end in zip(begins, ends, strict=False):
        yield each.end(), data[each.end() : end]


def _is_first(data: bytes, place: int) -> bool:
    return place == 0 or data[max(place - 3, 0) : place].endswith((b"\n\n", b"\n\r\n"))


def _header(parsed: Parsed, *names: str) -> str:
    """The first of the headers `names` that is there."""
    for name in names:
        raw = parsed.get(name)
        if raw is not None:
            try:
                text = str(make_header(decode_header(str(raw))))
            except (LookupError, ValueError):
                text = str(raw)
            if name == "re":  # a mail as archives show it begins with its subject
                text = f"Re: {text}"
            return " ".join(text.split())[:200]
    return ""


class _Text:
    """The plain text of one message."""

    def __init__(self, data: bytes, name: str, start: int, parsed: Parsed) -> None:
        self._data, self._name, self._place = data, name, start
        self.html = False
        lines: list[Line] = []
        for number, part in enumerate(parsed.walk()):
            if number > _MOST_PARTS:
                break
            if not part.is_multipart():
                lines += self._part(part)
        self.lines = tuple(lines) if any(each.text.strip() for each in lines) else ()

    def _part(self, part: Parsed) -> Sequence[Line]:
        kind = part.get_content_type()
        self.html |= kind == "text/html"
        # A part that should have parts and has none lacks its boundary.
        if kind == "text/html" or not (
            kind.startswith(("text/", "multipart/")) or kind in _PATCHES
        ):
            return ()
        if kind not in _PATCHES or str(part.get_filename() or "").endswith((".patch", ".diff")):
            return _unquoted(list(self._decoded(part)), part)
        return ()

    def _decoded(self, part: Parsed) -> Iterator[Line]:
        encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
        decoded = _payload(part)
        del part["content-transfer-encoding"]
        raw = _payload(part)
        place = self._data.find(raw, self._place) if raw else -1
        number = self._data.count(b"\n", 0, max(place, self._place)) + 1
        if place >= 0:
            self._place = place + len(raw)
        charset = _charset(part)
        if encoding == "base64" and _BASE64.fullmatch(raw):
            for text in _split(decoded.decode(charset, "replace")):
                yield Line(text, Span(self._name, number, 1))
            return
        rows = raw.split(b"\n")
        soft = encoding == "quoted-printable"
        while rows:
            row, first = rows.pop(0), number
            number += 1
            while soft and row.rstrip().endswith(b"=") and rows:
                row = row.rstrip()[:-1] + rows.pop(0)
                number += 1
            text = (quopri.decodestring(row) if soft else row).decode(charset, "replace")
            yield Line(text.rstrip("\r\n"), Span(self._name, first, 1))


def _payload(part: Parsed) -> bytes:
    """The bytes of a part, after its transfer encoding, if that is what it says."""
    try:
        found: Any = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        found = None
    return found if isinstance(found, bytes) else b""


def _charset(part: Parsed) -> str:
    """A character set that Python has: C is ASCII in all of them, and what is not is seen later."""
    try:
        name = str(part.get_param("charset") or "utf-8")
        b"a".decode(name)
        "a".encode(name)
    except (LookupError, ValueError, UnicodeError):
        return "utf-8"
    return name


def _split(text: str) -> list[str]:
    return [each.rstrip("\r") for each in text.split("\n")]


def _unquoted(lines: Sequence[Line], part: Parsed) -> list[Line]:
    flowed = str(part.get_param("format") or "").lower() == "flowed"
    joins = str(part.get_param("delsp") or "").lower() == "yes"
    found: list[Line] = []
    open_ = False
    for each in lines:
        line = _quote(each, flowed)
        soft = flowed and line.text.endswith(" ") and line.text != "-- "
        if soft and joins:
            line = replace(line, text=line.text[:-1])
        if open_ and found[-1].depth == line.depth:
            found[-1] = replace(found[-1], text=found[-1].text + line.text)
        else:
            found.append(line)
        open_ = soft
    return found


def _quote(line: Line, flowed: bool) -> Line:
    """`line` without its `>`s."""
    mark = re.match(r">*", line.text) if flowed else _QUOTED.match(line.text)
    end = mark.end() if mark else 0
    if flowed and line.text.startswith(" ", end):
        end += 1  # stuffed
    depth = line.text.count(">", 0, end)
    span = line.span._replace(column=line.span.column + len(line.text[:end].encode()))
    return Line(line.text[end:], span, depth)
