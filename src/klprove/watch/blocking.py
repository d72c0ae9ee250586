# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a thread has not switched, whether it ever will, and what to do that harms least.

The rules are those of klp_try_switch_task() and klp_check_stack_func() of
kernel/livepatch/transition.c (v6.1), seen from outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from klprove.scan import GRADES, Map
from klprove.watch.state import VMLINUX, Frame, Function, Patch, Thread

RUNNING, ON_FUNCTION, UNRELIABLE, UNKNOWN = (
    "running", "sleeping_on_function", "unreliable", "unknown",
)  # fmt: skip
REASONS = (RUNNING, ON_FUNCTION, UNRELIABLE, UNKNOWN)
"""What the kernel's own debug message says of a thread; also a label of the metrics."""

SOON, SIGNAL, EVENT, PERHAPS, NEVER = "soon", "signal", "event", "unknown", "never"
ENDS = (SOON, SIGNAL, EVENT, PERHAPS, NEVER)
"""Soonest first: at the next round, after a signal, when what it waits for comes, not known, never.
"""

ACTIONS = ("wait", "signal", "exercise", "reverse", "restart", "reboot", "force")
"""The least harmful first."""

ROUND = 3.0
"""Seconds within which the kernel has tried every sleeping thread: one, rounded, and some."""
SIGNALS = 20.0
"""Seconds after which the kernel has signalled: 15 rounds (SIGNALS_TIMEOUT), and some."""
LONG = 60.0
"""Seconds after which a running thread is told apart from one that was met by chance."""
_BOTTOM = ("kthread", "ret_from_fork", "ret_from_fork_asm")


class Action(NamedTuple):
    """A word of `ACTIONS`, and what it means here."""

    kind: str
    text: str


class Culprit(NamedTuple):
    """The frame that keeps a thread, and the patched function that it belongs to."""

    function: Function
    frame: Frame
    main: bool
    """Nothing but the start of a thread is below it."""


class Blocker(NamedTuple):
    """A thread that has not switched."""

    thread: Thread
    reason: str
    culprit: Culprit | None
    ends: str
    why: str
    seconds: float | None
    """How long it has kept the transition."""
    action: Action


class Code(NamedTuple):
    """Code of a livepatch that a transition waits for."""

    waited: tuple[Function, ...]
    """The functions whose replacements are waited for."""
    all: tuple[Function, ...]
    """Those that the livepatch has replacements of."""


@dataclass(frozen=True)
class Scene:
    """What all threads are judged against."""

    patch: Patch
    older: Sequence[Patch]
    """Enabled patches below it on the stack, oldest first."""
    seconds: float | None
    """How long the transition has been under way."""
    map: Map | None = None

    @property
    def forward(self) -> bool:
        """Threads are to be patched, not unpatched."""
        return bool(self.patch.enabled)

    @cached_property
    def originals(self) -> Mapping[tuple[str, str], Function]:
        """Functions of the kernel that are waited for, by name and module."""
        if not self.forward:
            return {}
        below = _newest(self.older)
        return {_place(each): each for each in self.patch.functions if each not in below}

    @cached_property
    def code(self) -> Mapping[str, Code]:
        """Code of livepatches that is waited for, by module."""
        if not self.forward:
            return {self.patch.name: Code(self.patch.functions, self.patch.functions)}
        below = _newest(self.older)
        found: dict[str, Code] = {}
        for each in self.patch.functions:
            if each in below:
                older = below[each]
                waited = found[older.name].waited if older.name in found else ()
                found[older.name] = Code((*waited, each), older.functions)
        return found


def _newest(older: Sequence[Patch]) -> dict[Function, Patch]:
    """By function, the patch whose replacement runs for a thread that has not switched."""
    return {function: patch for patch in older for function in patch.functions}


def _place(function: Function) -> tuple[str, str]:
    return function.name, "" if function.object == VMLINUX else function.object


def blocker(thread: Thread, scene: Scene) -> Blocker:
    """What there is to say about one thread."""
    found = culprit(thread, scene)
    reason = _reason(thread, found, scene)
    ends, why = _ends(thread, reason, found, scene)
    times = [each for each in (thread.age, scene.seconds) if each is not None]
    seconds = min(times) if scene.seconds is not None else None
    return Blocker(
        thread, reason, found, ends, why, seconds, _action(thread, reason, found, ends, scene)
    )


def culprit(thread: Thread, scene: Scene) -> Culprit | None:
    """The innermost frame that the transition waits for; None where the stack has none, or is not
    readable."""
    stack = thread.stack or ()
    for place, frame in enumerate(stack):
        function = _waited_for(frame, scene)
        if function is not None:
            below = stack[place + 1 :]
            started = bool(below) and all(each.symbol in _BOTTOM for each in below)
            return Culprit(function, frame, started or frame.symbol in _BOTTOM)
    return None


def _waited_for(frame: Frame, scene: Scene) -> Function | None:
    """The function of the patch that `frame` is the old code of, or the new one on the way back."""
    original = scene.originals.get((frame.symbol, frame.module))
    code = scene.code.get(frame.module)
    if original is not None or code is None:
        return original
    named = _named(frame, code.all)
    if named is None:
        return code.waited[0]
    return named if named in code.waited else None


def _named(frame: Frame, functions: Sequence[Function]) -> Function | None:
    """The function that `frame` replaces, where its name says so: `livepatch_F`, `F_new`."""
    found = [each for each in functions if each.name in frame.symbol]
    return max(found, key=lambda each: len(each.name), default=None)


