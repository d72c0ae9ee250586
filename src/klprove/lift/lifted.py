# SPDX-License-Identifier: GPL-2.0-or-later
"""One function of a kernel tree as text of a unit: the file with everything else blanked."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from klprove.c import Text
from klprove.lift.conditionals import kept_parts
from klprove.lift.masking import mask
from klprove.lift.tree import KernelTree, Place
from klprove.source import Span

_WORD = re.compile(r"(?<![\w.])(?<!->)[A-Za-z_]\w*")

NAMED = re.compile(
    r"(?:undeclared (?:identifier|function)|implicit declaration of function) '(\w+)'"
)
"""The name that a complaint of clang's is about, where it is one of nobody's."""


@dataclass(frozen=True)
class Lifted:
    """The text of one definition, each character where the tree's file has it."""

    name: str
    place: Place
    text: Text
    decided_by: frozenset[str] = frozenset()
    """CONFIG_ names of the conditionals around it and in it."""
    depth: int = 0
    """Of what is lifted only because others mention it: over how many of them; else 0."""

    @property
    def is_macro(self) -> bool:
        """True for a #define."""
        return self.place.definition.is_macro

    @property
    def reference(self) -> str:
        """FILE:NAME, FILE from the root of the tree: what --lift takes."""
        return f"{self.place.file.as_posix()}:{self.name}"

    @property
    def lines(self) -> range:
        """Lines of the file that it takes."""
        body = self.text.body
        return range(self.place.line, body.count("\n") + 1)

    @property
    def span(self) -> Span:
        """Where it begins."""
        return Span(self.text.name, self.place.line, 1)

    def holds(self, span: Span) -> bool:
        """True for a place in it."""
        return span.file == self.text.name and span.line in self.lines

    @cached_property
    def words(self) -> frozenset[str]:
        """Names that it mentions, members aside."""
        return frozenset(_WORD.findall(mask(self.text.body))) - {self.name}

    @cached_property
    def options(self) -> frozenset[str]:
        """CONFIG_ names that decide about it or that it asks about."""
        return self.decided_by | {name for name in self.words if name.startswith("CONFIG_")}


def lifted(tree: KernelTree, place: Place, depth: int = 0) -> Lifted:
    """The text of `place`. A macro is kept as a macro."""
    each, decided = place.definition, tree.decided(place.file)
    body = kept_parts(decided.text[: each.end], iter([(each.start, each.end)])) + "\n"
    path = f"/klprove-lift/{each.name}/{place.file.name}"
    asked = (names for start, end, names in decided.asked if start < each.end and each.start < end)
    return Lifted(
        name=each.name,
        place=place,
        text=Text(str(tree.root / place.file), path, body),
        decided_by=frozenset().union(*asked),
        depth=depth,
    )


def virtual(name: str, body: str) -> Text:
    """Text that no file holds."""
    return Text(f"<{name}>", f"/klprove-lift/{Path(name).name}.h", body)
