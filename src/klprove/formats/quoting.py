"""Text for a reply to a mail: each line after `> `, none longer than a mail's lines."""

import re
import textwrap

from klprove.source import plain_lines

_MARK = "> "
WIDTH = 78
"""Columns of a line, its mark included: mail is written below 79 (RFC 5322 wants at most 78)."""


def quoted(text: str) -> str:
    """`text` with `> ` before each line; without a newline at the end."""
    room = WIDTH - len(_MARK)
    lines = (part for line in plain_lines(text).split("\n") for part in _fitted(line, room))
    return "\n".join(f"{_MARK}{line}".rstrip() for line in lines)


def _fitted(line: str, room: int) -> list[str]:
    """`line` in lines of at most `room`: out of its widest gap, else wrapped."""
    line = line.expandtabs(8).rstrip()
    over = len(line) - room
    if over <= 0:
        return [line]
    gaps = [each for each in re.finditer(r"(?<=\S) {2,}(?=\S)", line) if len(each[0]) >= over + 2]
    if gaps:
        # What stands at the right edge of every line stays at one edge.
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
