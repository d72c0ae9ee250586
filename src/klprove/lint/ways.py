# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways through direct calls: from an old function to one that is asked for."""

from collections.abc import Callable, Iterator

from klprove.lint.code import BRANCH, CALL, JUMP, Use
from klprove.lint.finding import Case
from klprove.lint.target import Place


def way(
    case: Case,
    start: Place,
    wanted: Callable[[str], bool],
    depth: int,
    through: Callable[[str], bool],
) -> tuple[Use, ...]:
    """The shortest chain of at most `depth` calls and jumps out of `start` whose last one is
    `wanted`, by what `through` lets pass; empty where there is none. Pointers are not followed."""
    queue: list[tuple[Place, tuple[Use, ...]]] = [(start, ())]
    seen = {start.address}
    for place, before in queue:
        found = list(_calls(case, place))
        for use in found:
            if wanted(use.name):
                return (*before, use)
        if len(before) + 1 < depth:
            for use in found:
                target = callee(case, place, use)
                if target and target.address not in seen and through(use.name):
                    seen.add(target.address)
                    queue.append((target, (*before, use)))
    return ()


def _calls(case: Case, place: Place) -> Iterator[Use]:
    return (each for each in case.old_body(place).uses if each.kind in (CALL, JUMP, BRANCH))


def callee(case: Case, place: Place, use: Use) -> Place | None:
    """The function that `use` in the function at `place` leads to: of the same object, or of the
    kernel where its name there is unique."""
    if use.at:
        found = case.owner(place).named(use.name)
        return next((each for each in found if each.address == use.at[1]), None)
    found = case.kernel.named(use.name) if case.kernel else ()
    return found[0] if len(found) == 1 else None


def told(start: str, found: tuple[Use, ...]) -> str:
    """`f -> g -> schedule`."""
    return " -> ".join((start, *(each.name for each in found)))
