# SPDX-License-Identifier: GPL-2.0-or-later
"""`knowledge.toml`: what the map knows about kernels by name, looked up in one image."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Any

from klprove.image import Functions

HOME = Path(__file__).parent / "knowledge.toml"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The names of `knowledge.toml`, as they stand there."""

    rcu: Mapping[str, Sequence[str]]
    reports: Sequence[str]
    slots: Sequence[tuple[Sequence[str], str, bool]]
    """Functions with an indirect call, `structure.member` that it goes through, and whether its
    prototype is generic."""
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
        list(_slots(found["slot"])),
        found["context"],
        found["threads"],
        found["user"]["names"],
        found["interrupts"],
    )


def _slots(
    written: Iterable[Mapping[str, Sequence[str]]],
) -> Iterator[tuple[Sequence[str], str, bool]]:
    for each in written:
        yield from ((each["in"], member, False) for member in each["members"])
        yield from ((each["in"], member, True) for member in each.get("generic", ()))


def placed(
    functions: Functions, slots: Iterable[tuple[Sequence[str], str, bool]]
) -> dict[int, list[tuple[str, bool]]]:
    """The members that calls of a function go through, and which are generic; a `*` of one is what
    that of the function's name is."""
    found: dict[int, list[tuple[str, bool]]] = {}
    for names, member, generic in slots:
        for index in sorted(matching(functions, names)):
            parts = (_star(pattern, functions.names[index]) for pattern in names)
            part = next((each for each in parts if each is not None), "")
            found.setdefault(index, []).append((member.replace("*", part), generic))
    return found


def _star(pattern: str, name: str) -> str | None:
    whole = re.escape(pattern).replace(r"\*", "(.*)").replace(r"\?", ".")
    match = re.fullmatch(whole, name)
    return match[1] if match and match.groups() else None


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
