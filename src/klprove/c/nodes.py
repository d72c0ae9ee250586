# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree of one translation unit, fetched from libclang piece by piece and kept."""

import ast
from functools import cached_property
from typing import Any, NamedTuple

from clang.cindex import CursorKind

from klprove.c import api
from klprove.c.types import CType, Integer, TypeTable, annotations, is_const
from klprove.source import Span

# Not each.name, which makes a table of all kinds anew for each of them.
_KINDS = {each.value: n for n, each in vars(CursorKind).items() if isinstance(each, CursorKind)}
UNITY = "/klprove-unit.c"
"""The name of the text that includes all files of a unit."""

_SETTING = frozenset({"=", "x++", "x--", "++x", "--x"})
_WRAPPERS = frozenset({"PAREN_EXPR", "UNEXPOSED_EXPR"})


class Extent(NamedTuple):
    """A stretch of a file: bytes from `start` up to `end`."""

    path: str
    start: int
    end: int


class Tree:
    """What the nodes of one translation unit share: the types, the names of files, the nodes."""

    def __init__(self, handle: Any, names: dict[str, str], last: Span) -> None:
        self.handle = handle
        self._last = last
        self.types = TypeTable()
        self._names = names
        self._declarations: dict[int, Node] = {}

    def span(self, place: tuple[str, int, int, int]) -> Span:
        """`place` with the file as the user named it."""
        file, line, column, _ = place
        if file == UNITY:
            # Only the end of all files is in there: something is open that nothing closes.
            return self._last
        return Span(self._names.get(file, file), line, column)

    def declaration(self, cursor: Any) -> "Node | None":
        """The node of a declaration: the same for every cursor that means it."""
        if api.is_null(cursor):
            return None
        key = int(cursor.data[0] or 0)
        known = self._declarations.get(key)
        if known is None:
            known = self._declarations[key] = Node(self, cursor)
        return known


