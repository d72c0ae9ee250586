# SPDX-License-Identifier: GPL-2.0-or-later
"""Every smallest change of a text: a statement less, two in the other order, a test less.

The operators are those of mutation testing that remove or reorder (statement deletion, and decision
and operand replacement: DeMillo, Lipton, Sayward 1978; Jia, Harman, IEEE TSE 37(5), 2011), with the
exchange of neighbours for what concurrency adds: the order of accesses.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from klprove.c import Extent, Node, Unit
from klprove.source import Span

DELETE, SWAP, TEST = "delete", "swap", "test"
OPERATORS = (DELETE, SWAP, TEST)

_PROPERTY = frozenset({"assert", "assume", "finding", "reach"})
"""Words of the language that state a property or look at a run: no part of the modelled code."""
_KEPT = frozenset({"DECL_STMT", "NULL_STMT", "RETURN_STMT"})  # fmt: skip
"""Statements that are not deleted."""
_FIXED = frozenset({"LABEL_STMT", "CASE_STMT", "DEFAULT_STMT", "NULL_STMT", "RETURN_STMT",
    "GOTO_STMT", "BREAK_STMT", "CONTINUE_STMT",
})  # fmt: skip
"""Statements that do not change places."""
_NESTED = frozenset({"COMPOUND_STMT", "IF_STMT", "LABEL_STMT", "FOR_STMT", "WHILE_STMT", "DO_STMT",
    "SWITCH_STMT", "CASE_STMT", "DEFAULT_STMT",
})  # fmt: skip
"""Statements that hold others: these are deleted, and a test has mutants of its own."""
_SHOWN = 60
"""Most characters of a statement that a name repeats."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the text."""

    operator: str
    """One of OPERATORS."""
    file: str
    """Name of the file, without its folder."""
    function: str
    text: str
    """What is done, in one line: delete `barrier()`."""
    span: Span
    edits: tuple[tuple[Extent, str], ...]
    number: int = 1
    """Counts mutants of a function that say the same."""

    @property
    def name(self) -> str:
        """Tells it from all others and does not change with what stands elsewhere in the file."""
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.file}: {self.function}: {self.text}{again}"


def mutants(
    unit: Unit, files: Collection[str], operators: Collection[str] = OPERATORS
) -> tuple[Mutant, ...]:
    """The mutants of every function of `unit` that is defined in one of `files`, in the order of
    the text. Ghost functions state properties and have none."""
    order = {PurePath(text.name).name: place for place, text in enumerate(unit.texts)}
    found: list[Mutant] = []
    for name, each in unit.declared.items():
        if each.body is None or each.is_ghost or each.from_header:
            continue
        if PurePath(each.body.span.file).name in files:
            found += _Function(unit, name).mutants(each.body)
    found.sort(key=lambda each: (order[each.file], each.span.line))
    counts: Counter[str] = Counter()
    numbered = []
    for mutant in found:
        counts[mutant.name] += 1
        numbered.append(replace(mutant, number=counts[mutant.name]))
    return tuple(each for each in numbered if each.operator in operators)


