# SPDX-License-Identifier: GPL-2.0-or-later
"""What is found on the way: for each finding, the shortest place of each activation it is in."""

from klprove.engine.catalogue import Notice, notice
from klprove.engine.machine import Choice, Machine
from klprove.engine.nested.activations import Activation, Node
from klprove.engine.points import Noted
from klprove.engine.reference import broken
from klprove.engine.search import Search
from klprove.verdict import VIOLATION


class Notebook:
    """Findings and their places; witnesses and reasons go to the search at once."""

    def __init__(self, machine: Machine, search: Search) -> None:
        self._machine, self._search = machine, search
        self.places: dict[Notice, dict[Activation, tuple[int, Node, Choice | None]]] = {}
        """The steps from the activation's entry, the node, and the choice there."""

    def has_violation(self) -> bool:
        """True as soon as one finding is a violation."""
        return any(each.severity == VIOLATION for each in self.places)

    def note(
        self,
        context: int,
        noted: Noted,
        activation: Activation,
        length: int,
        node: Node,
        choice: Choice | None,
    ) -> None:
        """What a step said, `length` steps into `activation`."""
        program = self._machine.program
        found = notice(program, context, noted)
        if found is not None:
            self.record(found, activation, length, node, choice)
        self._search.keep(program, context, noted)

    def record(
        self, found: Notice, activation: Activation, length: int, node: Node, choice: Choice | None
    ) -> None:
        """Keep this place of a finding where it is nearer to the activation's entry."""
        places = self.places.setdefault(found, {})
        known = places.get(activation)
        if known is None or length < known[0]:
            places[activation] = (length, node, choice)

    def judge_invariants(self, activation: Activation, node: Node, length: int) -> None:
        """Record each invariant that does not hold in the memory of `node`."""
        for found in broken(self._machine, (node[2], ())):
            self.record(found, activation, length, node, None)
