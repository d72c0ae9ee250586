"""Words that kernel text says and models leave out: vocabulary.toml, a table a reason."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).with_name("vocabulary.toml")
_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: the macro that stands for it."""

    name: str
    """Ends in * where it stands for all names that begin so."""
    define: str
    """What follows #define."""
    kind: str
    """`empty`, `attribute` or `same`."""
    reason: str


@cache
def vocabulary() -> dict[str, Word]:
    """Every word by name, in the order of the file."""
    return {word.name: word for word in _words()}


def _words() -> Iterator[Word]:
    tables = tomllib.loads(HERE.read_text(encoding="utf-8"))
    for kind, groups in tables.items():
        for group in groups:
            reason = group["reason"]
            for name in group.get("names", ()):
                define = f"{name}(...) (0)" if kind == "empty" else name
                yield Word(name, define, kind, reason)
            for name in group.get("calls", ()):
                yield Word(name, f"{name}(...)", kind, reason)
            for define in group.get("defines", ()):
                found = _NAME.match(define)
                assert found
                yield Word(found[0], define, kind, reason)


def family(name: str) -> Word | None:
    """The word for `name` of the families that end in *; None where it is of none."""
    for word in vocabulary().values():
        if word.name.endswith("*") and name.startswith(word.name[:-1]):
            return Word(name, f"{name}(...) (0)", word.kind, word.reason)
    return None


def mentioned(define: str) -> set[str]:
    """Names that a #define makes use of."""
    return set(re.findall(r"[A-Za-z_]\w*", define))
