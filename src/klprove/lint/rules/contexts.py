"""H01, H07, H15 and H16: functions that run where patching them is not harmless.

Contexts come from the map of the kernel. What it does not know is in names.toml.
"""

from collections.abc import Iterator

from klprove.lint.finding import ERROR, NOTE, WARNING, Case, Finding, Rule
from klprove.lint.rules.names import SLEEPERS, SLOW, TASKS
from klprove.scan.answers import CERTAIN, LIKELY, NEVER_ENDS, NMI, RCU_OFF


def check_stall(case: Case) -> Iterator[Finding]:
    """Whether some task can leave the old function at all."""
    yield from case.unseen(what := "whether a task may stay in the old functions")
    yield from case.unmapped(NEVER_ENDS, what)
    for function, place in case.replaced:
        found = case.reached(NEVER_ENDS, place)
        target = case.objects.get(place.object)
        if target and place.address in target.threads:
            text = "a kernel thread runs it and stays in it for ever: the transition does not end"
            evidence = (f"{target.threads[place.address]} starts it",)
            yield Finding(ERROR, function.shown, text, evidence=evidence)
        elif found and found[0] == CERTAIN:
            text = "a task stays in it for ever: the transition does not end"
            yield Finding(ERROR, function.shown, text, evidence=found[1])
        elif function.name in SLOW:
            text = f"{SLOW[function.name]}: the transition is slow"
            yield Finding(WARNING, function.shown, text)
        elif found and found[0] == LIKELY:
            text = "tasks wait in a loop in it: the transition does not end before they are woken"
            yield Finding(WARNING, function.shown, text, evidence=found[1])
        elif case.decodable:
            use = next(case.old_body(place).calls(*SLEEPERS), None)
            if use:
                text = f"tasks that wait in {use.name} here hold the transition up until they wake"
                yield Finding(NOTE, function.shown, text, use.offset)


def check_tasks(case: Case) -> Iterator[Finding]:
    """fork, exit, and livepatching itself."""
    for function in case.patch.functions:
        if function.name in TASKS:
            severity, why = TASKS[function.name]
            yield Finding(severity, function.shown, why)


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


H01 = Rule("H01", check_stall)
H07 = Rule("H07", check_tasks)
H15 = Rule("H15", check_unwatched)
H16 = Rule("H16", check_edges)
