# SPDX-License-Identifier: GPL-2.0-or-later
"""The questions that a call path answers, one after the other, as far as there is time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from klprove.scan.answers import IRQ, IRQS_OFF, NEVER_ENDS, NMI, QUESTIONS, RCU_OFF, Step
from klprove.scan.calls import FEW, Calls
from klprove.scan.contexts import Contexts
from klprove.scan.interrupts import Interrupts
from klprove.scan.parts import Parts, parts
from klprove.scan.rcu import hooks, unwatched
from klprove.scan.stays import staying
from klprove.scan.subject import Subject

_INTERRUPTED = "interrupted before it was looked for"
_NO_TYPES = (
    "missing: BTF; functions that only a pointer in a structure leads to are not found, so what is "
    "not listed is not thereby safe"
)


@dataclass
class Answers:
    """What was found so far."""

    reached: dict[str, Mapping[int, Step]] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    complete: bool = True
    """False where it was interrupted."""


def ask(it: Subject, say: Callable[[str], None]) -> Answers:
    """Every question about an image; `say` hears what is looked for next. KeyboardInterrupt ends it
    early, and what was not looked for is open."""
    found = Answers()
    why = ""
    if it.image.machine != "x86_64":
        why = f"code of {it.image.machine} is not followed, only that of x86-64"
    elif not len(it.functions.starts):
        why = "no function has a name"
    if why:
        found.open = dict.fromkeys(QUESTIONS, why)
        return found
    try:
        _ask(it, found, say)
    except KeyboardInterrupt:
        found.complete = False
        for each in QUESTIONS:
            if each not in found.reached:
                found.open[each] = _INTERRUPTED
    return found


def _ask(it: Subject, found: Answers, say: Callable[[str], None]) -> None:
    say("the call graph")
    have = parts(it)
    if not have.typed:
        found.notes.append(_NO_TYPES)
    say("where RCU is not watching")
    _rcu(it, have, found)
    say("where indirect calls lead")
    found.counts |= called(have.calls) if have.typed else {}
    contexts = Contexts(have)
    for question in (NMI, IRQ):
        say(QUESTIONS[question])
        reached = contexts.entered(question)
        if reached:
            found.reached[question] = reached
        else:
            found.open[question] = "none of the known entries is in this image"
    say(QUESTIONS[IRQS_OFF])
    interrupts = Interrupts(have, contexts)
    found.reached[IRQS_OFF] = interrupts.off(found.reached)
    say(QUESTIONS[NEVER_ENDS])
    found.reached[NEVER_ENDS] = staying(have)


def _rcu(it: Subject, have: Parts, found: Answers) -> None:
    if not hooks(have.functions, have.known).off:
        found.open[RCU_OFF] = "none of the known hooks that turn RCU off is in this image"
        return
    off = unwatched(have, it.regions)
    found.reached[RCU_OFF] = off.steps
    if off.unresolved:
        text = f"rcu-off: {off.unresolved} indirect calls in the windows are not followed"
        found.notes.append(text)


def called(calls: Calls) -> dict[str, int]:
    """How many indirect calls there are, and what is known of them."""
    every = list(calls.every())
    typed = [each for each in every if each.how]
    every_one, likely = (
        int(np.median([count(each) for each in typed])) if typed else 0
        for count in (lambda each: len(each.targets) + len(each.others), lambda each: each.likely)
    )
    return {
        "indirect calls": len(every),
        "indirect calls through a member of known type": len(typed),
        "... functions that it may hold at all, median": every_one,
        "... of its prototype, where that member can be, median": likely,
        f"... for which those are {FEW} or fewer": sum(each.likely <= FEW for each in typed),
        "... for which there are none (only modules have some)": sum(not e.likely for e in typed),
        "indirect calls through a variable": sum(each.variable != 0 for each in every),
        "indirect calls not resolved": sum(not each.how and not each.variable for each in every),
    }
