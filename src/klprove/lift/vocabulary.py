# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that kernel text says and models leave out: vocabulary.toml, a table a reason."""

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).with_name("vocabulary.toml")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_EMPTY = "#define {}(...) (0)"


@dataclass(frozen=True, slots=True)
class Word:
    """One word, and the line of text that stands for it."""

    name: str
    """Ends in * where it stands for all names that begin so."""
    line: str
    kind: str
    """`empty`, `attribute`, `same` or `type`."""
    reason: str
    model: str = ""
    """A name that the model must define for this word to count; empty for any model."""


@cache
def vocabulary() -> dict[str, tuple[Word, ...]]:
    """Every word by name; those for some models before those for any."""
    found: dict[str, tuple[Word, ...]] = {}
    for word in sorted(_words(), key=lambda each: not each.model):
        found[word.name] = (*found.get(word.name, ()), word)
    return found


def _words() -> Iterator[Word]:
    tables = tomllib.loads(HERE.read_text(encoding="utf-8"))
    for kind, groups in tables.items():
        for group in groups:
            rest = (kind, group["reason"], group.get("model", ""))
            for name in group.get("names", ()):
                yield Word(
                    name, _EMPTY.format(name) if kind == "empty" else f"#define {name}", *rest
                )
            for name in group.get("calls", ()):
                yield Word(name, f"#define {name}(...)", *rest)
            for text in group.get("defines", ()):
                yield Word(_IDENTIFIER.findall(text)[0], f"#define {text}", *rest)
            for name, text in group.get("texts", {}).items():
                yield Word(name, text, *rest)


def word_for(name: str, known: Collection[str]) -> Word | None:
    """The word for `name` beside a model that defines `known`; None where there is none."""
    words = vocabulary().get(name, ())
    return next((each for each in words if not each.model or each.model in known), None)


def family(name: str) -> Word | None:
    """The word for `name` of the families that end in *; None where it is of none."""
    for words in vocabulary().values():
        if words[0].name.endswith("*") and name.startswith(words[0].name[:-1]):
            return Word(name, _EMPTY.format(name), words[0].kind, words[0].reason)
    return None


def mentioned(line: str) -> set[str]:
    """Names that a line of text makes use of."""
    return set(_IDENTIFIER.findall(line))
