"""The dataflow of one function, on bodies written by hand."""

from collections.abc import Mapping, Sequence

import pytest

from klprove.scan.answers import CERTAIN, LIKELY, POSSIBLE, Step
from klprove.scan.code import Body, Exit
from klprove.scan.search import spread
from klprove.scan.windows import OFF, ON, Hooks, off_exits, states

TURN_OFF, TURN_ON, RESTORE, OTHER = 1, 2, 3, 4
HOOKS = Hooks(frozenset({TURN_OFF}), frozenset({TURN_ON}), frozenset({RESTORE}))
BOTH = ON | OFF


def body(calls: Sequence[int | None], jumps: Mapping[int, Sequence[int]] | None = None) -> Body:
    """One instruction for each of `calls` (None: no call), falling through but for `jumps`."""
    last = len(calls) - 1
    follows = [(jumps or {}).get(i, (i + 1,) if i < last else ()) for i in range(len(calls))]
    exits = [Exit(i, i, each, False, None) for i, each in enumerate(calls) if each is not None]
    ends = frozenset(i for i, each in enumerate(follows) if not each)
    return Body(range(len(calls)), follows, exits, ends)


@pytest.mark.parametrize(
    ("calls", "jumps", "entry", "expected"),
    [
        ([OTHER, TURN_OFF, OTHER, TURN_ON, OTHER], {}, ON, [2]),
        # A way round the hook: what both ways join in may be in the window or not.
        ([None, TURN_OFF, OTHER, TURN_ON, OTHER], {0: (1, 2)}, ON, [2]),
        # The close may be passed by; then nothing closes, and the window is not believed there.
        ([TURN_OFF, OTHER, None, TURN_ON, OTHER], {2: (3, 4)}, ON, [1]),
        # Nothing closes at all: a function that opens a window for its caller.
        ([TURN_OFF, OTHER], {}, ON, [1]),
        # A loop around the window.
        ([OTHER, TURN_OFF, OTHER, TURN_ON, None], {4: (0, )}, ON, [2]),
        # Entered with RCU off.
        ([OTHER, OTHER], {}, OFF, [0, 1]),
        ([OTHER, TURN_ON, OTHER, RESTORE, OTHER], {}, OFF, [0, 4]),
        # It turns RCU off itself on every way: it cannot have been off.
        ([OTHER, TURN_OFF, OTHER, TURN_ON], {}, OFF, [2]),
        # ... on one way only: then it can.
        ([OTHER, None, TURN_OFF, OTHER, TURN_ON, None], {1: (2, 5)}, OFF, [0, 3]),
        ([], {}, OFF, []),
    ],
)  # fmt: skip
def test_calls_with_rcu_off(
    calls: list[int | None], jumps: dict[int, tuple[int, ...]], entry: int, expected: list[int]
) -> None:
    assert [each.position for each in off_exits(body(calls, jumps), entry, HOOKS)] == expected


def test_code_that_is_not_reached_has_no_state() -> None:
    assert list(states(body([OTHER, OTHER, OTHER], {0: (2,)}), ON, HOOKS)) == [1, 0, 1]


def test_the_surest_way_wins_then_the_shortest() -> None:
    ways = {
        0: [(1, POSSIBLE), (2, CERTAIN), (5, LIKELY)],
        2: [(3, CERTAIN)],
        3: [(1, CERTAIN)],
        5: [(1, LIKELY)],
    }

    def onward(function: int, step: Step) -> list[tuple[int, Step]]:
        return [
            (each, Step(max(grade, step.grade), step.hops + 1, function, "", 0))
            for each, grade in ways.get(function, ())
        ]

    found = spread([(0, Step(CERTAIN, 0, -1, "", 0))], onward)
    assert found[1][:3] == (CERTAIN, 3, 3)
    far = spread([(0, Step(CERTAIN, 0, -1, "", 0))], onward, near=2)
    assert far[1][:3] == (LIKELY, 2, 5)
    assert far[3].grade == CERTAIN
