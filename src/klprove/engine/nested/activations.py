# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept of an exploration: activations, their nodes, where they arrived, what they left."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from klprove.engine.machine import Choice, Cpu
from klprove.engine.points import Noted, Values

Others: TypeAlias = tuple[Cpu, ...]
"""The CPUs without interrupts, as they are in a `State`."""
Node: TypeAlias = tuple[int, Values, bytes, Others]
"""A point, its live values, memory (all for the task, the footprint for an interrupt), and the
other CPUs."""
World: TypeAlias = tuple[bytes, Others]
"""Memory and the other CPUs: what an interrupt finds and what it leaves."""

ENDED = -1
"""The point of a CPU that has no task (any more)."""


class Came(NamedTuple):
    """How a node was first reached: by a choice, or by an activation that left certain bytes
    behind."""

    before: Node
    choice: Choice | None
    callee: "Activation | None"
    left: World | None


class Activation:
    """An interrupt context entered with certain bytes in its footprint; or the task from boot
    (context -1)."""

    def __init__(self, context: int, saved: Values, number: int, keep: int) -> None:
        self.context, self.saved, self.number, self.keep = context, saved, number, keep
        self.came: dict[Node, Came | None] = {}
        self.length: dict[Node, int] = {}
        self.exits: dict[World, tuple[int, Node]] = {}
        self.landings: list[Landing] = []
        self.waiting: dict[Node, list[Node]] = {}
        """Nodes at which every CPU waits, and where the interrupts that arrive there lead."""
        self.withheld: set[Node] = set()
        """Nodes of `waiting` at which only a bound on arrivals keeps an interrupt away."""
        self.restless = False
        """True where another CPU can go on while this runs."""

    def callers(self) -> Iterator[tuple["Activation", Node]]:
        """Where it arrived: in which activation, at which node."""
        for landing in self.landings:
            yield from landing.below


class Landing:
    """An activation delivered over one memory: every node with that memory takes the same part."""

    def __init__(self, memory: bytes, callee: Activation) -> None:
        self.memory, self.callee = memory, callee
        self.below: list[tuple[Activation, Node]] = []
        self.left: list[tuple[World, World, int]] = []
        """For each exit: the bytes left behind, the whole memory then, the length of the run."""


class Delivery(NamedTuple):
    """What the arrival of a context over one memory does."""

    context: int
    notes: tuple[Noted, ...]
    landing: Landing | None
    """None where the context drops its path before its first step."""
