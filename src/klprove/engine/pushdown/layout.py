# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames and memories as records of whole words, and back.

A frame is its point plus one (16 bits, so that no frame is all zeros), for an interrupt what its
return needs (interrupt flag, then the balanced values at 64 bits), then the live registers at their
own widths. Whatever is not in use is zero, so equal frames are equal words. A world is the memory
image, then a frame for each other CPU.
"""

from collections.abc import Sequence

from klprove.engine.machine import Frame, Machine
from klprove.engine.native.frames import POINT, FrameLayout

WORD = 8


class Layout(FrameLayout):
    """Where everything stands in the frames and worlds of one machine."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.image = len(machine.image.initial)
        most = max((self.used(point) for point in range(len(machine.points.table))), default=POINT)
        self.frame = -(-most // WORD)
        """Words of a frame."""
        self.others = -(-self.image // WORD)
        """Words of a world before the frames of other CPUs."""
        self.world = self.others + (machine.program.cpus - 1) * self.frame
        """Words of a world."""

    def task(self, frame: Frame | None) -> bytes:
        """The record of a frame of a task; None: it has ended."""
        record = bytearray(WORD * self.frame)
        if frame is not None:
            point, values, _ = frame
            record[:POINT] = (point + 1).to_bytes(POINT, "little")
            for (_, offset, ty), value in zip(self.registers(point), values, strict=True):
                raw = (value & ((1 << ty.bits) - 1)).to_bytes(ty.size, "little")
                record[offset : offset + ty.size] = raw
        return bytes(record)

    def memory(self, image: bytes, frames: Sequence[bytes] = ()) -> bytes:
        """The record of a world; without frames, one in which these are zero."""
        record = image + bytes(WORD * self.others - len(image)) + b"".join(frames)
        return record + bytes(WORD * self.world - len(record))
