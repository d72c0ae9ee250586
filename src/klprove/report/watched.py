# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove watch` saw, for the formats of the trade."""

from collections.abc import Iterator

from klprove import formats
from klprove.watch import STATES, Answer, Blocker, Effect, Finding, Transition
from klprove.watch.effect import BROKEN, CONTESTED, UNKNOWN
from klprove.watch.judging import NOTE, OPEN, PROBLEM

_SEVERITIES = {PROBLEM: formats.ERROR, OPEN: formats.OPEN, NOTE: formats.NOTE}
_OUTCOMES = {**dict.fromkeys(BROKEN, formats.FAIL),
             **dict.fromkeys((CONTESTED, UNKNOWN), formats.INCOMPLETE)}  # fmt: skip
_RULES = {
    "not-switched": formats.Rule(
        "a thread has not switched",
        "the transition does not end while a thread is in what it waits for",
        "docs/watch.md says what helps, the least harmful first",
    )
}


def watch_results(answer: Answer, heading: str, status: int) -> formats.Results:
    """The machine, the transition that is under way, and every function of every patch."""
    if not answer.snapshot.supported:
        reason = "this kernel has no livepatch support"
        items = [formats.Item("livepatch", formats.SKIP, reason)]
    else:
        items = [_machine(answer), *_transition(answer), *_patches(answer)]
    return formats.Results("watch", heading, tuple(items), status, _RULES)


def _machine(answer: Answer) -> formats.Item:
    severities = {each.severity for each in answer.findings}
    outcome, reason = formats.PASS, ""
    if PROBLEM in severities:
        outcome = formats.FAIL
    elif OPEN in severities:
        outcome = formats.INCOMPLETE
        reason = "; ".join(each.text for each in answer.findings if each.severity == OPEN)
    findings = tuple(map(_finding, answer.findings))
    facts = tuple(f"unseen: {each}" for each in answer.snapshot.blind)
    return formats.Item("machine", outcome, reason, findings, facts)


def _finding(finding: Finding) -> formats.Finding:
    return formats.Finding(
        finding.kind, _SEVERITIES[finding.severity], finding.text, where=finding.patch
    )


def _transition(answer: Answer) -> Iterator[formats.Item]:
    moving: Transition | None = answer.transition
    if moving is None:
        return
    facts = (f"{moving.left} threads left", f"ends: {moving.ends}", f"do: {moving.action.text}")
    findings = tuple(map(_blocker, answer.blockers))
    name = f"transition of {moving.patch.name}"
    yield formats.Item(name, formats.FAIL, "under way", findings, facts)


def _blocker(blocker: Blocker) -> formats.Finding:
    """With the stack of the thread as a call path, where there is one."""
    thread = blocker.thread
    who = f"{thread.comm} ({thread.tid})"
    stack = [] if thread.stack is None else [frame.symbol for frame in reversed(thread.stack)]
    path = (formats.Call(who), *(formats.Call(each) for each in stack)) if stack else ()
    return formats.Finding(
        "not-switched",
        formats.ERROR,
        f"{blocker.reason}: {blocker.why}",
        where=who,
        key=f"not-switched: {thread.comm}: {blocker.reason}",
        facts=(f"ends: {blocker.ends}", f"do: {blocker.action.text}"),
        path=path,
    )


def _patches(answer: Answer) -> Iterator[formats.Item]:
    patches: dict[str, list[formats.Item]] = {}
    for each in answer.effects:
        patches.setdefault(each.patch, []).append(_effect(each))
    for name, parts in patches.items():
        yield formats.Item(name, items=tuple(parts))


def _effect(effect: Effect) -> formats.Item:
    function = effect.function
    position = f",{function.sympos}" if function.sympos > 1 else ""
    who = f": {effect.who}" if effect.who else ""
    said = f"{STATES[effect.state]}{who}"
    name = f"{function.object}:{function.name}{position}"
    outcome = _OUTCOMES.get(effect.state, formats.PASS)
    return formats.Item(name, outcome, said, facts=(f"{effect.state}: {said}",))
