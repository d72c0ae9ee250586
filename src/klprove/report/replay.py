# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line that asks a question again."""

import os
import shlex
from collections.abc import Iterable, Mapping

from klprove.check import SC, Question
from klprove.kernels import HANDLER
from klprove.report.wrapping import WIDTH


def command_words(question: Question, site: str | None = None) -> list[tuple[str, ...]]:
    """The `klprove check` command that asks `question`, about one `site` only where given.

    Each tuple holds the words that belong together. Effort (time, memory, engine, processes) is
    left out: what is found with less can be found with more.
    """
    files = question.source or tuple(map(_file, question.files))
    words: list[tuple[str, ...]] = [("klprove", "check"), *files]
    if question.kernel:
        words.append(("--kernel", question.kernel))
    if question.scene != HANDLER:
        words.append(("--scene", question.scene))
    if question.action is not None:
        words.append(("--action", question.action))
    patch = ",".join(question.patch) if site is None else site
    if patch:
        words.append(("--patch", patch))
    if question.cpus is not None:
        words.append(("--cpus", str(question.cpus)))
    if question.arrivals:
        words.append(("--arrivals", pairs(question.arrivals)))
    if question.nest:
        words.append(("--nest", pairs(question.nest)))
    if question.recursion is not None:
        words.append(("--recursion", str(question.recursion)))
    if question.tree is not None:
        words.append(("--tree", question.tree))
    words += [("--lift", each) for each in question.lift]
    words += [("-D", f"{name}={value}") for name, value in question.defines.items()]
    words += [("--inline", name) for name in sorted(question.inlined)]
    if question.memory_model != SC:
        words.append(("--memory-model", question.memory_model))
    if question.store_buffer is not None:
        words.append(("--store-buffer", str(question.store_buffer)))
    if question.werror:
        words.append(("--werror",))
    return words


def _file(name: str) -> tuple[str]:
    """The name of a file that cannot be taken for an option."""
    return (f"./{name}" if name.startswith("-") else name,)


def command_line(words: Iterable[tuple[str, ...]]) -> str:
    """`words` as one line for a shell."""
    return " ".join(quote(word) for group in words for word in group)


def command_lines(words: Iterable[tuple[str, ...]]) -> list[str]:
    """`words` as lines that can be copied to a shell as they stand, folded with backslashes.

    A word longer than a line is cut by a backslash at the line's end; the next line then begins at
    its first column, since a blank would end the word.
    """
    lines = []
    current = "replay  :"
    for group in words:
        text = " ".join(map(quote, group))
        if len(current) + 1 + len(text) <= WIDTH - 2:
            current += " " + text
            continue
        if current.strip():
            lines.append(current + " \\")
        if len(text) <= WIDTH - 12:
            current = " " * 10 + text
            continue
        for word in group:
            *pieces, last = _pieces(word)
            lines += [piece + "\\" for piece in pieces]
            lines.append(last + " \\")
        current = ""
    if current.strip():
        return [*lines, current]
    return [*lines[:-1], lines[-1].removesuffix(" \\")]


def _pieces(word: str) -> list[str]:
    """`word` quoted in pieces that each fit a line."""
    pieces, current = [], ""
    for letter in word:
        if len(quote(current + letter)) > WIDTH - 2:
            pieces.append(quote(current))
            current = ""
        current += letter
    return [*pieces, quote(current)]


def quote(word: str) -> str:
    """`word` as a shell reads it back, in ASCII."""
    if word.isascii() and word.isprintable():
        return shlex.quote(word)
    escaped = (chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in _bytes(word))
    return "$'" + "".join(escaped) + "'"


def _bytes(word: str) -> bytes:
    """As the system has the word; a half character of a trace from elsewhere written out."""
    try:
        return os.fsencode(word)
    except UnicodeEncodeError:
        return word.encode("utf-8", "backslashreplace")


def pairs(bounds: Mapping[str, int]) -> str:
    """`irq=1,nmi=2`, as the options take it."""
    return ",".join(f"{kind}={number}" for kind, number in bounds.items())