class Node:
    """An expression, a statement or a declaration."""

    def __init__(self, tree: Tree, cursor: Any) -> None:
        self.tree = tree
        self.cursor = cursor
        self.kind: str = _KINDS.get(cursor._kind_id, "UNKNOWN")

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name!r} at {self.span}>"

    @cached_property
    def children(self) -> tuple["Node", ...]:
        """Its parts, in the order of the text."""
        declaration = self.tree.declaration
        return tuple(
            declaration(each) or Node(self.tree, each)
            if each._kind_id < 40
            else Node(self.tree, each)
            for each in api.children(self.cursor)
        )

    @cached_property
    def form(self) -> str:
        """Its kind, told apart where libclang lumps kinds together.

        ELVIS_EXPR is GNU `a ?: b`, CHOOSE_EXPR is __builtin_choose_expr().
        """
        if self.kind == "UNEXPOSED_EXPR":
            count = len(self.children)
            if count == 4:
                return "ELVIS_EXPR"
            if count == 3 and isinstance(self.children[0].type, Integer):
                return "CHOOSE_EXPR"
        return self.kind

    @cached_property
    def type(self) -> CType:
        """Its type, without qualifiers."""
        return self.tree.types.of(self.cursor.type)

    @cached_property
    def is_const(self) -> bool:
        """True for a declaration of a read-only object."""
        return is_const(self.cursor.type)

    @cached_property
    def name(self) -> str:
        """The name it declares or refers to."""
        return api.spelling(self.cursor)

    @cached_property
    def target(self) -> "Node | None":
        """The declaration that an expression refers to."""
        return self.tree.declaration(api.referenced(self.cursor))

    @cached_property
    def key(self) -> int:
        """Of a declaration: what all declarations of the same thing have in common."""
        return api.identity(self.cursor)

    @cached_property
    def operator(self) -> str:
        """The operator of an operator expression."""
        return api.operator(self.cursor)

    @cached_property
    def constant(self) -> int | None:
        """The value of an integer constant expression, as clang computes it."""
        return api.evaluate(self.cursor)

    @cached_property
    def string(self) -> bytes | None:
        """The contents of a string literal of char, without the NUL at its end."""
        if self.kind != "STRING_LITERAL" or not self.name.startswith(('"', 'u8"')):
            return None
        return bytes(ast.literal_eval("b" + self.name.removeprefix("u8")))

    @property
    def text(self) -> str | None:
        """`string` as text."""
        return None if self.string is None else self.string.decode("utf-8", "replace")

    @cached_property
    def enumerator(self) -> int:
        """The value of an enumeration constant's declaration."""
        return int(self.cursor.enum_value)

    @cached_property
    def width(self) -> int:
        """The bits of a bit-field's declaration, 0 of any other."""
        return int(self.cursor.get_bitfield_width()) if self.cursor.is_bitfield() else 0

    @cached_property
    def initialiser(self) -> "Node | None":
        """The initialiser of a variable's declaration."""
        found = api.initialiser(self.cursor)
        return None if api.is_null(found) else Node(self.tree, found)

    @cached_property
    def is_static(self) -> bool:
        """True for a variable declared inside a function whose storage is static."""
        return bool(self.cursor.storage_class.name == "STATIC")

    @cached_property
    def is_extern(self) -> bool:
        """True for a declaration marked extern."""
        return bool(self.cursor.storage_class.name == "EXTERN")

    @cached_property
    def span(self) -> Span:
        """Where it begins."""
        return self.tree.span(api.location(self.cursor))

    @cached_property
    def end(self) -> Span:
        """Where its last character is: of a function, the closing brace."""
        span = self.tree.span(api.place(self.cursor.extent.end))
        return span._replace(column=max(span.column - 1, 1))

    @cached_property
    def extent(self) -> Extent:
        """Its text; of what a macro stands for, the use of the macro."""
        extent = self.cursor.extent
        path, _, _, start = api.place(extent.start)
        return Extent(path, start, api.place(extent.end)[3])

    @cached_property
    def annotations(self) -> tuple[str, ...]:
        """Of a declaration: its klprove attributes."""
        return annotations(self.cursor)

    @cached_property
    def parts(self) -> tuple["Node", ...]:
        """The children that run when this runs: no types, no operand of sizeof."""
        match self.kind:
            case "VAR_DECL":
                return (self.initialiser,) if self.initialiser else ()
            case "CSTYLE_CAST_EXPR" | "COMPOUND_LITERAL_EXPR":
                return self.children[-1:]
            case "CXX_UNARY_EXPR" | "TYPE_REF" | "STRUCT_DECL" | "UNION_DECL" | "ENUM_DECL":
                return ()
            case "GENERIC_SELECTION_EXPR":
                return (self.selected,) if self.selected else ()
        if self.form == "CHOOSE_EXPR":
            return (self.selected,) if self.selected else ()
        return self.children

    @cached_property
    def has_effects(self) -> bool:
        """True for an expression that may set a variable."""
        if self.kind in ("CALL_EXPR", "StmtExpr", "COMPOUND_ASSIGNMENT_OPERATOR"):
            return True
        if self.kind in ("UNARY_OPERATOR", "BINARY_OPERATOR") and self.operator in _SETTING:
            return True
        return any(each.has_effects for each in self.parts)

    @cached_property
    def selected(self) -> "Node | None":
        """The arm of a _Generic or __builtin_choose_expr that clang chose; None if unclear."""
        if self.form == "CHOOSE_EXPR":
            which = self.children[0].constant
            return None if which is None else self.children[1 if which else 2]
        arms = [each for each in self.children[1:] if each.kind != "TYPE_REF"]
        fitting = [each for each in arms if each.type is self.type]
        return fitting[0] if len(fitting) == 1 else None

    @cached_property
    def bare(self) -> "Node":
        """The expression inside parentheses and implicit conversions."""
        node = self
        while node.kind in _WRAPPERS and len(node.children) == 1:
            node = node.children[0]
        return node
