# SPDX-License-Identifier: GPL-2.0-or-later
"""What compiled code has noted, as findings, witnesses and reasons."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from klprove.engine.catalogue import Notice, notice
from klprove.engine.machine import Choice, Machine
from klprove.engine.native import kernels
from klprove.engine.native.buffers import Buffer
from klprove.engine.native.events import BLOCKED, DEEP
from klprove.engine.native.model import Model
from klprove.engine.points import Noted
from klprove.engine.reduction.symmetry import Turn
from klprove.engine.reference import violated
from klprove.engine.search import Discovery, Search
from klprove.verdict import VIOLATION


class Notes:
    """Everything noted during one search, each thing once, with the first state that has it."""

    def __init__(
        self,
        machine: Machine,
        model: Model,
        search: Search,
        schedule: Callable[[int], list[Choice]],
        until: Callable[[int, int, Noted], list[Choice]],
        turns: Sequence[Turn],
    ) -> None:
        """`schedule`: the choices that lead to the state of a number; `until`: those that lead to
        what a context noted while that state was expanded; `turns`: permutations of CPUs of which a
        state stands for all, and what is noted in it as well."""
        self._machine, self._model, self._search = machine, model, search
        self._schedule, self._until, self._turns = schedule, until, turns
        self.found: dict[Notice, Discovery] = {}
        self.heard: dict[int, int] = {}
        """By event: the first state at which it happened."""
        self._blocked = array("q")

    @property
    def violated(self) -> bool:
        """True where a violation has been found."""
        return any(each.severity == VIOLATION for each in self.found)

    def take_blocked(self) -> Iterator[tuple[int, int]]:
        """States in which nothing goes on by itself, each once: number and key."""
        taken, self._blocked = self._blocked, array("q")
        return zip(taken[::2], taken[1::2], strict=True)

    def booted(self, context: int, noted: Noted) -> None:
        """Something noted before the first step."""
        self._note(context, noted, None, None)

    def read(self, control: Buffer, expanded: int) -> None:
        """Empty a log. What it says of states that do not count as expanded yet will be said
        again."""
        for place in range(control.word(kernels.LOGGED)):
            at = kernels.LOG + 3 * place
            number, state, key = (control.word(at + offset) for offset in range(3))
            if state >= expanded:
                control.put(self._model.seen + number, 0)
            elif number == BLOCKED:
                self._blocked.extend((state, key))
            else:
                self.hear(number, state)
        control.put(kernels.LOGGED, 0)

    def hear(self, number: int, state: int) -> None:
        """Event `number` happened when a state was expanded."""
        if number in self.heard:
            return
        self.heard[number] = state
        if number == DEEP:
            raise RuntimeError("a state has more frames than its record has room for")
        context, noted = self._model.events.noted(number)
        if noted[0] == "denied":
            self._machine.denied.add(self._machine.program.contexts[context].kind)
        elif noted[0] == "invariant":
            _, place, turn = noted
            each, _ = self._machine.invariants[place]
            self.add(violated(each), state, (None, *self._turns)[turn])
        else:
            for by in (None, *self._turns):
                self._note(context, noted, state, by)

    def _note(self, context: int, noted: Noted, state: int | None, turn: Turn | None) -> None:
        """Something noted when a state was expanded, or what is turned from it."""
        program = self._machine.program
        shown = (context, noted) if turn is None else turn.noted(context, noted)
        found = notice(program, *shown)
        if found is not None and found not in self.found:
            schedule = [] if state is None else self._until(state, context, noted)
            self.found[found] = Discovery(found, _turned(schedule, turn))
        self._search.keep(program, *shown)

    def add(self, found: Notice, state: int, turn: Turn | None = None) -> None:
        """A finding about a state itself, turned by `turn`."""
        if found not in self.found:
            self.found[found] = Discovery(found, _turned(self._schedule(state), turn))

    # -- checkpoints ---------------------------------------------------------------------

    def saved(self) -> dict[str, object]:
        """All of it, in words of JSON."""
        return {"heard": list(self.heard.items()), "blocked": self._blocked.tolist()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what `saved` gave."""
        self._blocked = array("q", saved["blocked"])
        for number, state in saved["heard"]:
            self.hear(number, state)


def _turned(schedule: list[Choice], turn: Turn | None) -> list[Choice]:
    return schedule if turn is None else turn.choices(schedule)
