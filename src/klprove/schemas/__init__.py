# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON Schema (2020-12) of every document that klprove writes or reads; docs/json.md.

One file each, `NAME.schema.json`. Its `$id` is what the documents have as their `schema`, its
`title` says what they are, its `description` which command writes them.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from klprove.source import near

_END = ".schema.json"


class Published(NamedTuple):
    """One schema."""

    name: str
    version: int
    title: str
    written: str
    """The command that writes such documents, or reads them."""

    @property
    def id(self) -> str:
        """`klprove.NAME/VERSION`."""
        return f"klprove.{self.name}/{self.version}"


def published() -> tuple[Published, ...]:
    """Every schema, by name."""
    return tuple(_published(name) for name in sorted(_names()))


def schema_text(name: str) -> str:
    """The text of a schema: `check`, or `klprove.check/4` where that is its version. Raises
    KeyError, whose arguments are what might be meant, where there is none."""
    short, slash, _ = name.removeprefix("klprove.").partition("/")
    every = set(_names())
    if short not in every:
        raise KeyError(*near(short, every))
    here = _published(short).id
    if slash and here != f"klprove.{name.removeprefix('klprove.')}":
        raise KeyError(here)
    return _text(short)


def schema_of(name: str) -> dict[str, Any]:
    """The schema `name` as a document, as `schema_text` finds it."""
    content: dict[str, Any] = json.loads(schema_text(name))
    return content


def _names() -> Iterator[str]:
    for each in files("klprove.schemas").iterdir():
        if each.name.endswith(_END):
            yield each.name.removesuffix(_END)


def _text(name: str) -> str:
    return (files("klprove.schemas") / f"{name}{_END}").read_text(encoding="utf-8")


def _published(name: str) -> Published:
    content = json.loads(_text(name))
    _, _, version = content["$id"].partition("/")
    return Published(name, int(version), content["title"], content["description"])