def _reason(thread: Thread, found: Culprit | None, scene: Scene) -> str:
    if thread.state == "R":
        return RUNNING
    if found is not None:
        return ON_FUNCTION
    if thread.stack is None:
        names = {each.name for each in scene.patch.functions}
        return ON_FUNCTION if scene.forward and thread.wchan in names else UNKNOWN
    if scene.seconds is not None and scene.seconds > ROUND:
        return UNRELIABLE
    return UNKNOWN


def _ends(thread: Thread, reason: str, found: Culprit | None, scene: Scene) -> tuple[str, str]:
    """A word of `ENDS`, and why."""
    if found is not None:
        return _inside(thread, found, scene)
    if reason == RUNNING:
        return SOON, _running(thread)
    if reason == ON_FUNCTION:
        return PERHAPS, f"it sleeps in {thread.wchan}; the rest of its stack cannot be read"
    if thread.stack is None:
        return PERHAPS, "its stack cannot be read"
    if reason == UNKNOWN:
        return SOON, "no patched function is on its stack: the next round switches it"
    return PERHAPS, (
        "no patched function is on its stack, and yet it has not switched: the kernel may hold "
        "its stack for unreliable, or it sleeps for moments only"
    )


def _inside(thread: Thread, found: Culprit, scene: Scene) -> tuple[str, str]:
    """The same for a thread in a patched function."""
    said = f"{found.frame} is on its stack"
    known = _stays(found.frame.symbol, scene.map) if thread.kernel else None
    if found.main:
        how = f" ({known[1]})" if known else ""
        return NEVER, f"{said}: the main function of this thread, which only ends with it{how}"
    if known is not None:
        return known[0], f"{said}: it may stay for ever ({known[1]})"
    if thread.state == "R":
        return SOON, f"{said}, as far as that can be seen; {_running(thread)}"
    return _sleeping(thread, said)


def _running(thread: Thread) -> str:
    if thread.tid == 0:
        return "it is the idle task of a running CPU: it switches in the idle loop"
    where = "when it sleeps" if thread.kernel else "on its way to user space"
    return f"it is running: it switches {where}"


def _sleeping(thread: Thread, said: str) -> tuple[str, str]:
    if thread.kernel:
        return EVENT, f"{said}: it must return, and a kernel thread takes no signal"
    if thread.state == "D":
        where = f" in {thread.wchan}" if thread.wchan else ""
        return EVENT, f"{said}: it sleeps uninterruptibly{where}, which no signal ends"
    if thread.state in ("Z", "X"):
        return EVENT, f"{said}: it has ended, and its parent has not asked how"
    if thread.state in ("T", "t"):
        return SIGNAL, f"{said}: it is stopped{' by a debugger' if thread.state == 't' else ''}"
    return SIGNAL, f"{said}: a signal takes it out of the call"


def _stays(symbol: str, found: Map | None) -> tuple[str, str] | None:
    """What the map of `klprove scan` says about a function that stays on a stack."""
    if found is None:
        return None
    steps = found.reached.get("never-ends", {})
    said = [steps[index] for index in found.find(symbol) if index in steps]
    if not said:
        return None
    best = min(said, key=lambda each: each.grade)
    ends = NEVER if best.grade == 0 else PERHAPS
    return ends, f"{GRADES[best.grade]}: {best.how}"


def _action(thread: Thread, reason: str, found: Culprit | None, ends: str, scene: Scene) -> Action:
    seconds = scene.seconds
    if ends == NEVER:
        return reverse(scene.patch)
    if ends == SOON:
        if seconds is None or seconds < LONG:
            return Action("wait", "wait: it has not been long")
        if not thread.kernel:
            return _signal(thread)
        return Action("exercise", "take its load away for a second: it is never met asleep")
    if ends == SIGNAL:
        if thread.state == "T":
            return Action("signal", f"kill -CONT {thread.tid}: it is stopped")
        if thread.state == "t":
            return Action("signal", f"have the debugger of {thread.tid} let it run")
        if scene.patch.signals:
            return Action(
                "signal", f"echo 1 > {_home(scene.patch)}/signal: this kernel does not itself"
            )
        if seconds is None or seconds < SIGNALS:
            return Action("wait", "wait: after 15 seconds the kernel signals by itself")
        return _signal(thread)
    if ends == EVENT and thread.state in ("Z", "X"):
        return Action("restart", f"restart the service whose child {thread.pid} is")
    if ends == EVENT:
        name = found.function.name if found else thread.wchan
        return Action("exercise", f"give {thread.comm} what it waits for in {name}: use the device")
    if reason == UNRELIABLE and not thread.kernel:
        return _signal(thread)
    if seconds is None or seconds < LONG:
        return Action("wait", "wait, and look again (as root, where something could not be read)")
    return reverse(scene.patch)


def _signal(thread: Thread) -> Action:
    return Action(
        "signal", f"kill -STOP {thread.pid}; kill -CONT {thread.pid}: a way through user space"
    )


def reverse(patch: Patch) -> Action:
    """Turn the transition round, as long as it has not ended."""
    to = "0" if patch.enabled else "1"
    return Action("reverse", f"echo {to} > {_home(patch)}/enabled: turn the transition round")


def _home(patch: Patch) -> str:
    return f"/sys/kernel/livepatch/{patch.name}"
