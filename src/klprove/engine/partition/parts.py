# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of a search, wherever they are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from klprove.engine.partition.partition import Partition

if TYPE_CHECKING:
    from klprove.engine.partition.native import NativePartition


class PartLost(Exception):
    """The worker of part `index` is gone; the text says what became of it."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(why)
        self.index, self.why = index, why


def part_class(native: bool) -> "type[Partition] | type[NativePartition]":
    """The part in machine code, or in Python."""
    if not native:
        return Partition
    from klprove.engine.partition.native import NativePartition  # needs llvmlite

    return NativePartition


class Parts(Protocol):
    """So many parts that do what they are told, at the same time."""

    count: int
    lasting: bool
    """True where a part that was lost can be made anew from what it left behind."""

    def each(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """A method of every `Partition`, with the arguments of each. Raises PartLost once all the
        others are done."""

    def one(self, index: int, method: str, *arguments: Any) -> Any:
        """A method of one of them."""

    def renew(self, index: int) -> None:
        """Put an empty part in the place of a lost one. Raises PartLost where there is nobody."""
