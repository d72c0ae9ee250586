# SPDX-License-Identifier: GPL-2.0-or-later
"""One machine as one LLVM module: its steps, its rules, and the loops of the search around them."""

from collections.abc import Iterable
from importlib import resources
from itertools import chain

from klprove.engine.image import Image
from klprove.engine.machine import Machine
from klprove.engine.native import kernels, shares
from klprove.engine.native.builtin import BUILT_IN
from klprove.engine.native.events import Events
from klprove.engine.native.layout import Layout
from klprove.engine.native.lowering import lower
from klprove.engine.native.moves import Moves
from klprove.engine.native.text import INTRINSICS
from klprove.engine.reduction.names import EVERY
from klprove.ir.types import I64

_SOURCES = ("kernels.py", "addresses.py")


class Model:
    """The text of the module, and what is needed to talk to it."""

    def __init__(
        self,
        machine: Machine,
        off: frozenset[str] = EVERY,
        compact: bool = False,
        threads: int = 1,
        more: str = "",
    ) -> None:
        """`off`: reductions not to use. `more`: text of further kernels."""
        self._machine, self._threads = machine, threads
        self.exact = not compact
        self.layout = Layout(machine)
        self.events = Events()
        moves = Moves(machine, self.layout, self.events, off)
        parts = [INTRINSICS, BUILT_IN, _constant("objects", objects(machine.image))]
        parts.append(_constant("cut", chain.from_iterable(self.layout.shape.parts)))
        parts.append(_constant("joins", chain.from_iterable(self.layout.shape.joins)))
        parts += self.layout.steps(self.events)
        parts += self.layout.values()
        parts += moves.functions()
        self.choices = moves.choices
        self.fanout = max(1, sum(self._choices(cpu) for cpu in range(machine.program.cpus)))
        """Successors that a state may have."""
        self.trail = 1 if self.fanout < 1 << 8 else 2
        """Bytes of a number of the trail."""
        self.share = shares.SHARE
        """States of a share of a round, at most."""
        self.cap = self.share * self.fanout
        """Candidates of a share, at most."""
        log = kernels.TELL + len(self.events) + self.share
        self.seen = kernels.LOG + 3 * log
        """Where the flags of the events stand in the control array, which ends with them."""
        self.control = self.seen + len(self.events)
        """Words of a control array."""
        self.constants, self.work = self._places()
        """What `kernels.py` leaves open, and the words of a work array."""
        self.out = self.constants["OUT"]
        """Where successors stand in it."""
        folder = resources.files(kernels.__package__)
        names = [*_SOURCES, *(["shares.py"] if threads > 1 else [])]
        names += ["sweeps.py"] if machine.eventual else []
        sources = [*(folder.joinpath(each).read_text() for each in names), more]
        parts.append(lower(sources, self.constants))
        self.text = "\n".join(parts)

    def _places(self) -> tuple[dict[str, int], int]:
        """The constants of `kernels.py` for this program, and the words of a work array."""
        shape, words = self.layout.shape, self.layout.words
        held = kernels.BATCH * self.fanout
        sizes = {
            "HERE": words,
            "REFS": shape.nodes,
            "IDS": shape.nodes + shape.width,
            "COUNTS": kernels.BATCH,
            "KEYS": held,
            "MARKS": held,
            "OUT": (self.fanout if self.exact else held) * words,
        }
        constants = {
            "WORDS": words,
            "PART": shape.width,
            "PARTS": len(shape.parts),
            "NODES": shape.nodes,
            "LEFT": shape.top[0],
            "RIGHT": shape.top[1],
            "FANOUT": self.fanout,
            "EXACT": int(self.exact),
            "TRAIL": self.trail,
            "SEEN": self.seen,
            "SHARE": self.share,
            "CAP": self.cap,
            "THREADS": self._threads,
        }
        end = 0
        for name, size in sizes.items():
            constants[name] = end
            end += size
        return constants, end

    def _choices(self, cpu: int) -> int:
        points = self._machine.points.table
        contexts = self._machine.program.contexts
        here = (each.choices for each in points if contexts[each.context].cpu == cpu)
        interrupts = len(self._machine.interrupts[cpu])
        return max(here, default=0) + len(self.layout.cpus[cpu].parked) + interrupts


def _constant(name: str, values: Iterable[int]) -> str:
    """A constant array of words."""
    listed = [f"i64 {each}" for each in values]
    return f"@{name} = internal constant [{len(listed)} x i64] [{', '.join(listed)}]\n"


def objects(image: Image) -> list[int]:
    """The table that `kernels.locate` and `kernels.free` search."""
    rows = [len(image.program.objects)]
    for each in sorted(image.program.objects, key=lambda each: each.addr):
        position = image.position(each.addr)
        flags = image.flags(each.addr, 1)
        rows += [
            I64.wrap(each.addr),
            len(each.init),
            -1 if position is None else position,
            each.granule,
            flags.start if flags else -1,
            int(each.readonly),
        ]
    return rows
