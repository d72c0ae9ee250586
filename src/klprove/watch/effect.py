# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a patched function really replaced: by the hooks at its entry, and by who else is there."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from klprove.watch.state import VMLINUX, Function, Hook, Patch, PatchedObject, Probe, Snapshot

EFFECTIVE, SHARED, CONTESTED, SUPERSEDED, ABSENT, UNKNOWN, MISSING, OVERRIDDEN, UNPATCHED = (
    "effective", "shared", "contested", "superseded", "absent", "unknown", "missing", "overridden",
    "unpatched",
)  # fmt: skip
STATES = {
    EFFECTIVE: "its entry leads to the livepatch handler alone",
    SHARED: "other tracers are called there, too",
    CONTESTED: "cannot tell: somebody is there who may change what it returns",
    SUPERSEDED: "a newer livepatch replaces it again",
    ABSENT: "its module is not loaded",
    UNKNOWN: "cannot tell",
    MISSING: "no hook that changes the instruction pointer is at its entry",
    OVERRIDDEN: "somebody else changes the instruction pointer",
    UNPATCHED: "its object is there and not patched",
}
"""By how good they are."""
BROKEN = frozenset({MISSING, OVERRIDDEN, UNPATCHED})

_HANDLER = "klp_ftrace_handler"
_ENTRY = 16
"""Bytes from a function's start within which its ftrace site lies (behind endbr64 on x86)."""


class Effect(NamedTuple):
    """What became of one function of one enabled patch."""

    patch: str
    function: Function
    state: str
    who: str
    """Who else is there, or why; empty for nobody."""


def effects(found: Snapshot) -> list[Effect]:
    """One for each function of each patch that is enabled."""
    said = []
    for place, patch in enumerate(found.patches):
        if patch.enabled:
            newer = [each for each in found.patches[place + 1 :] if each.enabled]
            for each in patch.objects:
                said += [
                    Effect(patch.name, function, *_state(found, each, function, newer))
                    for function in each.functions
                ]
    return said


def loaded(found: Snapshot, name: str) -> bool | None:
    """Whether the object is there; None: it cannot be told."""
    if name == VMLINUX:
        return True
    return None if found.modules is None else name.replace("-", "_") in found.modules


def _state(
    found: Snapshot, patched: PatchedObject, function: Function, newer: Sequence[Patch]
) -> tuple[str, str]:
    there = loaded(found, patched.name)
    if there is False:
        return ABSENT, f"module {patched.name} is not loaded"
    if patched.patched is False:
        return (UNPATCHED, patched.name) if there else (UNKNOWN, "the list of modules")
    over = next((each.name for each in newer if function in each.functions), None)
    if over is not None:
        return SUPERSEDED, over
    if found.hooks is None:
        return UNKNOWN, "enabled_functions cannot be read"
    module = "" if function.object == VMLINUX else function.object
    hooks = [each for each in found.hooks if (each.name, each.module) == (function.name, module)]
    changers = [each for each in hooks if "I" in each.flags]
    if not changers:
        return MISSING, ", ".join(_others(hooks, []))
    if not any(_ours(each) for each in changers):
        return OVERRIDDEN, ", ".join(_others(changers, []))
    probes = [each for each in found.probes or () if _at_entry(each, function.name, module)]
    ours = [each for each in changers if _ours(each)]
    if found.probes is None and any(each.users > 1 for each in ours):
        return CONTESTED, "somebody, and the list of kprobes cannot be read"
    return _shared(ours, probes)


def _ours(hook: Hook) -> bool:
    """False where the one who is called is known, and is not livepatching."""
    return not hook.callbacks or _HANDLER in hook.callbacks


def _shared(hooks: Sequence[Hook], probes: Sequence[Probe]) -> tuple[str, str]:
    others = list(_others(hooks, probes))
    if any("D" in each.flags for each in hooks) or probes:
        return CONTESTED, ", ".join(others)
    if any(each.users > 1 for each in hooks):
        more = max(each.users for each in hooks) - 1
        return SHARED, ", ".join(others) or f"{more} more, which the kernel does not name"
    return EFFECTIVE, ""


def _others(hooks: Sequence[Hook], probes: Sequence[Probe]) -> Iterator[str]:
    for each in hooks:
        yield from (name for name in each.callbacks if name != _HANDLER)
        if "D" in each.flags:
            yield f"direct call {each.direct or 'to an unnamed place'}"
    for probe in probes:
        yield f"{'return ' if probe.returns else ''}kprobe at {probe.symbol}+{probe.offset:#x}"


def _at_entry(probe: Probe, name: str, module: str) -> bool:
    here = (probe.symbol, probe.module) == (name, module) and probe.offset <= _ENTRY
    return here and not probe.marks & {"DISABLED", "GONE"}
