"""`hooks.toml`: what the map knows about kernels by name, looked up in one image."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Any

from klprove.image import Functions

HOME = Path(__file__).parent / "hooks.toml"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The names of `hooks.toml`, as they stand there."""

    rcu: Mapping[str, Sequence[str]]
    reports: Sequence[str]
    slots: Sequence[tuple[Sequence[str], str]]
    """Functions with an indirect call, and `structure.member` that it goes through."""
    contexts: Sequence[Mapping[str, Any]]
    threads: Mapping[str, Any]
    user: Sequence[str]
    """What an entry calls only where it interrupted user mode: a task's context."""
    interrupts: Mapping[str, Sequence[str]]


def knowledge(path: Path = HOME) -> Knowledge:
    """What the file at `path` says."""
    with open(path, "rb") as file:
        found = tomllib.load(file)
    return Knowledge(
        found["rcu"],
        found["reports"]["names"],
        [(each["in"], each["member"]) for each in found["slot"]],
        found["context"],
        found["threads"],
        found["user"]["names"],
        found["interrupts"],
    )


def matching(functions: Functions, patterns: Iterable[str]) -> frozenset[int]:
    """The functions that have one of the names, `*` standing for anything; copies (`.constprop`)
    count, fragments (`.cold`) do not."""
    names, stars = set[str](), list[str]()
    for each in patterns:
        if "*" in each:
            stars.append(translate(each))
        else:
            names.add(each)
    if stars:
        names.update(filter(re.compile("|".join(stars)).match, functions.variants))
    found = {i for name in names for i in functions.variants.get(name, ())}
    return frozenset(each for each in found if not functions.fragment(each))
