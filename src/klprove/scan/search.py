# SPDX-License-Identifier: GPL-2.0-or-later
"""The order in which functions are reached: the surest and nearest way first."""

import heapq
from collections.abc import Callable, Iterable

from klprove.scan.answers import POSSIBLE, Step

NEAR = 3
"""Calls up to which a path that is not direct is believed."""


def spread(
    roots: Iterable[tuple[int, Step]],
    onward: Callable[[int, Step], Iterable[tuple[int, Step]]],
    near: int = NEAR,
) -> dict[int, Step]:
    """For each function that is reached the best last step: by grade, then by number of calls.

    `onward(function, step)` yields the next steps of a function that was reached so. A step that is
    more than `near` calls away is POSSIBLE at best.
    """
    found: dict[int, Step] = {}
    queue: list[tuple[int, int, int, int, Step]] = []
    number = 0

    def push(function: int, step: Step) -> None:
        nonlocal number
        grade = POSSIBLE if step.hops > near else step.grade
        step = step._replace(grade=grade)
        before = found.get(function)
        if before is None or (grade, step.hops) < (before.grade, before.hops):
            found[function] = step
            number += 1
            heapq.heappush(queue, (grade, step.hops, number, function, step))

    for function, step in roots:
        push(function, step)
    while queue:
        _, _, _, function, step = heapq.heappop(queue)
        if found[function] is step:
            for after, following in onward(function, step):
                push(after, following)
    return found
