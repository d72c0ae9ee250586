# SPDX-License-Identifier: GPL-2.0-or-later
"""Several threads on one search: `shares.py`, from Python.

Compiled code runs without the interpreter's lock, so threads of Python will do. Nothing depends on
their number or on which is faster.
"""

from concurrent.futures import Future, ThreadPoolExecutor, wait

from klprove.engine.native.buffers import Buffer
from klprove.engine.native.compiled import Compiled
from klprove.engine.native.model import Model
from klprove.engine.native.store import Store

_WORD = 8


class Rounds:
    """The threads of a search, and what they share."""

    def __init__(self, model: Model, control: Buffer, store: Store, threads: int) -> None:
        self._model, self._control, self._store = model, control, store
        self._threads = threads
        held = threads * model.cap
        self._works = [Buffer(model.work * _WORD) for _ in range(threads)]
        self.logs = [Buffer(model.control * _WORD) for _ in range(threads)]
        """A control array for each thread: what it notes stands there, in the order of shares."""
        for nodes in (store.pieces, store.pairs):
            nodes.owners += self.logs
        self._made = Buffer(2 * threads * _WORD)
        self._meeting = Buffer(_WORD)
        self._arrays = (
            Buffer(threads * model.share * _WORD),  # found
            Buffer(held * _WORD),  # keys
            Buffer(held * _WORD),  # marks
            Buffer(held),  # fresh
            Buffer(held * threads * _WORD),  # lists
            Buffer(threads * threads * _WORD),  # sizes
            Buffer(threads * threads * _WORD),  # born
            self._made,
            Buffer(1 if model.exact else (held + model.fanout) * model.layout.bytes),  # out
            self._meeting,
        )
        self._tasks: list[Future[int]] = []
        self._pool = ThreadPoolExecutor(threads, "searcher")

    def worth_it(self, states: int) -> bool:
        """True where so many states are worth it."""
        return states >= self._threads * self._model.share // 4

    def run(self, code: Compiled) -> int:
        """Expand states as `kernels.search` does; what it returns."""
        self._meeting.put(0, 0)
        tasks = [
            self._pool.submit(
                code.call,
                "labour",
                self.logs[thread].address,
                thread,
                self._control.address,
                *self._store.arrays(),
                self._works[thread].address,
                *(each.address for each in self._arrays),
            )
            for thread in range(self._threads)
        ]
        self._tasks = tasks
        return max(each.result() for each in tasks)

    def wait(self) -> None:
        """Let every thread come to the end of what it does."""
        wait(self._tasks)

    def close(self) -> None:
        """End the threads, which may be at work, and give the memory back."""
        self._pool.shutdown(wait=True)
        for each in (*self._arrays, *self._works, *self.logs):
            each.close()