class _Function:
    """The mutants of one function."""

    def __init__(self, unit: Unit, name: str) -> None:
        self._ghosts = {each.name for each in unit.declared.values() if each.is_ghost}
        self._bodies = {text.path: text.body.encode() for text in unit.texts}
        self._name = name

    def mutants(self, statement: Node) -> Iterator[Mutant]:
        """Those of `statement` and of everything in it."""
        if statement.kind not in _NESTED or _from_macro(statement):
            if statement.kind not in _KEPT and not self._is_property(statement):
                what = f"delete `{self._shown(statement)}`"
                yield self._mutant(DELETE, what, statement, (statement.extent, ""))
            return
        if statement.kind == "IF_STMT":
            yield from self._tests(statement.children[0])
        if statement.kind == "COMPOUND_STMT":
            for first, second in zip(statement.children, statement.children[1:], strict=False):
                yield from self._swaps(first, second)
        for child in statement.children:
            yield from self._inner(statement, child)

    def _inner(self, statement: Node, child: Node) -> Iterator[Mutant]:
        conditions = {"IF_STMT": 1, "WHILE_STMT": 1, "SWITCH_STMT": 1, "CASE_STMT": 1}
        if child in statement.children[: conditions.get(statement.kind, 0)]:
            return
        if statement.kind == "DO_STMT" and child is statement.children[-1]:
            return
        if statement.kind == "FOR_STMT" and child is not statement.children[-1]:
            return
        yield from self.mutants(child)

    def _swaps(self, first: Node, second: Node) -> Iterator[Mutant]:
        if first.kind in _FIXED or second.kind in _FIXED:
            return
        if self._is_property(first) or self._is_property(second):
            return
        if self._text(first) == self._text(second) or second.extent.start < first.extent.end:
            return
        what = f"swap `{self._shown(first)}` and `{self._shown(second)}`"
        one, other = self._closed(first), self._closed(second)
        yield self._mutant(SWAP, what, first, (one, self._line(other)), (other, self._line(one)))

    def _tests(self, condition: Node) -> Iterator[Mutant]:
        if self._is_property(condition):
            return
        shown = self._shown(condition)
        for word, value in (("always", "1"), ("never", "0")):
            yield self._mutant(TEST, f"{word} `if ({shown})`", condition, (condition.extent, value))
        yield from self._operands(condition)

    def _operands(self, condition: Node) -> Iterator[Mutant]:
        """Each side of an `&&` or `||` taken away."""
        bare = condition.bare
        if bare.kind != "BINARY_OPERATOR" or bare.operator not in ("&&", "||"):
            return
        for kept, dropped in (bare.children, bare.children[::-1]):
            what = f"drop `{self._shown(dropped)}` of `{self._shown(bare)}`"
            if bare.extent != dropped.extent:
                yield self._mutant(TEST, what, dropped, (bare.extent, self._text(kept)))
            yield from self._operands(dropped)

    def _is_property(self, node: Node) -> bool:
        """True for a statement about the run, and for a test of what ghost code knows."""
        if self._text(node).partition("(")[0].strip() in _PROPERTY:
            return True
        return any(self._ghostly(each) for each in _all(node))

    def _ghostly(self, node: Node) -> bool:
        return node.kind == "CALL_EXPR" and node.name in self._ghosts

    def _mutant(self, operator: str, text: str, where: Node, *edits: tuple[Extent, str]) -> Mutant:
        file = PurePath(where.span.file).name
        return Mutant(operator, file, self._name, text, where.span, edits)

    def _closed(self, statement: Node) -> Extent:
        """A statement with its semicolon: an expression's extent ends before it."""
        extent, text = statement.extent, self._bodies[statement.extent.path]
        end = extent.end
        while text[end : end + 1].isspace():
            end += 1
        return extent._replace(end=end + 1) if text[end : end + 1] == b";" else extent

    def _text(self, node: Node) -> str:
        return self._at(node.extent)

    def _at(self, extent: Extent) -> str:
        return self._bodies.get(extent.path, b"")[extent.start : extent.end].decode()

    def _line(self, extent: Extent) -> str:
        """Its text on one line, so that what follows stays where it is."""
        text = self._at(extent)
        return text if "//" in text or "#" in text else text.replace("\n", " ")

    def _shown(self, node: Node) -> str:
        # Names stand between backticks on a page of Markdown: no text of a model ends them.
        words = " ".join(self._text(node).replace("`", "'").split()).removesuffix(";")
        return words if len(words) <= _SHOWN else words[: _SHOWN - 3] + "..."


def _from_macro(statement: Node) -> bool:
    """True where a macro stands for the whole of it: what is inside has no text of its own."""
    if statement.kind == "COMPOUND_STMT":
        return False
    return statement.children[-1].extent.start <= statement.extent.start


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)
