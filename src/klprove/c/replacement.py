# SPDX-License-Identifier: GPL-2.0-or-later
"""Definitions of a later text take the place of the model's: real kernel text, then the user's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from klprove.c import api
from klprove.c.nodes import Tree
from klprove.c.text import Text


@dataclass(frozen=True)
class Overlay:
    """Text that replaces a model's, and what it needs."""

    front: tuple[Text, ...] = ()
    """Words, before everything else."""
    functions: tuple[Text, ...] = ()
    """A definition each, between the model and the user's file."""
    macros: Mapping[str, Text] = field(default_factory=dict)
    """Macros in place of the model's functions of these names."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """All of them."""
        return (*self.front, *self.functions, *self.macros.values())


@dataclass
class _Twice:
    """A name: where lower layers declare and define it, and the definition of the highest."""

    declared: list[Any] = field(default_factory=list)
    defined: list[Any] = field(default_factory=list)
    layer: int = 0
    highest: Any = None


def replacements(
    tree: Tree, texts: Sequence[Text], layers: Mapping[str, int], macros: Mapping[str, Text]
) -> tuple[tuple[str, ...], list[Text]]:
    """Names of the replaced functions, and the texts without them.

    `layers`: of each text, by path; a definition of a higher one replaces those of lower ones.
    Where these declared or defined a function, the declaration of the higher one stands, so that
    the model's callers still see one. Variables that both initialise keep the higher one's value.
    """
    by_path = {text.path: text for text in texts}
    functions, variables = _definitions(tree, by_path, layers)
    edits: dict[str, list[tuple[int, int, str]]] = {text.path: [] for text in texts}

    def edit(cursor: Any, start: int, end: int, new: str) -> None:
        edits[api.location(cursor)[0]].append((start, end, new))

    replaced = []
    for name, each in functions.items():
        users = each.layer > 1  # the user's own text beats a macro too
        included = f'#include "{macros[name].path}"' if name in macros and not users else ""
        if included:
            each.defined += [each.highest] if each.highest is not None else []
            prototype = ""
        elif each.highest is None or not each.defined:
            continue
        else:
            text = by_path[api.location(each.highest)[0]].body.encode()
            prototype = _prototype(each.highest, text)
        replaced.append(name)
        for cursor in each.declared:
            edit(cursor, *_extent(cursor), prototype)
        for cursor in each.defined:
            edit(cursor, *_extent(cursor), included or prototype + ";")
    for each in variables.values():
        if each.highest is not None:
            for cursor in each.defined:
                text = by_path[api.location(cursor)[0]].body.encode()
                edit(cursor, _equals(cursor, text), _extent(cursor)[1], "")
    if not any(edits.values()):
        return (), list(texts)
    return tuple(replaced), [text.edited(edits[text.path]) for text in texts]


def _definitions(
    tree: Tree, by_path: dict[str, Text], layers: Mapping[str, int]
) -> tuple[dict[str, _Twice], dict[str, _Twice]]:
    functions: dict[str, _Twice] = {}
    variables: dict[str, _Twice] = {}
    for cursor in api.children(tree.handle.cursor):
        kind = cursor.kind.name
        if kind not in ("FUNCTION_DECL", "VAR_DECL"):
            continue
        path = api.location(cursor)[0]
        if path not in by_path:
            continue
        if kind == "FUNCTION_DECL":
            each, defines = functions.setdefault(api.spelling(cursor), _Twice()), _body(cursor)
        else:
            each = variables.setdefault(api.spelling(cursor), _Twice())
            defines = _equals(cursor, by_path[path].body.encode())
        _enter(each, cursor, bool(defines), layers[path])
    return functions, variables


def _enter(each: _Twice, cursor: Any, defines: bool, layer: int) -> None:
    """Note a declaration; texts come in the order of their layers."""
    if not layer:
        (each.defined if defines else each.declared).append(cursor)
    elif defines:
        if each.highest is not None and layer > each.layer:
            each.defined.append(each.highest)
        each.highest, each.layer = cursor, layer


def _body(cursor: Any) -> Any:
    last = [each for each in api.children(cursor) if each.kind.name == "COMPOUND_STMT"]
    return last[0] if last else None


def _equals(variable: Any, text: bytes) -> int:
    """Where the initialiser's `=` is, 0 if there is none."""
    for token in variable.get_tokens():
        if token.spelling == "=":
            return api.place(token.extent.start)[3]
    # Of a redefinition clang drops the initialiser, and ends the declaration before it.
    end = _extent(variable)[1]
    rest = text[end:].lstrip()
    return len(text) - len(rest) if rest.startswith(b"=") else 0


def _extent(cursor: Any) -> tuple[int, int]:
    extent = cursor.extent
    return api.place(extent.start)[3], api.place(extent.end)[3]


def _prototype(definition: Any, text: bytes) -> str:
    """The user's declaration: the text of the definition up to its body, on one line.

    A struct that only the user knows is declared first: otherwise each of the declarations would
    name a type of its own.
    """
    start, end = _extent(definition)[0], _extent(_body(definition))[0]
    words: list[str] = []
    for token in definition.get_tokens():
        at = api.place(token.extent.start)[3]
        if start <= at < end and token.kind.name != "COMMENT":
            words.append(token.spelling)
    written = " ".join(words) or text[start:end].decode(errors="replace").replace("\n", " ")
    tags = dict.fromkeys(re.findall(r"\b(?:struct|union) \w+", written))
    return "".join(f"{tag}; " for tag in tags) + written
