# SPDX-License-Identifier: GPL-2.0-or-later
"""One translation unit: klprove.h, the files of a kernel model, the user's file."""

import os
import resource
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from clang.cindex import Index, TranslationUnitLoadError

from klprove.c import api
from klprove.c.diagnostics import errors
from klprove.c.loops import ForParts, headers
from klprove.c.nodes import UNITY, Extent, Node, Tree
from klprove.c.replacement import Overlay, replacements
from klprove.c.text import PRAGMAS, Text, read
from klprove.source import BadInput, Diagnostic, Span

HEADER = Path(__file__).parent.parent / "include" / "klprove.h"


_MOST_MEMORY = 2 << 30
"""Bytes that clang may take to read a text; a kernel model takes a hundredth."""
_NOTHING = Overlay()
_ASM = ("asm", "__asm__", "__asm")


@dataclass
class FunctionDecl:
    """A function: every declaration of it, and its definition if it has one."""

    name: str
    declarations: list[Node] = field(default_factory=list)
    definition: Node | None = None
    from_header: bool = False

    @cached_property
    def annotations(self) -> tuple[str, ...]:
        """Its klprove attributes, on whichever declaration they stand, each once."""
        return tuple(dict.fromkeys(a for each in self.declarations for a in each.annotations))

    @cached_property
    def node(self) -> Node:
        """The definition, or else the last declaration."""
        return self.definition or self.declarations[-1]

    @cached_property
    def parameters(self) -> tuple[Node, ...]:
        """The parameters of `node`."""
        return tuple(each for each in self.node.children if each.kind == "PARM_DECL")

    @cached_property
    def body(self) -> Node | None:
        """The compound statement."""
        last = self.definition.children[-1] if self.definition else None
        return last if last and last.kind == "COMPOUND_STMT" else None

    @cached_property
    def loops(self) -> dict[int, ForParts]:
        """The parts of the `for` statements in the body, by id() of their node."""
        return headers(self.definition) if self.definition else {}

    @cached_property
    def is_inline(self) -> bool:
        """True where any declaration says inline."""
        return any(api.is_inline(each.cursor) for each in self.declarations)

    @property
    def is_ghost(self) -> bool:
        """True for a function that takes no steps."""
        return "ghost" in self.annotations

    def is_traceable(
        self, outlined: frozenset[str] = frozenset(), inlined: frozenset[str] = frozenset()
    ) -> bool:
        """True where compiled code would have a call of __fentry__ that a livepatch can take."""
        if self.body is None or self.name.startswith("__klprove_") or self.name == "__fentry__":
            return False
        if "notrace" in self.annotations or self.is_ghost or self.name in inlined:
            return False
        return not self.is_inline or self.name in outlined


@dataclass
class VariableDecl:
    """A variable with static storage: every declaration of it."""

    name: str
    declarations: list[Node] = field(default_factory=list)

    @cached_property
    def node(self) -> Node:
        """The declaration that says most: an initialiser, storage, a complete type."""
        return max(self.declarations, key=_says)

    @cached_property
    def annotations(self) -> tuple[str, ...]:
        """Its klprove attributes, on whichever declaration they stand, each once."""
        return tuple(dict.fromkeys(a for each in self.declarations for a in each.annotations))

    @cached_property
    def is_defined(self) -> bool:
        """False for a variable that is only declared, elsewhere defined."""
        return _says(self.node) >= (0, 1, 0)


def _says(node: Node) -> tuple[int, int, int]:
    return int(node.initialiser is not None), int(not node.is_extern), node.type.size


