# SPDX-License-Identifier: GPL-2.0-or-later
"""H07: fork, exit, and livepatching itself."""

from collections.abc import Iterator, Mapping

from klprove.lint.finding import WARNING, Case, Finding, Rule
from klprove.lint.flow import flow_of
from klprove.lint.rules.names import DEAD, TASKS, UNLINKED, quiet


def check(case: Case) -> Iterator[Finding]:
    """Functions by name, and those that do_exit() of this kernel calls too late."""
    for function in case.patch.functions:
        if function.name in TASKS:
            severity, why = TASKS[function.name]
            yield Finding(severity, function.shown, why)
    late = _late(case)
    for function, place in case.replaced:
        if function.name not in TASKS and place.address in late:
            text = (
                "do_exit() calls it when the task has left the list: the walk that switches tasks "
                "misses it, and the module can go away under it"
            )
            evidence = (f"do_exit calls {late[place.address]}, then {function.name}",)
            yield Finding(WARNING, function.shown, text, evidence=evidence)


def _late(case: Case) -> Mapping[int, str]:
    """Addresses of what do_exit() calls behind one of UNLINKED, with that one."""
    found: dict[int, str] = {}
    if not case.decodable or case.kernel is None:
        return found
    for place in case.kernel.named("do_exit"):
        flow = flow_of(case, place, DEAD)
        for at, mark in flow.calls(UNLINKED):
            for after in flow.reachable(at):
                use = flow.uses.get(after)
                if use and use.at and not quiet(use.name):
                    found[use.at[1]] = mark.name
    return found


H07 = Rule("H07", check)
