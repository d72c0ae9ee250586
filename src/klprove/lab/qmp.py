# SPDX-License-Identifier: GPL-2.0-or-later
"""QMP, the protocol that QEMU is steered by: JSON objects over a socket, one a line."""

import json
import socket
from typing import Any

from klprove.lab.lost import Lost


class Qmp:
    """One connection. Events that QEMU sends in between are dropped.

    docs/interop/qmp-spec.txt (QEMU v7.2). Every call raises Lost where QEMU hangs or is gone.
    """

    def __init__(self, connection: socket.socket, seconds: float = 30) -> None:
        self._connection, self._buffer = connection, b""
        connection.settimeout(seconds)
        if "QMP" not in self._line():
            raise Lost("QEMU does not speak QMP")
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: Any) -> Any:
        """What QEMU returns; ValueError with its words where it refuses."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise Lost(f"QEMU is gone: {error.strerror}") from None
        while True:
            answer = self._line()
            if "error" in answer:
                raise ValueError(f"QEMU refuses {command}: {answer['error'].get('desc')}")
            if "return" in answer:
                return answer["return"]

    def _line(self) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            try:
                part = self._connection.recv(65536)
            except TimeoutError:
                raise Lost("QEMU does not answer") from None
            except OSError as error:
                raise Lost(f"QEMU is gone: {error.strerror}") from None
            if not part:
                raise Lost("QEMU is gone")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Lost("QEMU says something that is not QMP")
        return found
