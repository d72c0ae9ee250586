# SPDX-License-Identifier: GPL-2.0-or-later
"""From a look to an answer: what is in transition, what is effective, what cannot be told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from klprove.scan import Map
from klprove.watch.blocking import (
    ACTIONS,
    ENDS,
    NEVER,
    ON_FUNCTION,
    PERHAPS,
    SOON,
    Action,
    Blocker,
    Scene,
    blocker,
)
from klprove.watch.effect import BROKEN, CONTESTED, SUPERSEDED, UNKNOWN, Effect, effects, loaded
from klprove.watch.log import Event, events
from klprove.watch.state import Patch, Snapshot

PROBLEM, OPEN, NOTE = "problem", "open", "note"
"""A problem makes the exit status 1, something open 3, a note nothing."""
DONE, FOUND, CANNOT_TELL, NOT_APPLICABLE = 0, 1, 3, 4
"""Exit statuses."""
_K = 1 << 15
"""TAINT_LIVEPATCH of include/linux/panic.h."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know. `kind` is a word for programs (docs/watch.md lists them)."""

    severity: str
    kind: str
    text: str
    patch: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """The transition that is under way."""

    patch: Patch
    forward: bool
    """To patch; else to unpatch."""
    reversed: bool
    seconds: float | None
    """Since it was started or turned round; None: the log does not say."""
    started: float | None
    """The same moment in seconds since boot."""
    signals: int
    """How often the kernel said that it signals."""
    left: int
    """Threads that have not switched, of those that were looked at."""
    ends: str
    """The worst word of `blocking.ENDS` among the threads."""
    action: Action
    """The least harmful that may help against all of them."""
    against_force: tuple[str, ...]
    """Why force would be unsafe."""
    rate: float | None = None
    """Threads a second that switched since the look before."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one look says."""

    snapshot: Snapshot
    transition: Transition | None
    blockers: tuple[Blocker, ...]
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]

    @property
    def status(self) -> int:
        """The exit status."""
        if not self.snapshot.supported:
            return NOT_APPLICABLE
        severities = {each.severity for each in self.findings}
        if PROBLEM in severities:
            return FOUND
        return CANNOT_TELL if OPEN in severities else DONE

    @property
    def word(self) -> str:
        """One word for it."""
        if self.transition is not None:
            return "STALLED" if self.transition.ends == NEVER else "MOVING"
        words = {DONE: "EFFECTIVE", FOUND: "PROBLEM", CANNOT_TELL: "UNKNOWN"}
        if self.status == DONE and not self.snapshot.patches:
            return "NONE"
        return words.get(self.status, "UNSUPPORTED")

    def with_rate(self, rate: float | None) -> "Answer":
        """The same, with the speed of the transition."""
        if self.transition is None:
            return self
        return replace(self, transition=replace(self.transition, rate=rate))


def judge(found: Snapshot, known: Map | None = None) -> Answer:
    """The answer of a look; `known`: the map of the kernel that runs there."""
    said = events(found.log or ())
    transition: Transition | None = None
    blockers: tuple[Blocker, ...] = ()
    if found.moving is not None:
        scene = _scene(found, found.moving, said, known)
        blockers = tuple(blocker(each, scene) for each in found.pending)
        transition = _transition(found, scene, said, blockers)
    effective = tuple(effects(found))
    findings = (
        *_of_transition(found, transition, said),
        *_of_patches(found, said),
        *_of_effects(effective),
        *_of_machine(found, said),
    )
    return Answer(found, transition, blockers, effective, findings)


def _scene(found: Snapshot, patch: Patch, said: Sequence[Event], known: Map | None) -> Scene:
    others = [each for each in found.patches if each.enabled and each.name != patch.name]
    older = [each for each in others if _below(each, patch)]
    start = _starts(patch, said)[-1:]
    seconds = found.uptime - start[0] if start and found.uptime is not None else None
    return Scene(patch, older, seconds, known)


def _below(each: Patch, patch: Patch) -> bool:
    """Where the order is not known, the one that moves is taken for the newest, as it mostly is."""
    return each.order is None or patch.order is None or each.order < patch.order


def _starts(patch: Patch, said: Sequence[Event]) -> list[float]:
    """When the transition that is under way was started, and each time it was turned round."""
    starts: list[float] = []
    for each in said:
        if each.patch == patch.name and each.meaning == "starting":
            starts.append(each.seconds)
        elif each.patch == patch.name and each.meaning in ("enabling", "complete"):
            starts.clear()
    return starts


def _transition(
    found: Snapshot, scene: Scene, said: Sequence[Event], blockers: Sequence[Blocker]
) -> Transition:
    starts = _starts(scene.patch, said)
    signals = [e for e in said if e.meaning == "signalled" and starts and e.seconds >= starts[-1]]
    ends = max((each.ends for each in blockers), key=ENDS.index, default=SOON)
    if not _whole(found) and ends != NEVER:
        ends = PERHAPS
    actions = [each.action for each in blockers]
    first = Action("wait", "wait: the next round should end it")
    action = max(actions, key=lambda each: ACTIONS.index(each.kind), default=first)
    return Transition(
        scene.patch, scene.forward, len(starts) > 1, scene.seconds,
        starts[-1] if starts else None, len(signals), len(blockers), ends, action,
        tuple(_against_force(found, scene, blockers)),
    )  # fmt: skip


def _whole(found: Snapshot) -> bool:
    return found.walk is not None and found.walk.whole


