# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove watch` saw, as text of 79 columns and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from klprove.report.wrapping import WIDTH, count, field, fold
from klprove.source import plain
from klprove.watch import STATES, Answer, Blocker, Effect, Finding, Transition

WATCH_SCHEMA = "klprove.watch/1"
_SHOWN = 20
"""Threads that are shown in full."""
_FRAMES = 8
_COMM = 20
"""Columns of a name: /proc tells longer ones than 15 bytes of kernel threads."""
_GOOD = ("effective", "absent")
"""States of a function that are counted, not listed, where a patch has many."""
_MANY = 12


def watch_text(answer: Answer, threads: int = _SHOWN) -> str:
    """The answers in the order in which they are needed: transition, threads, effect, the rest."""
    lines = [watch_heading(answer)]
    if answer.transition is not None:
        lines += _transition(answer, answer.transition)
        lines += _threads(answer.blockers, threads)
    if answer.effects:
        lines += ["", *_effects(answer.effects), "", *_identities(answer)]
        lines += _calls(answer)
    told = [*_findings(answer.findings), *_unseen(answer)]
    if told:
        lines += ["", *told]
    return "\n".join(map(plain, lines))


def watch_heading(answer: Answer) -> str:
    """One line: how it stands, of what, where."""
    found = answer.snapshot
    if answer.transition is not None:
        what = answer.transition.patch.name
    elif found.patches:
        what = count(len(found.patches), "livepatch").replace("patchs", "patches")
    else:
        what = "no livepatch is loaded" if found.supported else "no livepatch support"
    release = f" on {found.release}" if found.release else ""
    return f"klprove: {answer.word}  {what}{release}"[:WIDTH]


def _transition(answer: Answer, it: Transition) -> Iterator[str]:
    way = "patching" if it.forward else "unpatching"
    turned = " (turned round)" if it.reversed else ""
    since = (
        f" for {_duration(it.seconds)}" if it.seconds is not None else ", nobody says since when"
    )
    walk = answer.snapshot.walk
    of = f" of {walk.seen:,}" if walk is not None else ""
    least = "at least " if walk is not None and not walk.whole else ""
    text = f"{way}{turned}{since}; {least}{count(it.left, 'thread')}{of} left"
    if it.rate is not None:
        text += f", {it.rate:.1f} a second switch"
    if it.signals:
        text += f"; the kernel has signalled {count(it.signals, 'time')}"
    yield from field("moving", text)
    if len(answer.blockers) > 1:
        yield from field("in", ", ".join(_places(answer.blockers)))
    yield from field("ends", _ENDS[it.ends])
    yield from field("do", it.action.text)
    yield from field("force", f"unsafe: {'; '.join(it.against_force)}")


def _places(blockers: Sequence[Blocker]) -> Iterator[str]:
    """What threads are in, those that keep the most first."""
    found = Counter(each.culprit.function.name if each.culprit else None for each in blockers)
    for name, number in found.most_common(_SHOWN):
        yield f"{name or 'no patched function that is seen'}: {number:,}"
    if len(found) > _SHOWN:
        yield f"{len(found) - _SHOWN} more functions"


_ENDS = {
    "soon": "soon, by itself",
    "signal": "after a signal",
    "event": "when a call returns that no signal ends",
    "unknown": "not known",
    "never": "never, by itself",
}


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _threads(blockers: Sequence[Blocker], most: int) -> Iterator[str]:
    """Threads of which the same is to be said stand together, and it is said once."""
    order = sorted(blockers, key=_worst)
    room = max((len(plain(each.thread.comm)) for each in order[:most]), default=0)
    room = min(max(room, 15), _COMM)
    if order and most:
        yield ""
        yield f"{'tid':>7} {'comm':<{room}} {'kind':<6} {'in':<{38 - room}} {'for':>8}  ends"
    for _, same in groupby(order[:most], _said):
        yield from _together([*same], room)
    if len(order) > most:
        yield f"        and {len(order) - most:,} more threads"


def _said(each: Blocker) -> tuple[int, str, str]:
    return -list(_ENDS).index(each.ends), each.why, each.action.text


def _worst(each: Blocker) -> tuple[tuple[int, str, str], int]:
    return _said(each), each.thread.tid


def _together(same: Sequence[Blocker], room: int) -> Iterator[str]:
    for each in same:
        thread = each.thread
        kind = "kernel" if thread.kernel else "user"
        where = each.culprit.function.name if each.culprit else each.reason
        since = _duration(each.seconds) if each.seconds is not None else "-"
        row = f"{thread.tid:>7} {plain(thread.comm)[:room]:<{room}} {kind:<6} {where:<{38 - room}}"
        yield f"{row} {since:>8}  {each.ends}"[:WIDTH]
    indent, first = " " * 8, same[0]
    yield from fold(indent + first.why, WIDTH, indent)
    if first.thread.stack:
        names = [frame.symbol for frame in first.thread.stack[:_FRAMES]]
        more = " <- ..." if len(first.thread.stack) > _FRAMES else ""
        whose = "" if len({_symbols(each) for each in same}) == 1 else f" of {first.thread.tid}"
        yield from fold(f"{indent}stack{whose}: {' <- '.join(names)}{more}", WIDTH, indent)
    yield from fold(f"{indent}do: {first.action.text}", WIDTH, indent)


