# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts on the workers of a cluster.

A worker keeps the parts it was given between calls, by the name of the search. What parts send to
each other goes through the process that leads them.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from klprove.cluster import Crew, Event
from klprove.engine.limits import Limits
from klprove.engine.partition.parts import PartLost, part_class
from klprove.ir.program import Program

_WAIT = 60.0
"""Seconds for a worker to come up in the place of a lost one."""
_LOOK = 0.5

_HELD: dict[tuple[str, int], object] = {}
"""On a worker: its parts, by search and index."""


class PartRaised(Exception):
    """A part met a bug of ours; the text is its traceback."""


class Crewed:
    """One part for each worker that is up. A part whose worker is lost goes to a new one, or to one
    that has a part already."""

    def __init__(
        self,
        crew: Crew,
        program: Program,
        limits: Limits,
        folder: str | None = None,
        native: bool = False,
    ) -> None:
        """`folder`: one that all workers see at the same place, for what outlasts them."""
        self._crew, self._name = crew, secrets.token_hex(8)
        end = time.monotonic() + _WAIT
        while len(crew.workers) < crew.size and time.monotonic() < end:
            self._look()
        self._homes = sorted(crew.workers)
        """By index of a part, the number of its worker."""
        self.count, self.lasting = len(self._homes), folder is not None
        self._make = (native, program, limits, self.count, folder)
        for index in range(self.count):
            self._begin(index)

    def each(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """As `Parts.each`."""
        calls = {index: (_call, (method, *given)) for index, given in enumerate(arguments)}
        found = self._run(calls)
        return [found[index] for index in range(self.count)]

    def one(self, index: int, method: str, *arguments: Any) -> Any:
        """As `Parts.one`."""
        return self._run({index: (_call, (method, *arguments))})[index]

    def renew(self, index: int) -> None:
        """As `Parts.renew`."""
        end = time.monotonic() + _WAIT
        while not (free := sorted(set(self._crew.workers) - set(self._homes))):
            if time.monotonic() > end:
                break
            self._look()
        # In need, a worker takes a second part.
        homes = free or sorted(self._crew.workers)
        if not homes:
            raise PartLost(index, f"no worker came up for {_WAIT:.0f} s")
        self._homes[index] = homes[0]
        self._begin(index)

    def close(self) -> None:
        """Let the workers forget their parts."""
        self._run(dict.fromkeys(range(self.count), (_forget, ())), silent=True)

    def _begin(self, index: int) -> None:
        self._run({index: (_create, self._make)})

    def _look(self) -> None:
        for _ in self._crew.events(_LOOK):
            pass

    def _run(
        self,
        calls: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]],
        silent: bool = False,
    ) -> dict[int, Any]:
        """Calls on parts, at the same time where their workers differ. Raises PartLost once all
        others are done, unless nobody wants to know."""
        found: dict[int, Any] = {}
        lost: dict[int, str] = {}
        waiting, running = dict(calls), dict[int, int]()
        while waiting or running:
            for index in list(waiting):
                worker = self._crew.workers.get(self._homes[index])
                if worker is None:
                    lost[index] = "its worker was gone"
                    del waiting[index]
                elif not worker.busy:
                    function, given = waiting.pop(index)
                    self._crew.run(worker, function, self._name, index, *given)
                    running[worker.number] = index
            for event in self._events(running):
                index = running.pop(event.worker)
                if event.kind == "answer":
                    found[index] = event.content
                elif event.kind == "lost":
                    lost[index] = event.content
                else:
                    raise PartRaised(event.content[1])
        if lost and not silent:
            index = min(lost)
            raise PartLost(index, lost[index])
        return found

    def _events(self, running: dict[int, int]) -> Iterator[Event]:
        """The ends of running calls."""
        for event in self._crew.events(_LOOK if running else 0.0):
            if event.kind == "gone":
                for number in list(running):
                    yield Event("lost", number, event.content)
            elif event.kind in ("answer", "raised", "lost") and event.worker in running:
                yield event


def _create(
    name: str,
    index: int,
    native: bool,
    program: Program,
    limits: Limits,
    count: int,
    folder: str | None,
    _tell: object,
) -> None:
    _HELD[name, index] = part_class(native)(program, limits, index, count, folder)


def _call(name: str, index: int, method: str, *arguments: Any) -> Any:
    *given, _tell = arguments
    return getattr(_HELD[name, index], method)(*given)


def _forget(name: str, index: int, _tell: object) -> None:
    _HELD.pop((name, index), None)