def _against_force(found: Snapshot, scene: Scene, blockers: Sequence[Blocker]) -> Iterator[str]:
    inside = [each for each in blockers if each.culprit or each.reason == ON_FUNCTION]
    if inside:
        names = {each.culprit.function.name for each in inside if each.culprit}
        where = ", ".join(sorted(names)) or "patched functions"
        yield f"threads inside {where}: {len(inside)}; they would go on in the code of before"
    unknown = len(blockers) - len(inside)
    if unknown:
        yield f"threads of which it is not known what they are in: {unknown}"
    if not _whole(found):
        yield "not every thread could be looked at"
    if not scene.forward:
        yield f"module {scene.patch.name} could never be removed"
    elif scene.patch.replace:
        yield "patches that it replaces could never be removed"
    yield "a reboot would have to be planned"


def _of_transition(
    found: Snapshot, it: Transition | None, said: Sequence[Event]
) -> Iterator[Finding]:
    if it is None:
        return
    name = it.patch.name
    way = "patching" if it.forward else "unpatching"
    yield Finding(PROBLEM, "in-transition", f"{way} is under way", name)
    if it.reversed:
        yield Finding(NOTE, "reversed", "the transition was turned round", name)
    if it.ends == NEVER:
        yield Finding(PROBLEM, "never-ends", "a thread will never switch by itself", name)
    last = [each.meaning for each in said if each.patch == name][-1:]
    if last == ["complete"]:
        text = "the log says that the transition ended while files were read; look again"
        yield Finding(OPEN, "changed", text, name)
    if not it.left and _whole(found) and not found.idle_tasks:
        text = "every thread has switched; the idle tasks, which /proc does not show, or the next "
        yield Finding(NOTE, "idle-tasks", f"{text}round are missing", name)


def _of_patches(found: Snapshot, said: Sequence[Event]) -> Iterator[Finding]:
    for each in found.patches:
        if each.enabled is None or each.transition is None:
            yield Finding(OPEN, "unreadable", "its files in sysfs say nothing usable", each.name)
        elif not each.enabled and not each.transition:
            yield Finding(PROBLEM, "disabled", "it is on the list and disabled", each.name)
        for patched in each.objects:
            if each.enabled and patched.patched is False and loaded(found, patched.name):
                text = f"{patched.name} is loaded and not patched"
                yield Finding(PROBLEM, "object-not-patched", text, each.name)
    listed = {each.name for each in found.patches}
    for module in (found.modules or {}).values():
        if module.livepatch and module.name not in listed:
            yield _former(module.name, module.references, said)
    if any(each.meaning == "forced" for each in said):
        text = "a transition was forced since boot: plan a reboot"
        yield Finding(NOTE, "forced", text)


def _former(name: str, references: int, said: Sequence[Event]) -> Finding:
    if references:
        text = "off the list and still held: a transition was forced; it can never be removed"
        return Finding(NOTE, "forced", text, name)
    how = {each.what for each in said if each.patch == name and each.meaning == "complete"}
    manner = "it was disabled" if "unpatching" in how else "it was replaced or disabled"
    return Finding(NOTE, "replaced", f"off the list and still loaded: {manner}; rmmod may", name)


def _of_effects(found: Sequence[Effect]) -> Iterator[Finding]:
    for each in found:
        name = each.function.name
        who = f": {each.who}" if each.who else ""
        if each.state in BROKEN and each.state != "unpatched":
            yield Finding(PROBLEM, each.state, f"{name} is not replaced{who}", each.patch)
        elif each.state == CONTESTED:
            text = f"cannot tell whether what {name} returns is changed{who}"
            yield Finding(OPEN, CONTESTED, text, each.patch)
        elif each.state == SUPERSEDED:
            yield Finding(NOTE, SUPERSEDED, f"{name} is replaced again by {each.who}", each.patch)
    hidden = [each for each in found if each.state == UNKNOWN]
    for name in dict.fromkeys(each.patch for each in hidden):
        why = ", ".join(dict.fromkeys(each.who for each in hidden if each.patch == name))
        yield Finding(OPEN, "effect-unknown", f"cannot tell whether it has effect: {why}", name)


def _of_machine(found: Snapshot, said: Sequence[Event]) -> Iterator[Finding]:
    if not found.supported:
        yield Finding(NOTE, "unsupported", "this kernel has no livepatch support")
    if found.changed:
        yield Finding(OPEN, "changed", "patches came or went while they were read; look again")
    if found.ftrace is False and found.patches:
        yield Finding(PROBLEM, "ftrace-off", "kernel.ftrace_enabled is 0")
    if found.taint is not None and found.patches and not found.taint & _K:
        yield Finding(NOTE, "not-tainted", "patches are there, and the kernel is not tainted by K")
    for each in said:
        if each.meaning == "refused" and not loaded(found, each.what):
            text = f"module {each.what} was refused since {each.patch} failed for it"
            yield Finding(PROBLEM, "module-refused", text, each.patch)
        elif each.meaning in _FAILURES and each.patch not in _enabled(found):
            what = each.what or each.patch
            yield Finding(NOTE, "failed", f"{_FAILURES[each.meaning]} {what}", each.patch)


_FAILURES = {
    "busy": "somebody else owned the entry of",
    "no-object": "could not patch",
    "not-enabled": "could not enable",
    "callback": "a callback before patching failed for",
    "unresolved": "no symbol, or several, of the name",
    "no-size": "no size of",
    "incompatible": "does not go together with what is loaded:",
    "never": "this machine has no reliable stacks: a transition may never end",
}


def _enabled(found: Snapshot) -> set[str]:
    return {each.name for each in found.patches if each.enabled}
