# SPDX-License-Identifier: GPL-2.0-or-later
"""H15 and H16: functions that run where patching them is not harmless, by the map of the kernel."""

from collections.abc import Iterator

from klprove.lint.finding import NOTE, WARNING, Case, Finding, Rule
from klprove.scan.answers import CERTAIN, LIKELY, NMI, RCU_OFF


def check_unwatched(case: Case) -> Iterator[Finding]:
    """Functions that are entered with RCU off."""
    yield from case.unseen(what := "whether the old functions are entered with RCU off")
    yield from case.unmapped(RCU_OFF, what)
    for function, place in case.replaced:
        found = case.reached(RCU_OFF, place)
        if found and found[0] <= LIKELY:
            text = "is entered while RCU does not watch the CPU, and so is the livepatch handler"
            yield Finding(WARNING, function.shown, text, evidence=found[1])


def check_edges(case: Case) -> Iterator[Finding]:
    """Functions of NMIs and of exceptions like them."""
    yield from case.unseen(what := "whether the old functions run in NMIs or exceptions")
    yield from case.unmapped(NMI, what)
    for function, place in case.replaced:
        found = case.reached(NMI, place)
        if found and found[0] <= LIKELY:
            severity = WARNING if found[0] == CERTAIN else NOTE
            text = (
                "runs in NMIs or exceptions: above another handler its redirection may be skipped, "
                "and the old code runs"
            )
            yield Finding(severity, function.shown, text, evidence=found[1])


H15 = Rule("H15", check_unwatched)
H16 = Rule("H16", check_edges)