def _symbols(each: Blocker) -> tuple[str, ...]:
    return tuple(frame.symbol for frame in each.thread.stack or ())


def _effects(effects: Sequence[Effect]) -> Iterator[str]:
    listed = list(effects)
    good: list[Effect] = []
    if len(listed) > _MANY:
        good = [each for each in listed if each.state in _GOOD]
        listed = [each for each in listed if each.state not in _GOOD]
    if listed:
        yield f"{'patch':<18} {'object':<10} {'function':<28} state"
    for each in listed:
        function = each.function
        position = f",{function.sympos}" if function.sympos > 1 else ""
        row = f"{each.patch:<18} {function.object:<10} {function.name + position:<28} {each.state}"
        yield plain(row)[:WIDTH]
        if each.state not in _GOOD:
            who = f": {each.who}" if each.who else ""
            yield from fold(f"{' ' * 30}{STATES[each.state]}{who}", WIDTH, " " * 30)
    for state in _GOOD:
        number = sum(each.state == state for each in good)
        if number:
            yield f"{count(number, 'function')} {state}: {STATES[state]}"


def _identities(answer: Answer) -> Iterator[str]:
    """Which build of each patch it is: its name says nothing of that."""
    for each in answer.snapshot.patches:
        known = {"build-id": each.build_id, "srcversion": each.srcversion}
        text = ", ".join(f"{name} {value}" for name, value in known.items() if value)
        yield from field("patch", f"{each.name}: {text or 'sysfs does not say which build it is'}")


def _calls(answer: Answer) -> Iterator[str]:
    counted = answer.snapshot.calls
    if not counted:
        yield from field("called", "not known: nobody counts calls of patched functions here")
    for name in sorted({each.function.name for each in answer.effects} & set(counted)):
        yield from field("called", f"{name}: {count(counted[name], 'time')}, by the kernel's count")


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        about = f"{each.patch}: " if each.patch else ""
        yield from field(each.severity, f"{about}{each.text}")


def _unseen(answer: Answer) -> Iterator[str]:
    for each in answer.snapshot.blind:
        yield from field("unseen", each)
    walk = answer.snapshot.walk
    if walk is not None and walk.left:
        yield from field("unseen", f"about {count(walk.left, 'thread')}, to bound the cost")
    if walk is not None and walk.gone:
        yield from field("unseen", f"{count(walk.gone, 'thread')} ended in the middle")


def watch_document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON; docs/json.md."""
    found = answer.snapshot
    walk = found.walk
    return {
        "schema": WATCH_SCHEMA,
        "word": answer.word.lower(),
        "status": answer.status,
        "source": found.source,
        "kernel": {
            "release": found.release,
            "build_id": found.build_id,
            "supported": found.supported,
            "taint": found.taint,
            "ftrace": found.ftrace,
            "uptime": found.uptime,
        },
        "patches": [
            {
                "name": each.name,
                "enabled": each.enabled,
                "transition": each.transition,
                "replace": each.replace,
                "order": each.order,
                "srcversion": each.srcversion,
                "build_id": each.build_id,
                "objects": [{"name": one.name, "patched": one.patched} for one in each.objects],
            }
            for each in found.patches
        ],
        "transition": _moving(answer.transition),
        "threads": None if walk is None else walk._asdict(),
        "blockers": [_blocker(each) for each in answer.blockers],
        "functions": [
            {
                "patch": each.patch,
                "object": each.function.object,
                "name": each.function.name,
                "sympos": each.function.sympos,
                "state": each.state,
                "who": each.who,
                "calls": found.calls.get(each.function.name),
            }
            for each in answer.effects
        ],
        "findings": [
            {
                "severity": each.severity,
                "kind": each.kind,
                "patch": each.patch or None,
                "text": each.text,
            }
            for each in answer.findings
        ],
        "log": None
        if found.log is None
        else [{"seconds": each.seconds, "text": each.text} for each in found.log],
        "unseen": list(found.blind),
    }


def _moving(it: Transition | None) -> dict[str, Any] | None:
    if it is None:
        return None
    return {
        "patch": it.patch.name,
        "direction": "patching" if it.forward else "unpatching",
        "reversed": it.reversed,
        "seconds": it.seconds,
        "signals": it.signals,
        "left": it.left,
        "rate": it.rate,
        "ends": it.ends,
        "action": it.action._asdict(),
        "against_force": list(it.against_force),
    }


def _blocker(each: Blocker) -> dict[str, Any]:
    thread, found = each.thread, each.culprit
    return {
        "tid": thread.tid,
        "pid": thread.pid,
        "comm": thread.comm,
        "kind": "kthread" if thread.kernel else "user",
        "state": thread.state,
        "reason": each.reason,
        "function": found.function.name if found else None,
        "object": found.function.object if found else None,
        "frame": str(found.frame) if found else None,
        "wchan": thread.wchan,
        "stack": None if thread.stack is None else [str(frame) for frame in thread.stack],
        "seconds": each.seconds,
        "ends": each.ends,
        "why": each.why,
        "action": each.action._asdict(),
    }
