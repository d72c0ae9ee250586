# SPDX-License-Identifier: GPL-2.0-or-later
"""How the record of a state is cut into parts, and how these are paired; see `kernels.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_WIDEST = 8
"""Words of a part at the most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A binary tree over the words of a record.

    `parts`: the words of each part, all of one width. `joins`: for each inner node which two are
    paired, a number below the count of parts meaning a part, others earlier inner nodes. `top`: the
    two that make up the key.
    """

    parts: tuple[tuple[int, ...], ...]
    joins: tuple[tuple[int, int], ...]
    top: tuple[int, int]

    @property
    def width(self) -> int:
        """Words of a part."""
        return len(self.parts[0])

    @property
    def nodes(self) -> int:
        """Parts and pairs of a state together."""
        return len(self.parts) + len(self.joins)


def shape(groups: Sequence[Sequence[int]], zero: int) -> Shape:
    """The shape for words that change together in groups; `zero` is a word that never changes.

    Groups are kept together, and the halves of the key are about equally large: of each half there
    are then about as many distinct ones as the square root of the number of states.
    """
    some = [group for group in groups if group]
    tree = _split(some) if len(some) > 1 else _split([*some, [zero]])
    parts = list(_leaves(tree))
    width = max(map(len, parts))
    joins: list[tuple[int, int]] = []

    def number(node: object) -> int:
        if isinstance(node, list):
            return parts.index(node)
        assert isinstance(node, tuple)
        joins.append((number(node[0]), number(node[1])))
        return len(parts) + len(joins) - 1

    assert isinstance(tree, tuple)
    top = number(tree[0]), number(tree[1])
    filled = (tuple(each) + (zero,) * (width - len(each)) for each in parts)
    return Shape(tuple(filled), tuple(joins), top)


def _split(groups: Sequence[Sequence[int]]) -> object:
    """A tree of pairs whose leaves are lists of words."""
    if len(groups) == 1:
        (group,) = groups
        if len(group) <= _WIDEST:
            return list(group)
        middle = len(group) // 2
        return _split([group[:middle]]), _split([group[middle:]])
    sizes = list(accumulate(map(len, groups)))
    cut = min(range(1, len(groups)), key=lambda each: abs(sizes[-1] - 2 * sizes[each - 1]))
    if abs(sizes[-1] - 2 * sizes[cut - 1]) > sizes[-1] // 2:
        # One group is nearly all there is: as a half it would be as manifold as the states.
        large = max(range(len(groups)), key=lambda each: len(groups[each]))
        before, group, after = groups[:large], groups[large], groups[large + 1 :]
        middle = len(group) // 2
        return _split([*before, group[:middle]]), _split([group[middle:], *after])
    return _split(groups[:cut]), _split(groups[cut:])


def _leaves(tree: object) -> Sequence[list[int]]:
    if isinstance(tree, list):
        return [tree]
    assert isinstance(tree, tuple)
    return [*_leaves(tree[0]), *_leaves(tree[1])]
