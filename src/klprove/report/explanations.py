# SPDX-License-Identifier: GPL-2.0-or-later
"""What each finding means, and what would make it wrong: the questions that readers ask next."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`title`: what it is, in a line. `why`: what is bad about it. `wrong_if`: what must be true of
    the real code for the finding not to apply to it. Of a code that is klprove's own, `example` is
    a command that finds it, `remedy` what to do, `source` where more is said."""

    title: str
    why: str
    wrong_if: str
    example: str = ""
    remedy: str = ""
    source: str = ""


EXPLANATIONS: dict[str, Explanation] = {
    "unwatched-silent": Explanation(
        title="the handler reads what may be freed, and does not notice",
        why=(
            "the handler read func_stack or a klp_func while nothing that the updater waits for "
            "covered this CPU, and no check in the handler noticed: what it read may be freed "
            "under it"
        ),
        wrong_if=(
            "the function cannot be patched there (notrace, or inlined in this build), or the "
            "updater also waits for such a CPU by other means"
        ),
        example="klprove check handlers/2017/A.c --kernel v4.12rc --patch rcu_idle_exit",
        remedy=(
            "let the handler test rcu_is_watching() and step aside; or let the updater wait for a "
            "run on every CPU instead of a grace period (v4.12: klp_synchronize_transition())"
        ),
        source=(
            'the thread of May 2017, docs/thread-2017.md; 842c08846420 ("livepatch: Fix stacking '
            'of patches with respect to RCU")'
        ),
    ),
    "unwatched-warned": Explanation(
        title="the handler reads what may be freed, and warns too late",
        why=(
            "the handler read func_stack or a klp_func while nothing that the updater waits for "
            "covered this CPU; its own check fired, but the read had already been made"
        ),
        wrong_if=(
            "the function cannot be patched there (notrace, or inlined in this build), or the "
            "warning also stops the updater from freeing what was read"
        ),
        example="klprove check handlers/2017/F.c --kernel v4.12rc --patch rcu_dynticks_eqs_enter",
        remedy="test before the first read, and return without one where the test fails",
        source="docs/thread-2017.md",
    ),
    "false-alarm": Explanation(
        title="the handler warns although RCU is watching",
        why="the handler's own check fired although RCU was watching this CPU",
        wrong_if="the check is meant to fire in states that are not dangerous",
        example="klprove check handlers/2017/F.c --kernel v4.12rc --patch printk_nmi_enter",
        remedy=(
            "ask RCU itself (rcu_is_watching()) instead of guessing from in_nmi() or from the "
            "depth of interrupts"
        ),
        source="docs/thread-2017.md",
    ),
    "nested-unwatched": Explanation(
        title="an interrupt runs its body while RCU is not watching",
        why=(
            "the body of an interrupt ran with RCU not watching, because of what a handler left "
            "behind in the context below it or in the entry code"
        ),
        wrong_if="nothing in such a body uses RCU, or the interrupt cannot arrive at that step",
        example="klprove check handlers/2017/F.c --kernel v4.12rc --patch printk_nmi_enter",
        remedy=(
            "undo in the handler whatever it told RCU, in the reverse order, on every way out; or "
            "tell RCU nothing"
        ),
        source="docs/thread-2017.md",
    ),
    "state-corrupted": Explanation(
        title="a handler leaves a count of the entry code wrong",
        why=(
            "after everything had returned, the parity of dynticks, a nesting counter, "
            "preempt_count or the ftrace guard was not what it had been before"
        ),
        wrong_if="another path repairs the state before anything reads it",
        example="klprove check handlers/2017/F.c --kernel v4.12rc --patch printk_nmi_enter",
        remedy=(
            "do not call the hooks of the entry code (rcu_irq_enter(), rcu_nmi_enter()) where "
            "those may be half done"
        ),
        source="docs/thread-2017.md",
    ),
    "redirect-lost": Explanation(
        title="the old function runs though its patch is enabled",
        why=(
            "the original function ran although its patch was enabled and the task was on the new "
            "side: the call was not redirected"
        ),
        wrong_if="the function is not traceable in this build, or it cannot "
        "run below its own handler",
        example="klprove check handlers/2017/F.c --kernel v4.12rc --patch rcu_irq_enter",
        remedy=(
            "do not patch this function, or patch its callers; ftrace lets no handler run below "
            "itself on one level"
        ),
        source="docs/thread-2017.md",
    ),
    "mixed-versions": Explanation(
        title="one task is in two versions of a function at once",
        why=(
            "a task entered one version of the patched function while another was still on its "
            "stack: the consistency model promises that it never sees both"
        ),
        wrong_if="the two versions may be mixed (neither relies on what the other does)",
        example=(
            "klprove check --kernel v4.16 --scene transition --action force -D KTHREAD=0 -D "
            "IDLE_CALLS=0"
        ),
        remedy="do not force; where it must be, patch only functions whose versions may be mixed",
        source=(
            "docs/livepatch-core.md; Documentation/livepatch/livepatch.rst of Linux 6.1, "
            '"Consistency model"'
        ),
    ),
    "stale-entry": Explanation(
        title="a version is entered that everybody was said to have left",
        why=(
            "a version was entered that everybody was said to have left: no transition was under "
            "way"
        ),
        wrong_if="the version that was left does no harm, and its text stays",
        example=(
            "klprove check --kernel v4.16 --scene transition --action force -D KTHREAD=0 -D "
            "IDLE_CALLS=0"
        ),
        remedy="do not force, and never unload a patch that was forced",
        source="docs/livepatch-core.md",
    ),
    "stale-frame": Explanation(
        title="a transition ends while a task is still in the old code",
        why=(
            "the transition was declared complete while a task was still inside a version that it "
            "was to have left"
        ),
        wrong_if="the version that was left does no harm, and its text stays",
        example=(
            "klprove check --kernel v4.16 --scene transition --action force -D KTHREAD=0 -D "
            "IDLE_CALLS=0"
        ),
        remedy="do not force, and never unload a patch that was forced",
        source="docs/livepatch-core.md",
    ),
    "assert": Explanation(
        title="an assertion of the text fails",
        why="a condition that the text asserts is false here",
        wrong_if="a step of the trace cannot happen",
        example="klprove check corpus/x86-nmi-cr2/buggy.c",
        remedy=(
            "read the trace from the end: which step made the condition false, and what let it "
            "come there"
        ),
        source="docs/language.md",
    ),
    "invariant": Explanation(
        title="a condition for every state fails in one",
        why="a condition declared for every state is false in this one",
        wrong_if="the condition is only meant to hold at certain points; then "
        "make it an assert there",
        example="klprove check invariant.c",
        remedy="make the change one step, or let readers see only whole values",
        source="docs/language.md",
    ),
    "stuck": Explanation(
        title="what has to stay possible can come no more",
        why=(
            "something declared to be always able to come can come no more after this trace, "
            "whatever happens and however fair the order is"
        ),
        wrong_if="what would bring it about is not in the model",
        example="klprove check stuck.c",
        remedy=(
            "find the step of the trace after which nothing can help; often a wake-up that came "
            "too early"
        ),
        source="docs/language.md",
    ),
    "unbalanced": Explanation(
        title="an interrupt leaves a value changed",
        why="an interrupt did not leave a value as it found it",
        wrong_if="the value is allowed to change across that interrupt",
        example="klprove check unbalanced.c",
        remedy="undo on every way out what the way in did",
        source="docs/language.md",
    ),
    "warned": Explanation(
        title="a check of the text's own complains",
        why="a WARN_ON of the text fires: the code notices by itself that something is wrong",
        wrong_if="a step of the trace cannot happen",
        example="klprove check warned.c",
        remedy="as for any warning of a kernel; --werror makes it a violation",
        source="docs/language.md",
    ),
    "use-after-free": Explanation(
        title="memory is used after it was given back",
        why="an object is used after kfree()",
        wrong_if=(
            "the real object lives longer than the model's, or something not modelled orders the "
            "two"
        ),
        example="klprove check use-after-free.c",
        remedy=(
            "let the updater wait for everybody who may still read, by what these readers "
            "announce (a grace period, a reference, a run on every CPU)"
        ),
        source="docs/language.md",
    ),
    "null-dereference": Explanation(
        title="a null pointer is followed",
        why="a null pointer is dereferenced",
        wrong_if="the pointer is never null at this point in real code",
        example="klprove check null-dereference.c",
        remedy="read the pointer once (READ_ONCE()) and use that value",
        source="docs/language.md",
    ),
    "wild-access": Explanation(
        title="an address is used where the model has nothing",
        why="an address outside every object, or a read-only one on a write, is accessed",
        wrong_if="the model computes the address differently from the real code",
        example="klprove check wild-access.c",
        remedy="look at where the address came from: the trace names the write",
        source="docs/language.md",
    ),
    "wild-call": Explanation(
        title="a pointer is called that holds no such function",
        why="a call through a pointer that holds no function of this type",
        wrong_if="the model sets the pointer differently from the real code",
        example="klprove check wild-call.c",
        remedy="set the pointer before whoever calls through it can come",
        source="docs/language.md",
    ),
    "out-of-bounds": Explanation(
        title="an index or an offset leads out of its object",
        why="an access leaves its object",
        wrong_if="the real object is larger than the model's",
        example="klprove check out-of-bounds.c",
        remedy="count how deep contexts can nest (klprove explain irq), or test the index",
        source="docs/language.md",
    ),
    "division-by-zero": Explanation(
        title="something is divided by zero",
        why="a division by zero",
        wrong_if="the divisor is never zero at this point in real code",
        example="klprove check division-by-zero.c",
        remedy="read the divisor once and test that value",
        source="docs/language.md",
    ),
    "division-overflow": Explanation(
        title="a quotient does not fit into its type",
        why="the least number of its type is divided by -1, for which x86 raises a divide error",
        wrong_if="the dividend never has that value at this point in real code",
        example="klprove check division-overflow.c",
        remedy="exclude the pair, or compute in a wider type",
        source="Intel SDM volume 2, IDIV: #DE",
    ),
    "deadlock": Explanation(
        title="every task waits, for ever",
        why="every task that is left waits, and nothing can ever wake one of them",
        wrong_if="something outside the model makes a condition true",
        example="klprove check deadlock.c",
        remedy="take locks in one order; the trace shows who holds what",
        source="docs/language.md",
    ),
}
"""By code of finding. A code of the user's own, from finding("..."), need not be here. No file of
TOML, as the rules of lint are: every check would wait for its parser."""


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
    said = text or "the text reports it"
    return Explanation(said, said, "a step of the trace cannot happen")
