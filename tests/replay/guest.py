"""A guest made up for the tests: straight lines of instructions, words of memory, one CPU."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from klprove.image.btf import NO_TYPES
from klprove.lab.gdb import BREAKPOINT, WATCH_WRITE, Stop
from klprove.lab.layout import Layout
from klprove.lab.memory import FIXED, PER_CPU, Word
from klprove.replay.words import Pair, Words

BASE = 0xFFFFFFFF81000000
STATE, NEST, COUNT = 0x1000, 0x1008, 0x1010
STACK = 0x8000
ON = 0x200
NMI, IRQ, DEVICE = "asm_exc_nmi", "asm_sysvec_timer", "asm_common_interrupt"
FAULT, DEBUG = "asm_exc_page_fault", "asm_exc_debug"


@dataclass(frozen=True)
class Line:
    """One instruction: what it reads, what it writes (`rsp`-like state is the guest's)."""

    reads: Sequence[int] = ()
    writes: Mapping[int, int] = field(default_factory=dict)
    flags: int | None = None
    """The interrupt flag after it: ON or 0."""
    halts: bool = False
    until: Mapping[int, int] = field(default_factory=dict)
    """It is done over and over until memory is so."""
    sends: str = ""
    """The interrupt that becomes pending for the other CPU."""
    frees: int = 0
    faults: int | None = None
    """The address that it wants, if that is gone."""


@dataclass
class _Frame:
    name: str
    place: int
    flags: int
    waits: bool = False
    ticked: bool = False


class Guest:
    """The stub and the guest behind it; the part of Gdb that a Driver calls."""

    def __init__(
        self, code: Mapping[str, Sequence[Line]], memory: Mapping[int, int], start: str
    ) -> None:
        self.code, self.memory, self.first = code, dict(memory), start
        self.begin = dict(memory)
        self.symbols = {name: BASE + 0x1000 * n for n, name in enumerate(code)}
        self.stops: set[tuple[int, int]] = set()
        self.frames = [_Frame(start, 0, ON)]
        self.pending: list[str] = []
        self.uninvited: dict[int, str] = {}
        """By number of the instruction since boot, what arrives there of itself."""
        self.done = 0
        self.late = False
        """NMIs are taken an instruction late."""
        self.stack = STACK
        self.armed = 0
        """Where a hardware breakpoint is."""
        self.gone: set[int] = set()
        """Addresses at which nothing is mapped."""
        self.always: tuple[str, int] | None = None
        """A place where a tick always arrives."""

    # -- what the tests say ------------------------------------------------------

    def nmi(self) -> None:
        """Send an NMI."""
        self.pending.append(NMI)

    # -- Gdb ---------------------------------------------------------------------

    def read(self, cpu: int, address: int, size: int) -> bytes:
        """Words of eight bytes."""
        if address in self.gone:
            raise ValueError(f"nothing can be read at {address:#x}")
        words = [self.memory.get(address + at, 0) for at in range(0, size, 8)]
        return b"".join((each % 2**64).to_bytes(8, "little") for each in words)[:size]

    def word(self, cpu: int, address: int, size: int = 8) -> int:
        """An unsigned integer."""
        return int.from_bytes(self.read(cpu, address, size), "little")

    def registers(self, cpu: int) -> dict[str, int]:
        """Where it stands."""
        top = self.frames[-1]
        rip = self.symbols[top.name] + top.place
        return {"rip": rip, "rsp": self.stack - 0x100 * len(self.frames), "eflags": top.flags}

    def jump(self, cpu: int, address: int, rdi: int = 0) -> bytes:
        """Arm the breakpoint: the one thing that is jumped to here."""
        assert address == self.symbols["trap_arm"]
        self.frames.append(_Frame("trap_arm", 0, 0))
        self.armed = rdi
        return b"all"

    def restore(self, cpu: int, registers: bytes) -> None:
        """Go on where it was."""
        assert registers == b"all" and self.frames.pop().name == "trap_arm"

    def insert(self, address: int, kind: int = BREAKPOINT, size: int = 1) -> None:
        """A stop."""
        self.stops.add((address, kind))

    def remove(self, address: int, kind: int = BREAKPOINT, size: int = 1) -> None:
        """No stop."""
        self.stops.remove((address, kind))

    def step(self, cpu: int, seconds: float = 2) -> Stop | None:
        """One instruction, without interrupts."""
        if self.frames[-1].waits:
            return None
        self._execute()
        return None if self.frames[-1].waits else Stop(0)

    def run(self, seconds: float, cpus: Sequence[int] = ()) -> Stop | None:
        """Until something stops it; None: nothing did for a while."""
        for _ in range(1000):
            stop = self.turn()
            if stop is not None:
                return stop
            if self.frames[-1].waits:
                return None
        return None

    def turn(self) -> Stop | None:
        """At most one instruction; what stops it there."""
        if not self.late:
            self._arrive()
        self.late = False
        if (self.registers(0)["rip"], BREAKPOINT) in self.stops:
            return Stop(0)
        if self.frames[-1].waits:
            return None
        line = self._line()
        self._execute()
        for kind, touched in ((WATCH_WRITE, line.writes), (3, line.reads)):
            for address in touched:
                if (address, kind) in self.stops:
                    return Stop(0, address)
        return None

    def _line(self) -> Line:
        top = self.frames[-1]
        return self.code[top.name][top.place]

    def _execute(self) -> None:
        top, line = self.frames[-1], self._line()
        if any(self.memory.get(at, 0) != value for at, value in line.until.items()):
            return
        if line.faults in self.gone:
            self._enter(FAULT, (0,))
            return
        self.memory.update(line.writes)
        self.gone |= {line.frees} - {0}
        top.flags = top.flags if line.flags is None else line.flags
        top.place, top.waits = top.place + 1, line.halts
        top.ticked = False
        self.done += 1
        if top.place < len(self.code[top.name]):
            return
        if len(self.frames) > 1:
            self.frames.pop()
        else:  # for ever
            self.memory.update(self.begin)
            self.frames = [_Frame(self.first, 0, ON)]

    def _arrive(self) -> None:
        top = self.frames[-1]
        taken = self.pending and (top.flags or self.pending[0] == NMI)
        name = self.uninvited.pop(self.done, None) or (self.pending.pop(0) if taken else "")
        if not name and self.registers(0)["rip"] == self.armed:
            name, self.armed = DEBUG, 0
        if not name and self.always == (top.name, top.place) and not top.ticked:
            name, top.ticked = IRQ, True
        if not name:
            return
        top.waits = False
        self._enter(name, (77,) if name == DEVICE else ())  # its vector

    def _enter(self, name: str, pushed: Sequence[int]) -> None:
        before = self.registers(0)
        self.frames.append(_Frame(name, 0, 0))
        saved = (*pushed, before["rip"], 0, before["eflags"], before["rsp"], 0)
        at = self.registers(0)["rsp"]
        self.memory |= {at + 8 * n: value for n, value in enumerate(saved)}


class Twin:
    """Two CPUs behind one stub: the reader's, 1, and the updater's, 0, with one memory."""

    def __init__(self, reader: Guest, updater: Guest) -> None:
        self.cpus = [updater, reader]
        self.memory = updater.memory = reader.memory
        updater.stops, updater.gone = reader.stops, reader.gone
        updater.symbols = {name: at + 0x100000 for name, at in updater.symbols.items()}
        updater.begin, updater.stack = {}, 2 * STACK
        self.symbols = {**reader.symbols, **updater.symbols}
        self.insert, self.remove = reader.insert, reader.remove

    def read(self, cpu: int, address: int, size: int) -> bytes:
        """As a Guest's."""
        return self.cpus[cpu].read(cpu, address, size)

    def word(self, cpu: int, address: int, size: int = 8) -> int:
        """As a Guest's."""
        return self.cpus[cpu].word(cpu, address, size)

    def registers(self, cpu: int) -> dict[str, int]:
        """As a Guest's."""
        return self.cpus[cpu].registers(0)

    def jump(self, cpu: int, address: int) -> None:
        """Go on elsewhere."""
        top, guest = self.cpus[cpu].frames[-1], self.cpus[cpu]
        (top.name,) = (name for name, at in guest.symbols.items() if at == address)
        top.place = 0

    def step(self, cpu: int, seconds: float = 2) -> Stop | None:
        """As a Guest's."""
        stop = self.cpus[cpu].step(0)
        return None if stop is None else Stop(cpu)

    def run(self, seconds: float, cpus: Sequence[int] = ()) -> Stop | None:
        """In turn."""
        for _ in range(200):
            for cpu in cpus:
                line = self.cpus[cpu]._line()
                before = self.cpus[cpu].done
                stop = self.cpus[cpu].turn()
                if line.sends and self.cpus[cpu].done > before:
                    self.cpus[1 - cpu].pending.append(line.sends)
                if stop is not None:
                    return Stop(cpu, stop.watched)
        return None


def pair(name: str, at: int, order: bool = True) -> Pair:
    """A word of eight bytes at a fixed place, in a model and in the guest."""
    return Pair(name, name, Word(FIXED, at, 8, True), 2**64 - 1, order)


def columns() -> Words:
    """The same as words(), of a kernel: a report has columns for them."""
    found = words()
    moved = {
        name: each._replace(word=each.word._replace(home=PER_CPU))
        for name, each in found.pairs.items()
    }
    return Words(moved, found.others)


def words() -> Words:
    """Those of the guest."""
    each = [pair("state", STATE), pair("nest", NEST), pair("count", COUNT, order=False)]
    return Words({one.model: one for one in each}, {"own": "is the model's own"})


def layout(guest: Guest) -> Layout:
    """Its symbols; no types."""
    return Layout("guest", guest.symbols, NO_TYPES, {})
