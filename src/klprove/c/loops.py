# SPDX-License-Identifier: GPL-2.0-or-later
"""Which parts a `for` statement has: libclang lists those present without saying which they are."""

import re
from typing import NamedTuple

from klprove.c import api
from klprove.c.nodes import Node

_WORDS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\w+|[^\s\w]")


class ForParts(NamedTuple):
    """A `for` statement; a part that is not written is None."""

    start: Node | None
    cond: Node | None
    step: Node | None
    body: Node


def headers(function: Node) -> dict[int, ForParts]:
    """The parts of every `for` statement of a function definition, by id() of its node."""
    loops = list(_loops(function))
    partial = [each for each in loops if len(each.children) not in (1, 4)]
    present = _printed_headers(api.printed(function.cursor)) if partial else []
    result = {}
    for index, loop in enumerate(loops):
        *parts, body = loop.children
        if len(present) == len(loops):
            flags = present[index]
        else:
            flags = (len(parts) == 3, len(parts) >= 1, len(parts) >= 2)
        given = iter(parts)
        chosen = [next(given, None) if flag else None for flag in flags]
        result[id(loop)] = ForParts(chosen[0], chosen[1], chosen[2], body)
    return result


def _loops(node: Node) -> "list[Node]":
    found = [node] if node.kind == "FOR_STMT" else []
    for child in node.children:
        found += _loops(child)
    return found


def _printed_headers(text: str) -> list[tuple[bool, bool, bool]]:
    """Of every `for (a; b; c)` in clang's own print of the function: which of a, b, c there are."""
    words = _WORDS.findall(text)
    found = []
    for start, word in enumerate(words):
        if word != "for" or start + 1 >= len(words) or words[start + 1] != "(":
            continue
        depth, part, present = 0, 0, [False, False, False]
        for inner in words[start + 1 :]:
            if inner in "([{":
                depth += 1
                if depth == 1:
                    continue
            elif inner in ")]}":
                depth -= 1
                if depth == 0:
                    break
            if inner == ";" and depth == 1:
                part += 1
            elif part < 3:
                present[part] = True
        found.append((present[0], present[1], present[2]))
    return found
