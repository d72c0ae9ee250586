# SPDX-License-Identifier: GPL-2.0-or-later
"""H27 and H29: ftrace itself, and what loading the module does to the machine."""

import re
from collections.abc import Iterator

from klprove.lint.finding import NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.reached import reached_from
from klprove.lint.rules.names import MACHINERY, STOPS, WALKS

_PERMANENT = (5, 5)
"""From this release on ftrace is not switched off while a livepatch is loaded."""
_MANY = 200
"""So many functions are worth a word: each is compared with each return address of each task."""


def check_machinery(case: Case) -> Iterator[Finding]:
    """Patches of what writes redirections, and kernels where one sysctl takes them out."""
    for function in case.patch.functions:
        if function.name in MACHINERY:
            yield Finding(WARNING, function.shown, MACHINERY[function.name])
    match = re.match(r"(\d+)\.(\d+)", case.kernel.release if case.kernel else "")
    if match and (int(match[1]), int(match[2])) < _PERMANENT:
        text = "on this kernel the sysctl kernel.ftrace_enabled=0 takes the patch out silently"
        yield Finding(NOTE, case.patch.name, text)


def check_load(case: Case) -> Iterator[Finding]:
    """What the callbacks and the module's start do to all tasks and CPUs, and how large it is."""
    functions = list(case.patch.functions)
    if len(functions) > _MANY:
        text = (
            f"{len(functions)} functions: each is looked for on each task's stack, about once a "
            "second until all are switched"
        )
        yield Finding(NOTE, case.patch.name, text)
    callbacks = [name for each in case.patch.plan.objects for name in each.callbacks.values()]
    if not case.decodable:
        if callbacks:
            text = f"cannot tell what callbacks do: no decoder for {case.patch.elf.machine}"
            yield Finding(UNKNOWN, case.patch.name, text)
        return
    for function, use in reached_from(case, [*callbacks, "init_module"]):
        if use.name in STOPS:
            text = f"{use.name} stops or interrupts all CPUs while the patch is loaded"
            yield Finding(WARNING, function.name, text, use.offset)
        elif use.name == "tasklist_lock":
            text = "holds tasklist_lock over a walk: with many tasks that locks the machine up"
            yield Finding(WARNING, function.name, text, use.offset)
        elif use.name in WALKS:
            text = f"{use.name}: runs over all tasks or all symbols while the patch is loaded"
            yield Finding(NOTE, function.name, text, use.offset)


H27 = Rule("H27", check_machinery)
H29 = Rule("H29", check_load)
