# SPDX-License-Identifier: GPL-2.0-or-later
"""An answer as metrics for the textfile collector of node_exporter.

Gauges in base units, no timestamps, no label that a thread decides. What cannot be told has no
sample: a zero would say that all is well.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from klprove.watch.blocking import REASONS
from klprove.watch.effect import ABSENT, OVERRIDDEN, UNKNOWN
from klprove.watch.judging import Answer
from klprove.watch.state import Patch

Sample = tuple[Mapping[str, str], float]
_KINDS = ("user", "kthread")


def metrics(answer: Answer, duration: float, now: float) -> str:
    """The whole file. `duration`: seconds that the look took; `now`: since the epoch."""
    found = answer.snapshot
    patches = found.patches
    forced = any(each.kind == "forced" for each in answer.findings)
    known = found.log is not None or forced
    families: list[tuple[str, str, Iterable[Sample]]] = [
        ("info", "A livepatch that the kernel lists.", [(_info(each), 1) for each in patches]),
        ("enabled", "Whether it is enabled.", _flags(patches, "enabled")),
        ("transition", "Whether it is in transition.", _flags(patches, "transition")),
        ("transition_start_seconds", "When its transition began, since the epoch.", _start(answer)),
        ("blocked_threads", "Threads that have not switched.", _blocked(answer)),
        ("object_patched", "Whether an object that it is for is patched.", _objects(patches)),
        ("functions", "Functions that it replaces.", _functions(patches)),
        ("functions_overridden", "Functions that somebody else redirects.", _overridden(answer)),
        ("forced", "Whether a transition was forced since boot.", [({}, forced)] * known),
        ("scrape_duration_seconds", "How long the look took.", [({}, duration)]),
        ("last_success_seconds", "When this was written, since the epoch.", [({}, now)]),
    ]
    return "".join(_family(f"livepatch_{name}", text, rows) for name, text, rows in families)


def _family(name: str, text: str, rows: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
    for labels, value in rows:
        said = ",".join(f'{key}="{_label(each)}"' for key, each in labels.items())
        lines.append(f"{name}{{{said}}} {float(value)!r}" if said else f"{name} {float(value)!r}")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def _label(text: str) -> str:
    """What stands between the quotes, in printable ASCII."""
    dead = text.encode("ascii", "backslashreplace").decode()
    return dead.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _info(patch: Patch) -> Mapping[str, str]:
    replace = "" if patch.replace is None else str(int(patch.replace))
    return {"patch": patch.name, "srcversion": patch.srcversion, "replace": replace}


def _flags(patches: Iterable[Patch], name: str) -> list[Sample]:
    flags = [(each.name, getattr(each, name)) for each in patches]
    return [({"patch": each}, flag) for each, flag in flags if flag is not None]


def _start(answer: Answer) -> list[Sample]:
    it, booted = answer.transition, answer.snapshot.booted
    if it is None or it.started is None or booted is None:
        return []
    return [({"patch": it.patch.name}, booted + it.started)]


def _blocked(answer: Answer) -> list[Sample]:
    """Every reason and kind of every patch: a row that vanishes is no zero for an alert."""
    walk, moving = answer.snapshot.walk, answer.transition
    counts = Counter((each.reason, each.thread.kernel) for each in answer.blockers)
    rows: list[Sample] = []
    for patch in answer.snapshot.patches:
        here = moving is not None and moving.patch.name == patch.name
        if here and (walk is None or walk.denied or walk.outside):
            continue
        for reason in REASONS:
            for kind in _KINDS:
                labels = {"patch": patch.name, "reason": reason, "kind": kind}
                rows.append((labels, counts[reason, kind == "kthread"] if here else 0))
    return rows


def _objects(patches: Iterable[Patch]) -> list[Sample]:
    return [
        ({"patch": patch.name, "object": each.name}, each.patched)
        for patch in patches
        for each in patch.objects
        if each.patched is not None
    ]


def _functions(patches: Iterable[Patch]) -> list[Sample]:
    return [({"patch": each.name}, len(each.functions)) for each in patches]


def _overridden(answer: Answer) -> list[Sample]:
    rows: list[Sample] = []
    for patch in answer.snapshot.patches:
        states = [each.state for each in answer.effects if each.patch == patch.name]
        if UNKNOWN not in states and (patch.enabled or states):
            there = [each for each in states if each != ABSENT]
            rows.append(({"patch": patch.name}, there.count(OVERRIDDEN)))
    return rows
