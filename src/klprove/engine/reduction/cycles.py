# SPDX-License-Identifier: GPL-2.0-or-later
"""Points that cut every cycle of a graph of steps: a feedback vertex set, not a smallest one."""

from collections.abc import Callable, Iterable, Mapping


def cut(
    nodes: Iterable[int], follows: Mapping[int, set[int]], rank: Callable[[int], int]
) -> set[int]:
    """Nodes on every cycle; of those on one, such with a high `rank` are taken first."""
    found: set[int] = set()
    work = [set(nodes)]
    while work:
        for part in components(work.pop(), follows):
            if len(part) == 1 and not follows[next(iter(part))] & part:
                continue
            ways = {each: len(follows[each] & part) for each in part}
            chosen = max(part, key=lambda each: (rank(each), ways[each], -each))
            found.add(chosen)
            work.append(part - {chosen})
    return found


def components(nodes: set[int], follows: Mapping[int, set[int]]) -> list[set[int]]:
    """Strongly connected components of the graph that `nodes` induce (Tarjan 1972)."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on: set[int] = set()
    found: list[set[int]] = []
    for root in sorted(nodes):
        if root in number:
            continue
        work = [(root, iter(sorted(follows[root] & nodes)))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    part: set[int] = set()
                    while node not in part:
                        part.add(stack.pop())
                    on -= part
                    found.append(part)
            elif following not in number:
                number[following] = low[following] = len(number)
                stack.append(following)
                on.add(following)
                work.append((following, iter(sorted(follows[following] & nodes))))
            elif following in on:
                low[node] = min(low[node], number[following])
    return found
