"""What a reader is, and what may come of what it prints."""

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random

from klprove.cli.main import BAD_INPUT, INCOMPLETE, run

ROOT = Path(__file__).parents[3]
STATUSES = (0, 1, BAD_INPUT, INCOMPLETE)
"""That a command may end with."""
TINY = "int x;\n__task(0) void t(void) { x = 1; }\n__irq(0) void i(void) { assert(!x); }\n"
"""A model that takes no time."""


class Wrong(Exception):
    """A reader did what it must not do."""


@dataclass(frozen=True, slots=True)
class Reader:
    """`make`: an input; `read`: what takes it, in a folder of its own. It returns, or raises
    BadInput; all else is a finding."""

    make: Callable[[Random], bytes]
    read: Callable[[bytes, Path], None]


def said(arguments: Sequence[str], statuses: Sequence[int] = STATUSES) -> str:
    """What a command prints; its status is one of those that are promised, and what it prints is
    dead text."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = run(arguments)
    text = out.getvalue() + errors.getvalue()
    if status not in statuses:
        raise Wrong(f"exit status {status}\n{text}")
    dead(text)
    return text


def dead(text: str) -> None:
    """Nothing in `text` acts in a terminal, or writes backwards."""
    alive = sorted({each for each in text if not (" " <= each <= "~" or each in "\n\t")})
    if alive:
        raise Wrong(f"prints {alive}\n{text}")


def strings(content: object) -> None:
    """No string of a JSON document is alive once it is read."""
    if isinstance(content, str) and not (content.isascii() and content.isprintable()):
        raise Wrong(f"JSON holds {content!r}")
    if isinstance(content, dict):
        content = [*content, *content.values()]
    if isinstance(content, list):
        for each in content:
            strings(each)
