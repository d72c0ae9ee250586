# SPDX-License-Identifier: GPL-2.0-or-later
"""Which words of a model are which words of a real kernel: words.toml, met with an image."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from klprove.lab.memory import FIXED, Word

if TYPE_CHECKING:
    from klprove.lab.layout import Layout

HOME = Path(__file__).parent / "words.toml"
_CPU = re.compile(r"\[cpu \d+\]")
_ALL = (1 << 64) - 1


class Pair(NamedTuple):
    """A word of the model and the kernel's."""

    model: str
    """As traces name it, without the CPU."""
    short: str
    """The head of its column."""
    word: Word
    mask: int
    order: bool
    """The kernel changes it where the model does and nowhere else."""
    meant: Mapping[int, int] = {}
    """For addresses of the model, what lies there in the kernel."""

    def told(self, value: int) -> int:
        """What of the model's `value` is compared."""
        return self.meant.get(value, value) & self.mask

    def masked(self, value: int) -> int:
        """What of the kernel's `value` is compared."""
        return value & self.mask


@dataclass(frozen=True, slots=True)
class Words:
    """What a model and one image have in common."""

    pairs: dict[str, Pair]
    """By the model's name."""
    others: dict[str, str]
    """Why an object of the model has no counterpart."""

    def pair(self, name: str) -> Pair | None:
        """The pair of an object that a trace names."""
        return self.pairs.get(bare(name))

    def reason(self, name: str) -> str:
        """Why there is none."""
        found = bare(name)
        for start, why in self.others.items():
            if _within(found, start):
                return why
        return "nothing in the image has this name"


def _within(name: str, whole: str) -> bool:
    return name == whole or name.startswith((f"{whole}.", f"{whole}["))


def bare(name: str) -> str:
    """The name of an object without its CPU."""
    return _CPU.sub("", name)


@cache
def table(path: Path = HOME) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """What words.toml says."""
    with open(path, "rb") as file:
        return tomllib.load(file)


def words(places: "Layout", more: Mapping[str, Pair] | None = None, reader: int = 0) -> Words:
    """The pairs that the image has, and `more`, those of modules. `reader`: the virtual CPU that
    the model's CPU 0 is; not the first where that is an updater's, and then those of livepatch's
    core are there, too: their addresses mean what those of `more` do."""
    found: dict[str, Pair] = {}
    for row in [*table()["word"], *(table()["core"] if reader else ())]:
        word = _placed(places, row)
        if word is not None:
            mask = row.get("mask", _ALL)
            found[row["model"]] = Pair(
                row["model"], row["short"], word, mask, row.get("order", False),
                {0: reader} if reader and row.get("cpu") else {},
            )  # fmt: skip
    others = {row["model"]: row["why"] for row in table()["other"]}
    for name, pair in (more or {}).items():
        if not any(_within(name, each) for each in others):
            found[name] = pair
    meant = next((each.meant for each in (more or {}).values()), {})
    for row in table()["core"] if reader else ():
        if "symbol" in row and row["model"] in found:
            found[row["model"]] = found[row["model"]]._replace(meant=meant)
    return Words(found, others)


def _placed(places: "Layout", row: Mapping[str, Any]) -> Word | None:
    for name in row.get("per-cpu", ()):
        variable, _, path = name.partition(".")
        word = places.variable(variable, path)
        if word is not None:
            return word
    for name in row.get("task", ()):
        word = places.member("task_struct", name)
        if word is not None:
            return word
    at = places.named.get(row.get("symbol", ""))
    return Word(FIXED, at, row["size"], row["signed"]) if at is not None else None
