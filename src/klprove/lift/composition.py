# SPDX-License-Identifier: GPL-2.0-or-later
"""Lifted text put together with the words that it needs, ready to stand in a model's place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from klprove.c import Overlay, Text
from klprove.lift.lifted import Lifted, virtual
from klprove.lift.masking import mask
from klprove.lift.tree import KernelTree
from klprove.lift.vocabulary import Word, family, mentioned, vocabulary, word_for

_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_ENUM = re.compile(r"\benum\b[^{};()]*\{([^}]*)\}")
_PIECE = re.compile(r"[{}]|\b[A-Za-z_]\w*")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)


def words_of(text: str) -> frozenset[str]:
    """Names that `text` may define: macros, enumerators, and what stands outside of braces."""
    code = mask(text)
    found = set(_DEFINE.findall(code))
    code = _DIRECTIVE.sub(" ", code)
    for members in _ENUM.findall(code):
        found |= set(re.findall(r"[A-Za-z_]\w*", members))
    depth = 0
    for piece in _PIECE.finditer(code):
        if piece[0] in "{}":
            depth = max(depth + (1 if piece[0] == "{" else -1), 0)
        elif not depth:
            found.add(piece[0])
    return frozenset(found)


def macros_of(text: str) -> frozenset[str]:
    """Names that `text` defines as macros."""
    return frozenset(_DEFINE.findall(mask(text)))


@dataclass(frozen=True)
class Composed:
    """An overlay, and what it takes for granted."""

    overlay: Overlay
    lifted: tuple[Lifted, ...] = ()
    words: tuple[Word, ...] = ()
    """Of the vocabulary, those in use."""
    options: Mapping[str, bool] = field(default_factory=dict)
    """CONFIG_ names that the text asks about: on or off."""

    @property
    def empty(self) -> tuple[str, ...]:
        """Names taken as doing nothing."""
        return tuple(sorted(each.name for each in self.words if each.kind == "empty"))

    @property
    def instead(self) -> tuple[str, ...]:
        """Names that stand for something else, with what that is."""
        words = [
            each for each in self.words if each.kind == "same" and "__klprove" not in each.name
        ]
        return tuple(sorted(each.line.removeprefix("#define ") for each in words))

    def assumptions(self, tree: str | None) -> tuple[str, ...]:
        """What an answer about this text rests on."""
        names = ", ".join(each.name for each in self.lifted)
        said = [f"text of {tree or 'the kernel'}, unmodified: {names}"]
        if self.empty:
            said.append(f"in that text these do nothing: {', '.join(self.empty)}")
        if self.instead:
            said.append(f"in that text other words stand for these: {'; '.join(self.instead)}")
        said += [f"{word} in that text: {names}" for word, names in self.configuration()]
        return tuple(said)

    def configuration(self) -> list[tuple[str, str]]:
        """`on` and `off`, each with the options that are."""
        by_value = {
            word: [n for n, on in self.options.items() if on == value]
            for word, value in (("on", True), ("off", False))
        }
        return [(word, ", ".join(names)) for word, names in by_value.items() if names]


def compose(
    tree: KernelTree,
    parts: Sequence[Lifted],
    known: frozenset[str],
    functions: frozenset[str],
    options: Mapping[str, str],
) -> Composed:
    """`parts` as an overlay over a model.

    `known`: names that the model or the user's file defines; `functions`: those of them that are
    functions of the model. `options`: the configuration.
    """
    names = {each.name for each in parts}
    asked = set().union(*(each.words for each in parts))
    words = _needed(tree, asked - known - names, known | names)
    asked |= {name for each in words for name in mentioned(each.line)}
    on = sorted(name for name in asked & options.keys() - known if name.startswith("CONFIG_"))
    lines = [f"#define {name} {options[name]}" for name in on]
    lines += [each.line for each in words]
    front = [virtual("vocabulary", "\n".join(lines) + "\n")] if lines else []
    front += [each.text for each in parts if each.is_macro and each.name not in functions]
    overlay = Overlay(
        front=tuple(front),
        functions=tuple(_in_order([each for each in parts if not each.is_macro], functions)),
        macros={each.name: each.text for each in parts if each.is_macro and each.name in functions},
    )
    about = sorted(set().union(*(each.options for each in parts)))
    decided = {name: name in options for name in about}
    return Composed(overlay, tuple(parts), tuple(words), decided)


def _needed(tree: KernelTree, asked: Iterable[str], known: frozenset[str] | set[str]) -> list[Word]:
    """The words of the vocabulary for `asked`, and for what these words mention."""
    found: dict[str, Word] = {}
    left = sorted(asked)
    families = [name for name in left if name not in vocabulary() and family(name)]
    defined = tree.find(families)
    while left:
        name = left.pop()
        word = word_for(name, known) or (family(name) if name not in defined else None)
        if word is None or name in found or name in known:
            continue
        found[name] = word
        left += sorted(mentioned(word.line))
    return [found[name] for name in sorted(found)]


def _in_order(parts: Sequence[Lifted], functions: frozenset[str]) -> Iterable[Text]:
    """`parts` with what the model does not declare before whoever calls it."""
    by_name = {each.name: each for each in parts}
    begun: set[str] = set()
    done: list[Text] = []

    def visit(each: Lifted) -> None:
        if each.name in begun:
            return
        begun.add(each.name)
        for name in sorted(each.words & by_name.keys() - functions):
            visit(by_name[name])
        done.append(each.text)

    for each in parts:
        visit(each)
    return done
