# SPDX-License-Identifier: GPL-2.0-or-later
"""H01: a transition that does not end, and H18: one before it that can only have been forced."""

from collections.abc import Iterator

from iced_x86 import Register

from klprove.lint.code import CALL, JUMP
from klprove.lint.finding import ERROR, NOTE, WARNING, Case, Finding, Rule
from klprove.lint.livepatch import Function
from klprove.lint.rules.names import SLEEPERS, SLOW, returns
from klprove.lint.target import Place
from klprove.lint.ways import told, way
from klprove.scan.answers import CERTAIN, LIKELY, NEVER_ENDS

_INTERRUPTIBLE, _UNINTERRUPTIBLE, _KILLABLE = 1, 2, 0x102
"""States of a task that waits: include/linux/sched.h, the same from v4.12 to v6.12."""
_WAITS = ("prepare_to_wait_event", "prepare_to_wait", "prepare_to_wait_exclusive")
"""Their third argument is the state."""
_MOST = 2


def check_stall(case: Case) -> Iterator[Finding]:
    """Whether some task can leave the old function at all, and what keeps it."""
    yield from case.unseen(what := "whether a task may stay in the old functions")
    yield from case.unmapped(NEVER_ENDS, what)
    for function, place in case.replaced:
        found = case.reached(NEVER_ENDS, place)
        why = reason(found)
        target = case.objects.get(place.object)
        if target and place.address in target.threads:
            text = "a kernel thread runs it and stays in it for ever: the transition does not end"
            evidence = (f"{target.threads[place.address]} starts it",)
            yield Finding(ERROR, function.shown, text, evidence=evidence)
        elif found and found[0] == CERTAIN:
            text = f"a task stays in it for ever ({why}): the transition does not end"
            yield Finding(ERROR, function.shown, text, evidence=found[1])
        elif function.name in SLOW:
            yield _slow(case, function, place)
        elif found and found[0] == LIKELY:
            text = f"a task {why}: the transition does not end before it is woken"
            yield Finding(WARNING, function.shown, text + _cure(case, place), evidence=found[1])
        elif case.decodable:
            yield from _below(case, function, place)


def _slow(case: Case, function: Function, place: Place) -> Finding:
    """A function that all tasks go through; whether it stays on their stacks says its body."""
    uses = case.old_body(place).uses if case.decodable else ()
    jumps = sum(each.kind == JUMP for each in uses)
    if jumps > sum(each.kind == CALL for each in uses):
        text = f"is left by jumps ({jumps}), so it is not on the stack of a task that waits below"
        return Finding(NOTE, function.shown, text)
    return Finding(WARNING, function.shown, f"{SLOW[function.name]}: the transition is slow")


def reason(found: tuple[int, tuple[str, ...]] | None) -> str:
    """The evidence of the last step of a path of the map: what keeps a task there."""
    return found[1][-1].rpartition("  <- ")[2] if found else ""


def _cure(case: Case, place: Place) -> str:
    """What gets a user task out of its wait, where the body says so."""
    if not case.decodable:
        return ""
    body = case.old_body(place)
    states = {body.argument(each, Register.RDX) for each in body.calls(*_WAITS)} - {None}
    if states == {_INTERRUPTIBLE} or body.callees & {"schedule_timeout_interruptible"}:
        return "; a signal gets user tasks out of it, not kernel threads"
    if states and states <= {_UNINTERRUPTIBLE}:
        return "; no signal gets a task out of it"
    return "; a fatal signal gets user tasks out of it" if states == {_KILLABLE} else ""


def _below(case: Case, function: Function, place: Place) -> Iterator[Finding]:
    body = case.old_body(place)
    use = next(body.calls(*SLEEPERS), None)
    if use:
        text = f"tasks that wait in {use.name} here hold the transition up until they wake"
        yield Finding(NOTE, function.shown, text, use.offset)
        return
    found = way(case, place, lambda name: _stays(case, name), _MOST, returns)
    if found:
        text = f"is below tasks that wait in {found[-1].name}: they hold the transition up"
        evidence = (told(place.name, found),)
        yield Finding(NOTE, function.shown, text, found[0].offset, evidence)


def _stays(case: Case, name: str) -> bool:
    """Tasks wait in a loop of the function of that name, and it is no lock."""
    if case.kernel is None or name in SLEEPERS or not returns(name):
        return False
    places = case.kernel.named(name)
    found = case.reached(NEVER_ENDS, places[0]) if len(places) == 1 else None
    return found is not None and found[0] <= LIKELY


def check_forced(case: Case) -> Iterator[Finding]:
    """Functions of an earlier patch that no transition can have left."""
    for patch in case.active:
        for function, place in Case(patch, case.kernel, map=case.map).replaced:
            found = case.reached(NEVER_ENDS, place)
            if found and found[0] == CERTAIN:
                text = (
                    f"{patch.name} patches it, and a task stays in it for ever ({reason(found)}): "
                    "that transition can only have been forced, so that task may be in any body"
                )
                yield Finding(WARNING, function.shown, text, evidence=found[1])


H01 = Rule("H01", check_stall)
H18 = Rule("H18", check_forced)
