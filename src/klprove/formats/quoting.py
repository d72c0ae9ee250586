# SPDX-License-Identifier: GPL-2.0-or-later
"""Text for a reply to a mail: each line after `> `, none longer than a mail's lines."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from klprove.source import plain_lines

_MARK = "> "
WIDTH = 78
"""Columns of a line, its mark included: mail is written below 79 (RFC 5322 wants at most 78)."""

_FIELD = re.compile(r"\w[\w ]{7}: ")
_BELOW = " " * 10
"""Before further lines of a field."""


def quoted(text: str) -> str:
    """`text` with `> ` before each line; without a newline at the end."""
    room = WIDTH - len(_MARK)
    lines = [line.expandtabs(8).rstrip() for line in plain_lines(text).split("\n")]
    blocks = (list(block) for _, block in groupby(lines, bool))
    fitted = (
        part
        for block in blocks
        for line in _narrowed(list(_refilled(block, room)), room)
        for part in _fitted(line, room)
    )
    return "\n".join(f"{_MARK}{line}".rstrip() for line in fitted)


def _refilled(block: Sequence[str], room: int) -> Iterator[str]:
    """The lines, those of a field `label : text` filled again where one is too long."""
    place = 0
    while place < len(block):
        end = place + 1
        if _FIELD.match(block[place]):
            while end < len(block) and block[end].startswith(_BELOW):
                end += 1
        lines = block[place:end]
        place = end
        if len(lines) > 1 and max(map(len, lines)) > room and not lines[0].endswith("\\"):
            whole = " ".join(map(str.strip, lines))
            yield from textwrap.wrap(whole, room, subsequent_indent=_BELOW, break_on_hyphens=False)
        else:
            yield from lines


def _narrowed(block: list[str], room: int) -> list[str]:
    """The lines of a table or of a picture without the columns that are too many, out of a gap that
    all of them have: what stood below each other does so still."""
    over = max(map(len, block)) - room
    if over <= 0:
        return block
    filled = {place for line in block for place, letter in enumerate(line) if letter != " "}
    gaps = [at for at in range(1, room) if not filled.intersection(range(at - 1, at + over + 1))]
    return [line[: gaps[-1]] + line[gaps[-1] + over :] for line in block] if gaps else block


def _fitted(line: str, room: int) -> list[str]:
    """`line` in lines of at most `room`: out of its widest gap, else wrapped."""
    over = len(line) - room
    if over <= 0:
        return [line]
    gaps = [each for each in re.finditer(r"(?<=\S) {2,}(?=\S)", line) if len(each[0]) >= over + 2]
    if gaps:
        last = gaps[-1]
        return [line[: last.start()] + " " * (len(last[0]) - over) + line[last.end() :]]
    return _wrapped(line, room)


def _wrapped(line: str, room: int) -> list[str]:
    body = line.removesuffix(" \\")
    tail = line[len(body) :]
    indent = " " * (len(body) - len(body.lstrip()))
    label = re.match(r"\w[\w ]{0,7}: ", body)
    below = " " * len(label[0]) if label else f"{indent}  "
    parts = textwrap.wrap(
        body,
        room - len(tail),
        subsequent_indent=below,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    # A command that goes on in the next line goes on after every cut, too.
    between = " \\" if tail or (label and label[0].startswith("replay")) else ""
    return [f"{each}{between}" for each in parts[:-1]] + [parts[-1] + tail]
