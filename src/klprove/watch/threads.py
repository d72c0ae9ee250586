# SPDX-License-Identifier: GPL-2.0-or-later
"""The threads that have not switched: found at a bounded cost, then looked at closely."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from klprove.watch.numbers import whole
from klprove.watch.stacks import frames, stat
from klprove.watch.state import IDLE, Frame, Thread, Walk
from klprove.watch.sysfs import value
from klprove.watch.trees import Tree

MOST = 200_000
"""Threads of one look, for `--once`: bench/watch.py takes 0.8 s of CPU for 100,000."""
CLOSELY = 1_000
"""Threads whose stack is read in one look."""
_KTHREADD = "/proc/2/stat"


@dataclass
class Walker:
    """Threads of `tree`, at most `most` a look. Where there are more, each look goes on where the
    last one stopped, and those that are known to wait are looked at every time."""

    tree: Tree
    most: int = MOST
    unreadable: str = ""
    """Why the last stack that could not be read could not."""
    _next: int = 0
    _known: set[tuple[int, int]] = field(default_factory=set)

    def look(self, target: int, uptime: float | None) -> tuple[tuple[Thread, ...], Walk]:
        """The threads whose patch_state is neither `target` nor idle; how they were found."""
        seen = denied = gone = 0
        self.unreadable = ""
        waiting: dict[tuple[int, int], int] = {}
        queue, left = self._turn()
        for each in queue:
            try:
                text = self.tree.text(f"/proc/{each[0]}/task/{each[1]}/patch_state")
                state = int(text)
            except PermissionError:
                denied += 1
            except (OSError, ValueError):
                gone += 1
            else:
                seen += 1
                if state not in (target, IDLE):
                    waiting[each] = state
        self._known = set(waiting)
        threads = []
        for place, (each, state) in enumerate(waiting.items()):
            thread = self._closely(each, state, uptime, place < CLOSELY)
            if thread is None:
                gone += 1
            else:
                threads.append(thread)
        return tuple(threads), Walk(seen, denied, gone, left, self._outside())

    def _outside(self) -> bool:
        """Thread 2 of the whole machine is kthreadd; a copy need not have it."""
        said = stat(value(self.tree, _KTHREADD))
        return self.tree.live if said is None else not said.kernel

    def _turn(self) -> tuple[list[tuple[int, int]], int]:
        """The threads of this look, and an estimate of how many are left out."""
        numbers = map(whole, self.tree.names("/proc"))
        processes = sorted(each for each in numbers if each is not None)
        start = next((i for i, pid in enumerate(processes) if pid >= self._next), 0)
        order = processes[start:] + processes[:start]
        found: dict[tuple[int, int], None] = dict.fromkeys(sorted(self._known))
        for place, pid in enumerate(order):
            if len(found) >= self.most:
                self._next = pid
                each = (len(found) - len(self._known)) / max(place, 1)
                return list(found), max(int((len(order) - place) * each), 1)
            found.update(dict.fromkeys(self._threads(pid)))
        self._next = 0
        return list(found), 0

    def _threads(self, pid: int) -> Iterator[tuple[int, int]]:
        try:
            names = self.tree.names(f"/proc/{pid}/task")
        except OSError:
            return
        for each in names:
            tid = whole(each)
            if tid is not None:
                yield pid, tid

    def _closely(
        self, each: tuple[int, int], state: int, uptime: float | None, deep: bool
    ) -> Thread | None:
        home = f"/proc/{each[0]}/task/{each[1]}"
        said = stat(value(self.tree, f"{home}/stat"))
        if said is None:
            return None
        age = max(uptime - said.started, 0.0) if uptime is not None else None
        stack = self._stack(home) if deep else None
        wchan = value(self.tree, f"{home}/wchan") if deep else ""
        wchan = "" if wchan == "0" else wchan
        return Thread(
            each[1], each[0], said.comm, said.kernel, said.state, state, stack, wchan, age
        )

    def _stack(self, home: str) -> tuple[Frame, ...] | None:
        try:
            return frames(self.tree.text(f"{home}/stack"))
        except OSError as error:
            self.unreadable = error.strerror or "not readable"
            return None
