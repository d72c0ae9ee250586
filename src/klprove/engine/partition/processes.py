# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts as processes of this machine."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Any, Self

from klprove.engine.limits import Limits
from klprove.engine.partition.parts import PartLost, part_class
from klprove.ir.program import Program


class PartFailed(Exception):
    """A part met a bug of ours; the text is its traceback."""


class Processes:
    """One forked process a part."""

    def __init__(
        self,
        program: Program,
        limits: Limits,
        count: int,
        folder: str | None = None,
        native: bool = False,
    ) -> None:
        self.count, self.lasting = count, folder is not None
        self._make = (program, limits, count, folder)
        self._class = part_class(native)
        self._parts = [self._begin(index) for index in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process, pipe in self._parts:
            pipe.close()
            process.kill()
            process.join()

    @property
    def pids(self) -> list[int]:
        """Process of each part."""
        return [process.pid or 0 for process, _ in self._parts]

    def each(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """As `Parts.each`."""
        lost: PartLost | None = None
        results: list[Any] = []
        for (_, pipe), given in zip(self._parts, arguments, strict=True):
            with suppress(OSError):  # the answer will not come either
                pipe.send((method, given))
        for index in range(self.count):
            try:
                results.append(self._result(index))
            except PartLost as error:
                lost = lost or error
        if lost:
            raise lost
        return results

    def one(self, index: int, method: str, *arguments: Any) -> Any:
        """As `Parts.one`."""
        with suppress(OSError):
            self._parts[index][1].send((method, arguments))
        return self._result(index)

    def renew(self, index: int) -> None:
        """As `Parts.renew`."""
        process, pipe = self._parts[index]
        pipe.close()
        process.kill()
        process.join()
        self._parts[index] = self._begin(index)

    def _result(self, index: int) -> Any:
        process, pipe = self._parts[index]
        try:
            kind, content = pipe.recv()
        except (EOFError, OSError):
            process.join(1.0)
            code = process.exitcode
            why = f"ended by signal {-code}" if code and code < 0 else f"ended with status {code}"
            raise PartLost(index, f"process {process.pid} {why}") from None
        if kind == "bug":
            raise PartFailed(content)
        return content

    def _begin(self, index: int) -> tuple[ForkProcess, Connection]:
        program, limits, count, folder = self._make
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(theirs, self._class, program, limits, index, count, folder),
            daemon=True,
        )
        process.start()
        theirs.close()
        return process, ours


def _serve(
    pipe: Connection,
    kind: Callable[[Program, Limits, int, int, str | None], object],
    program: Program,
    limits: Limits,
    index: int,
    count: int,
    folder: str | None,
) -> None:
    """The life of a part."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    part = kind(program, limits, index, count, folder)
    try:
        while True:
            method, arguments = pipe.recv()
            try:
                pipe.send(("result", getattr(part, method)(*arguments)))
            except MemoryError:
                break
            except Exception:  # noqa: BLE001 - every bug is told the same way
                pipe.send(("bug", traceback.format_exc()))
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)
