# SPDX-License-Identifier: GPL-2.0-or-later
"""What each finding means, and what would make it wrong: the questions that readers ask next."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why`: what is bad about it. `wrong_if`: what must be true of the real code for the finding
    not to apply to it."""

    why: str
    wrong_if: str


EXPLANATIONS: dict[str, Explanation] = {
    "unwatched-silent": Explanation(
        "the handler read func_stack or a klp_func while nothing that the updater waits for "
        "covered this CPU, and no check in the handler noticed: what it read may be freed under it",
        "the function cannot be patched there (notrace, or inlined in this build), or the updater "
        "also waits for such a CPU by other means",
    ),
    "unwatched-warned": Explanation(
        "the handler read func_stack or a klp_func while nothing that the updater waits for "
        "covered this CPU; its own check fired, but the read had already been made",
        "the function cannot be patched there (notrace, or inlined in this build), or the warning "
        "also stops the updater from freeing what was read",
    ),
    "false-alarm": Explanation(
        "the handler's own check fired although RCU was watching this CPU",
        "the check is meant to fire in states that are not dangerous",
    ),
    "nested-unwatched": Explanation(
        "the body of an interrupt ran with RCU not watching, because of what a handler left behind "
        "in the context below it or in the entry code",
        "nothing in such a body uses RCU, or the interrupt cannot arrive at that step",
    ),
    "state-corrupted": Explanation(
        "after everything had returned, the parity of dynticks, a nesting counter, preempt_count "
        "or the ftrace guard was not what it had been before",
        "another path repairs the state before anything reads it",
    ),
    "redirect-lost": Explanation(
        "the original function ran although its patch was enabled and the task was on the new "
        "side: the call was not redirected",
        "the function is not traceable in this build, or it cannot run below its own handler",
    ),
    "mixed-versions": Explanation(
        "a task entered one version of the patched function while another was still on its stack: "
        "the consistency model promises that it never sees both",
        "the two versions may be mixed (neither relies on what the other does)",
    ),
    "stale-entry": Explanation(
        "a version was entered that everybody was said to have left: no transition was under way",
        "the version that was left does no harm, and its text stays",
    ),
    "stale-frame": Explanation(
        "the transition was declared complete while a task was still inside a version that it was "
        "to have left",
        "the version that was left does no harm, and its text stays",
    ),
    "assert": Explanation(
        "a condition that the text asserts is false here", "a step of the trace cannot happen"
    ),
    "invariant": Explanation(
        "a condition declared for every state is false in this one",
        "the condition is only meant to hold at certain points; then make it an assert there",
    ),
    "stuck": Explanation(
        "something declared to be always able to come can come no more after this trace, whatever "
        "happens and however fair the order is",
        "what would bring it about is not in the model",
    ),
    "unbalanced": Explanation(
        "an interrupt did not leave a value as it found it",
        "the value is allowed to change across that interrupt",
    ),
    "warned": Explanation(
        "a WARN_ON of the text fires: the code notices by itself that something is wrong",
        "a step of the trace cannot happen",
    ),
    "use-after-free": Explanation(
        "an object is used after kfree()",
        "the real object lives longer than the model's, or something not modelled orders the two",
    ),
    "null-dereference": Explanation(
        "a null pointer is dereferenced", "the pointer is never null at this point in real code"
    ),
    "wild-access": Explanation(
        "an address outside every object, or a read-only one on a write, is accessed",
        "the model computes the address differently from the real code",
    ),
    "wild-call": Explanation(
        "a call through a pointer that holds no function of this type",
        "the model sets the pointer differently from the real code",
    ),
    "out-of-bounds": Explanation(
        "an access leaves its object", "the real object is larger than the model's"
    ),
    "division-by-zero": Explanation(
        "a division by zero", "the divisor is never zero at this point in real code"
    ),
    "division-overflow": Explanation(
        "the least number of its type is divided by -1, for which x86 raises a divide error",
        "the dividend never has that value at this point in real code",
    ),
    "deadlock": Explanation(
        "every task that is left waits, and nothing can ever wake one of them",
        "something outside the model makes a condition true",
    ),
    "unbalanced-return": Explanation(
        "a context returned with interrupts or NMIs not as the machine requires",
        "the entry code restores them",
    ),
    "spin": Explanation(
        "a loop that never ends and lets nothing else in", "the loop has an exit not modelled"
    ),
}
"""By code of finding. A code of the user's own, from finding("..."), need not be here."""


def in_order(codes: Iterable[str]) -> list[str]:
    """Each of `codes` once: the known ones as they stand here, then the text's own."""
    given = dict.fromkeys(codes)
    return [each for each in EXPLANATIONS if each in given] + [
        each for each in given if each not in EXPLANATIONS
    ]


def explain(code: str, text: str) -> Explanation:
    """The explanation of `code`; for a code that is the text's own, what its `text` says."""
    known = EXPLANATIONS.get(code)
    if known is not None:
        return known
    return Explanation(text or "the text reports it", "a step of the trace cannot happen")
