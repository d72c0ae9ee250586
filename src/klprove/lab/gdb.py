# SPDX-License-Identifier: GPL-2.0-or-later
"""The gdb remote protocol, as far as QEMU's stub is steered by it: one virtual CPU a thread."""

import socket
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple

from klprove.lab.lost import Lost

_REGISTERS = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
)  # fmt: skip
"""The first of QEMU's `g` packet for x86-64, 8 bytes each; eflags follows (target/i386/gdbstub.c,
QEMU v7.2)."""
BREAKPOINT, WATCH_WRITE = 1, 2
"""Kinds of Z packets: a hardware breakpoint (no byte of the guest is changed), a watchpoint."""
_MOST = 2048
"""Bytes of memory asked for at once: QEMU's packets hold 4096 digits."""
_TRAPPED = "T05"
"""How a stop begins that the guest itself has caused; a halt is T02."""
_DRAIN = 0.3
"""Seconds for the packet that QEMU sends unasked after a connection was made."""


class Stop(NamedTuple):
    """Why the guest stopped, and on which of its CPUs, from 0."""

    cpu: int
    watched: int | None = None
    """The address, where a watchpoint did it."""


class Gdb:
    """One connection; the guest stands still from the moment it is made.

    Packets: GDB manual, appendix E. Every call raises Lost where QEMU hangs or is gone.
    """

    def __init__(self, connection: socket.socket, seconds: float = 30) -> None:
        self._connection, self._seconds, self._buffer = connection, seconds, b""
        self._selected = -1
        self._drain()
        self.ask("qSupported:vContSupported+")
        self.ask("?")

    def _drain(self) -> None:
        """QEMU 7.2 tells of the stop that a new connection causes, but not at once."""
        self._connection.settimeout(_DRAIN)
        try:
            while self._connection.recv(4096):
                pass
        except TimeoutError:
            return
        except OSError as error:
            raise Lost(f"QEMU's gdb stub is gone: {error.strerror}") from None
        raise Lost("QEMU's gdb stub is gone")

    def ask(self, packet: str) -> str:
        """The answer to `packet`, without its frame."""
        self._send(packet)
        answer = self._packet(time.monotonic() + self._seconds)
        if answer is None:
            raise Lost("QEMU's gdb stub does not answer")
        return answer

    def cpus(self) -> int:
        """How many virtual CPUs there are."""
        number, answer = 0, self.ask("qfThreadInfo")
        while answer.startswith("m"):
            number += answer.count(",") + 1
            answer = self.ask("qsThreadInfo")
        return number

    def read(self, cpu: int, address: int, size: int) -> bytes:
        """Memory as `cpu` sees it; ValueError where nothing is mapped."""
        self._select(cpu)
        parts = []
        for at in range(address, address + size, _MOST):
            answer = self.ask(f"m{at:x},{min(_MOST, address + size - at):x}")
            if answer.startswith("E") and len(answer) == 3:
                raise ValueError(f"nothing can be read at {at:#x}")
            parts.append(bytes.fromhex(answer))
        return b"".join(parts)

    def write(self, cpu: int, address: int, data: bytes) -> None:
        """Write memory as `cpu` sees it; ValueError where nothing is mapped."""
        self._select(cpu)
        self._right(self.ask(f"M{address:x},{len(data):x}:{data.hex()}"), f"to write {address:#x}")

    def word(self, cpu: int, address: int, size: int = 8) -> int:
        """The unsigned integer of `size` bytes at `address`."""
        return int.from_bytes(self.read(cpu, address, size), "little")

    def registers(self, cpu: int) -> dict[str, int]:
        """The integer registers of `cpu`, `rip` and `eflags` among them."""
        self._select(cpu)
        data = bytes.fromhex(self.ask("g"))
        found = dict(zip(_REGISTERS, struct.unpack_from("<17Q", data), strict=True))
        found["eflags"] = struct.unpack_from("<I", data, 17 * 8)[0]
        return found

    def jump(self, cpu: int, address: int, **changed: int) -> bytes:
        """Have `cpu` go on at `address`, with registers `changed` and everything else as it is;
        what `restore` needs to undo that."""
        self._select(cpu)
        before = bytes.fromhex(self.ask("g"))
        data = bytearray(before)
        for name, value in {"rip": address, **changed}.items():
            struct.pack_into("<Q", data, 8 * _REGISTERS.index(name), value)
        self.restore(cpu, bytes(data))
        return before

    def restore(self, cpu: int, registers: bytes) -> None:
        """Put all registers of `cpu` back, as `jump` gave them."""
        self._select(cpu)
        self._right(self.ask(f"G{registers.hex()}"), f"registers of CPU {cpu}")

    def _select(self, cpu: int) -> None:
        if self._selected != cpu:
            self._right(self.ask(f"Hg{cpu + 1:x}"), f"CPU {cpu}")
            self._selected = cpu

    def insert(self, address: int, kind: int = BREAKPOINT, size: int = 1) -> None:
        """Stop at `address` from now on, on every CPU; ValueError where QEMU has no room."""
        self._right(self.ask(f"Z{kind},{address:x},{size:x}"), f"a stop at {address:#x}")

    def remove(self, address: int, kind: int = BREAKPOINT, size: int = 1) -> None:
        """Take `insert` back."""
        self._right(self.ask(f"z{kind},{address:x},{size:x}"), f"no stop at {address:#x}")

    def _right(self, answer: str, what: str) -> None:
        if answer != "OK":
            raise ValueError(f"QEMU's gdb stub refuses {what}: {answer or 'not known'}")

    def step(self, cpu: int, seconds: float = 2) -> Stop | None:
        """One instruction of `cpu`; the others stand still, and no interrupt is taken. None: it
        does not come to an end, as hlt does not."""
        self._send(f"vCont;s:{cpu + 1:x}")
        return self.wait(seconds)

    def run(self, seconds: float, cpus: Sequence[int] = ()) -> Stop | None:
        """Let `cpus` run and no other (none: every one) until something stops them; None: nothing
        did for that long, and they were halted."""
        self.go(cpus)
        return self.wait(seconds)

    def go(self, cpus: Sequence[int] = ()) -> None:
        """Let `cpus` run, or all, and do not wait."""
        self._send("vCont" + ("".join(f";c:{cpu + 1:x}" for cpu in cpus) or ";c"))

    def wait(self, seconds: float) -> Stop | None:
        """The stop of what `go` began; None: none came, and the guest was halted."""
        self._selected = -1  # a CPU that stops is the selected one from then on
        answer = self._packet(time.monotonic() + seconds)
        if answer is not None:
            return _stop(answer)
        self._put(b"\x03")
        answer = self._packet(time.monotonic() + self._seconds)
        if answer is None:
            raise Lost("the guest does not stop")
        stop = _stop(answer)
        return stop if answer.startswith(_TRAPPED) else None  # it came at the last moment

    def _send(self, packet: str) -> None:
        data = packet.encode()
        self._put(b"$%s#%02x" % (data, sum(data) & 255))

    def _put(self, data: bytes) -> None:
        try:
            self._connection.settimeout(self._seconds)
            self._connection.sendall(data)
        except OSError as error:
            raise Lost(f"QEMU's gdb stub is gone: {error.strerror}") from None

    def _packet(self, deadline: float) -> str | None:
        """The next packet, acknowledged; None where none comes in time."""
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self._buffer) - 3:
                data = self._buffer[start + 1 : end]
                right = b"%02x" % (sum(data) & 255) == self._buffer[end + 1 : end + 3].lower()
                self._buffer = self._buffer[end + 3 :]
                self._put(b"+" if right else b"-")
                if right:
                    return _expanded(data).decode("latin-1")
                continue
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                part = self._connection.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise Lost(f"QEMU's gdb stub is gone: {error.strerror}") from None
            if not part:
                raise Lost("QEMU's gdb stub is gone")
            self._buffer += part


def _expanded(data: bytes) -> bytes:
    """`data` with its runs written out: `0*x` is a 0 and as many more as x - 29 says."""
    found = bytearray()
    at = 0
    while at < len(data):
        if data[at] == ord("*") and found and at + 1 < len(data):
            found += found[-1:] * (data[at + 1] - 29)
            at += 2
        else:
            found.append(data[at])
            at += 1
    return bytes(found)


def _stop(answer: str) -> Stop:
    if not answer.startswith("T"):
        raise Lost(f"the guest ended: {answer[:40]!r}")
    cpu, watched = 0, None
    for pair in answer[3:].split(";"):
        key, _, value = pair.partition(":")
        if key == "thread":
            cpu = int(value.rpartition(".")[2], 16) - 1
        elif key in ("watch", "rwatch", "awatch"):
            watched = int(value, 16)
    return Stop(cpu, watched)
