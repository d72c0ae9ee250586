# SPDX-License-Identifier: GPL-2.0-or-later
"""What is seen of livepatches on one machine at one moment; nothing is judged here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

VMLINUX = "vmlinux"
IDLE, UNPATCHED, PATCHED = -1, 0, 1
"""Values of a thread's patch_state (include/linux/livepatch.h of v6.1 and v6.12)."""


class Function(NamedTuple):
    """A function that a patch replaces: the directory `OBJECT/NAME,SYMPOS` of sysfs."""

    object: str
    name: str
    sympos: int


class PatchedObject(NamedTuple):
    """vmlinux or a module, as a patch sees it."""

    name: str
    patched: bool | None
    """None before v6.1, which has no such file."""
    functions: tuple[Function, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """A livepatch that sysfs lists. None: this kernel has no such file."""

    name: str
    enabled: bool | None
    transition: bool | None
    objects: tuple[PatchedObject, ...]
    replace: bool | None = None
    order: int | None = None
    """Place on the stack, oldest first: `stack_order` of v6.14, or else by /proc/modules."""
    signals: bool = False
    """It has the file `signal`: the kernel (v4.15 to v5.0) does not signal by itself."""
    srcversion: str = ""
    build_id: str = ""

    @property
    def functions(self) -> tuple[Function, ...]:
        """Those of all objects."""
        return tuple(function for each in self.objects for function in each.functions)


class Frame(NamedTuple):
    """One entry of /proc/PID/stack; `module` is empty for vmlinux."""

    symbol: str
    offset: int
    size: int
    module: str

    def __str__(self) -> str:
        module = f" [{self.module}]" if self.module else ""
        return f"{self.symbol}+{self.offset:#x}/{self.size:#x}{module}"


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread that a transition waits for."""

    tid: int
    pid: int
    """Of its process; 0 for an idle task."""
    comm: str
    kernel: bool
    state: str
    """The letter of /proc/PID/stat; empty where it is not known."""
    patch_state: int
    stack: tuple[Frame, ...] | None = None
    """Innermost call first. None: not readable."""
    wchan: str = ""
    age: float | None = None
    """Seconds since it was started."""


class Hook(NamedTuple):
    """A line of enabled_functions: who is called at a function's entry."""

    name: str
    module: str
    users: int
    flags: frozenset[str]
    """R: saves registers, I: changes the instruction pointer, D: has a direct call, O: has its own
    ops, M: had one of these once."""
    callbacks: tuple[str, ...]
    """Those that the file names; where several share a site, it names none."""
    direct: str
    """What a direct call goes to; empty for none."""


class Probe(NamedTuple):
    """A line of the list of kprobes."""

    symbol: str
    offset: int
    module: str
    returns: bool
    marks: frozenset[str]
    """FTRACE, DISABLED, OPTIMIZED, GONE."""


class LogLine(NamedTuple):
    """A line of the kernel's log that is about livepatching; `seconds` since boot."""

    seconds: float
    text: str


class Module(NamedTuple):
    """A line of /proc/modules."""

    name: str
    references: int
    livepatch: bool
    """It taints the kernel with K."""


class Walk(NamedTuple):
    """How threads were looked through."""

    seen: int = 0
    """Threads whose state was read."""
    denied: int = 0
    """Threads whose state may not be read."""
    gone: int = 0
    """Threads that ended in the middle."""
    left: int = 0
    """Threads that were not looked at, to bound the cost; an estimate."""
    outside: bool = False
    """This /proc does not show all threads: that of a container, or mounted with hidepid."""

    @property
    def whole(self) -> bool:
        """Every thread but the idle tasks was looked at."""
        return not (self.denied or self.left or self.outside)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look. None for what could not be read: `blind` says what and why."""

    source: str
    """`this machine`, or what was given instead."""
    supported: bool
    """The kernel has livepatch support."""
    patches: tuple[Patch, ...] = ()
    modules: Mapping[str, Module] | None = None
    pending: tuple[Thread, ...] = ()
    """Threads that have not switched yet."""
    walk: Walk | None = None
    """None: nobody looked at threads, since nothing is in transition."""
    hooks: tuple[Hook, ...] | None = None
    probes: tuple[Probe, ...] | None = None
    calls: Mapping[str, int] = field(default_factory=dict)
    """How often a function was called, where somebody counts."""
    log: tuple[LogLine, ...] | None = None
    ftrace: bool | None = None
    taint: int | None = None
    release: str = ""
    build_id: str = ""
    uptime: float | None = None
    booted: float | None = None
    """Seconds since the epoch."""
    idle_tasks: bool = False
    """Idle tasks are among the threads; /proc does not show them."""
    changed: bool = False
    """Patches came or went while they were read, every time."""
    blind: tuple[str, ...] = ()

    @property
    def moving(self) -> Patch | None:
        """The patch in transition; the kernel has one at the most."""
        return next((each for each in self.patches if each.transition), None)