class Unit:
    """One parsed translation unit. Nodes are fetched when asked for, and kept."""

    def __init__(
        self,
        tree: Tree,
        texts: Sequence[Text],
        replaced: tuple[str, ...],
        arguments: Sequence[str] = (),
        aside: Sequence[Text] = (),
    ) -> None:
        self.tree = tree
        self.texts = tuple(texts)
        self._aside = tuple(aside)
        self._arguments = tuple(arguments)
        self.replaced = replaced
        """Names of the model's functions that the user's file replaces."""
        self.declared: dict[str, FunctionDecl] = {}
        """Every function of the unit, by name, in the order of the text."""
        self.variables: dict[int, VariableDecl] = {}
        """Every variable at file scope, by key."""
        self.assembly: list[Span] = []
        """Where assembly stands outside of functions."""
        self.pragmas = frozenset(word for text in texts for word, _ in text.pragmas())
        self._collect()

    def _collect(self) -> None:
        header = str(HEADER)
        for cursor in api.children(self.tree.handle.cursor):
            node = self.tree.declaration(cursor)
            if node is None:
                continue
            if node.kind == "FUNCTION_DECL":
                known = self.declared.get(node.name)
                if known is None:
                    inside = api.location(cursor)[0] == header
                    known = self.declared[node.name] = FunctionDecl(node.name, from_header=inside)
                known.declarations.append(node)
                if cursor.is_definition():
                    known.definition = node
            elif node.kind == "UNEXPOSED_DECL" and api.first_word(cursor) in _ASM:
                self.assembly.append(node.span)
            elif node.kind == "VAR_DECL":
                self.variables.setdefault(node.key, VariableDecl(node.name))
                self.variables[node.key].declarations.append(node)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions that have a body, in the order of the text."""
        return tuple(name for name, each in self.declared.items() if each.body is not None)

    def traceable(self) -> tuple[str, ...]:
        """Names of the functions that a livepatch could patch, in the order of the text."""
        return tuple(name for name in self.functions if self.declared[name].is_traceable())

    def edited(self, edits: Iterable[tuple[Extent, str]]) -> "Unit":
        """The unit with the text of each extent replaced; no line moves. Raises BadInput where it
        is C no more."""
        by_path: dict[str, list[tuple[int, int, str]]] = {}
        for extent, new in edits:
            by_path.setdefault(extent.path, []).append((extent.start, extent.end, new))
        texts = [each.edited(by_path.get(each.path, ())) for each in self.texts]
        tree = _parse(texts, self._arguments, self._aside)
        if found := errors(tree):
            raise BadInput(found)
        return Unit(tree, texts, self.replaced, self._arguments, self._aside)

    def span(self) -> Span:
        """The last file: a place for what concerns the whole unit."""
        return Span(self.texts[-1].name, 0, 0) if self.texts else Span("<klprove>", 0, 0)


def parse(
    files: Sequence[Path | str],
    *,
    defines: Mapping[str, str] | None = None,
    include: Sequence[Path] = (),
    user: Path | str | None = None,
    overlay: Overlay = _NOTHING,
) -> Unit:
    """Parse klprove.h, then each of `files`, then `user`, as one text.

    A function defined in `user` replaces the one of that name in `files`; one of `overlay` does so
    too, and `user` replaces both. Raises BadInput with all that is wrong.
    """
    names = [*files, *([user] if user is not None else [])]
    read_all = [read(name, index) for index, name in enumerate(names)]
    bad = [each for each in read_all if isinstance(each, Diagnostic)]
    texts = [each for each in read_all if isinstance(each, Text)]
    bad += [
        Diagnostic("unknown", span, f"unknown pragma '{word}'", f"known are {', '.join(PRAGMAS)}")
        for text in texts
        for word, span in text.pragmas()
        if word not in PRAGMAS
    ]
    if bad:
        raise BadInput(bad)
    arguments = [
        "-std=gnu11", "--target=x86_64-linux-gnu", "-nostdinc", "-w", "-ferror-limit=0",
        "-fspell-checking",
        "-Werror=int-conversion", "-Werror=implicit-function-declaration",
        f"-I{HEADER.parent}",
        *(f"-I{each}" for each in include),
        *(f"-D{name}={value}" for name, value in (defines or {}).items()),
    ]  # fmt: skip
    layers = _layers(texts, user is not None and len(texts) > 1, overlay)
    texts = [*overlay.front, *texts[: len(files)], *overlay.functions, *texts[len(files) :]]
    replaced: tuple[str, ...] = ()
    tree = _parse(texts, arguments)
    if any(layers.values()) or overlay.macros:
        replaced, texts = replacements(tree, texts, layers, overlay.macros)
        if replaced:
            tree = _parse(texts, arguments, tuple(overlay.macros.values()))
    if found := errors(tree):
        raise BadInput(found)
    return Unit(tree, texts, replaced, arguments, tuple(overlay.macros.values()))


def _layers(texts: Sequence[Text], replaces: bool, overlay: Overlay) -> dict[str, int]:
    """Of each text, by path, which replaces which: the model's 0, an overlay's 1, the user's 2."""
    layers = dict.fromkeys((each.path for each in (*overlay.front, *texts)), 0)
    layers.update((each.path, 1) for each in overlay.functions)
    if replaces:
        layers[texts[-1].path] = 2
    return layers


@contextmanager
def _silent() -> Iterator[None]:
    """Keep from the terminal what libclang itself writes there where it gives up: names as they
    are. What is wrong with a text it hands over as diagnostics."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _bounded() -> Iterator[None]:
    """Let clang have a bounded amount of memory: what a text includes may never end."""
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            held = int(statm.read().split()[5]) * resource.getpagesize()
    except OSError:  # another system: no bound
        yield
        return
    lower = [each for each in limits if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([held + _MOST_MEMORY, *lower]), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def _parse(texts: Sequence[Text], arguments: Sequence[str], aside: Sequence[Text] = ()) -> Tree:
    """`aside`: what other texts include by its path."""
    included = [str(HEADER), *(text.path for text in texts)]
    main = "".join(f'#include "{path}"\n' for path in included)
    unsaved = [(UNITY, main), *((text.path, text.body) for text in (*texts, *aside))]
    index: Any = Index.create()
    try:
        with _silent(), _bounded():
            handle = index.parse(UNITY, args=list(arguments), unsaved_files=unsaved, options=0)
    except TranslationUnitLoadError as error:
        text = "clang gives up: too much memory, or nested too deeply"
        raise BadInput([Diagnostic("large", Span(texts[-1].name, 0, 0), text)]) from error
    names = {text.path: text.name for text in (*texts, *aside)} | {str(HEADER): "klprove.h"}
    last = texts[-1] if texts else Text("klprove.h", str(HEADER), "")
    end = Span(last.name, last.body.count("\n") + (not last.body.endswith("\n")), 1)
    return Tree(handle, names, end)
