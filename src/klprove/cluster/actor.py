# SPDX-License-Identifier: GPL-2.0-or-later
"""What lives on a worker: one call at a time, its progress, and a way to stop it."""

import gc
import importlib
import pickle
import sys
import threading
import traceback
from typing import Any

from klprove.cluster.identity import Identity, identity

ANSWER, RAISED = "answer", "raised"

_DEPTH = 100_000
"""Programs are trees; pickling one recurses."""


class Actor:
    """One process of the cluster."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._progress: Any = None

    def hello(self) -> Identity:
        """Who answers here."""
        ray: Any = importlib.import_module("ray")  # typed the same where it is not installed
        return identity(ray.get_runtime_context().get_node_id())

    def run(self, call: bytes) -> tuple[str, bytes]:
        """Unpickle (function, arguments), call it, pickle what it returns or raises.

        The function's last argument is a callable that takes its progress, and raises
        KeyboardInterrupt once `stop` was called.
        """
        self._stop.clear()
        self._progress = None
        try:
            function, arguments = pickle.loads(call)
            return ANSWER, packed(function(*arguments, self._tell))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
            text = traceback.format_exc()
            return RAISED, _exception(error, text)
        finally:
            self._progress = None
            gc.collect()

    def progress(self) -> bytes | None:
        """What the running call said last, and once."""
        told, self._progress = self._progress, None
        return None if told is None else pickle.dumps(told)

    def stop(self) -> None:
        """End the running call where it next tells its progress."""
        self._stop.set()

    def _tell(self, progress: Any) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._progress = progress


def packed(value: Any) -> bytes:
    """`value` pickled, however deeply it is nested."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    finally:
        sys.setrecursionlimit(limit)


def _exception(error: BaseException, text: str) -> bytes:
    try:
        raw = pickle.dumps((error, text))
        pickle.loads(raw)
    except Exception:  # noqa: BLE001 - what cannot be sent is told as text
        raw = pickle.dumps((None, text))
    return raw
