# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said about a function, and on what evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

SITE, INIT, FRAGMENT, STUB, NOINSTR, ASSEMBLER, NO_SITE, UNKNOWN = (
    "site", "init", "fragment", "stub", "noinstr", "assembler", "no-site", "unknown",
)  # fmt: skip
REASONS: Mapping[str, str] = {
    SITE: "an ftrace site at its entry",
    INIT: "code of the boot, freed after it",
    FRAGMENT: "a part of a function that the compiler moved away",
    STUB: "the trampoline of a static call",
    NOINSTR: "noinstr or entry code: compiled without a site",
    ASSEMBLER: "assembler code: no compiler put a site there",
    NO_SITE: "no ftrace site: notrace, its file built without, or made by the compiler",
    UNKNOWN: "cannot tell: no table of ftrace sites",
}
"""Can it be livepatched: `site` is yes, `unknown` is not known, the rest are why not."""

RCU_OFF, NMI, IRQ, IRQS_OFF, NEVER_ENDS = "rcu-off", "nmi", "irq", "irqs-off", "never-ends"
QUESTIONS: Mapping[str, str] = {
    RCU_OFF: "may be entered while RCU is not watching",
    NMI: "may run in NMI-like context",
    IRQ: "may run in an interrupt, soft or hard",
    IRQS_OFF: "may run with interrupts off",
    NEVER_ENDS: "may stay on a task's stack for ever",
}
"""The questions that a call path answers."""

CERTAIN, LIKELY, POSSIBLE = 0, 1, 2
GRADES = ("certain", "likely", "possible")
"""certain: direct calls, in a window that hooks open and close. likely: through a pointer that was
resolved by its type or its writers. possible: more than three calls deep, through code that reports
an error, or on a path that may exclude itself."""

NOBODY = -1


class Step(NamedTuple):
    """How a function is reached: the last step of its path."""

    grade: int
    hops: int
    """Calls since the window or the entry."""
    parent: int
    """The function before it; NOBODY at the start of a path."""
    how: str
    """The evidence of this step, for people."""
    site: int
    """Address of the instruction; 0 for none."""


@dataclass(frozen=True)
class Map:
    """All answers about one image. Columns have an entry a function, by address."""

    path: str
    machine: str
    release: str
    build_id: str
    notes: Sequence[str]
    """What could not be read, and what that leaves open."""
    names: Sequence[str]
    aliases: Mapping[int, Sequence[str]]
    addresses: Sequence[int]
    sizes: Sequence[int]
    regions: Sequence[str]
    """The region (noinstr, cpuidle), or else the section."""
    patch: Sequence[str]
    """A word of `REASONS`."""
    offsets: Sequence[int]
    """From the start to the ftrace site; -1 for none."""
    blacklisted: frozenset[int]
    """Those that kprobes refuse."""
    sympos: Mapping[int, int]
    """Of functions whose name is not unique: place among them by address, from 1."""
    counts: Mapping[str, int]
    """Sizes of the tables."""
    reached: Mapping[str, Mapping[int, Step]] = field(default_factory=dict)
    """By question."""
    open: Mapping[str, str] = field(default_factory=dict)
    """Questions that cannot be answered for this image, and why."""
    complete: bool = True
    """False where the scan was interrupted."""

    def find(self, name: str) -> list[int]:
        """The functions of that name, by address; with `name,2` the second of them."""
        plain, _, position = name.partition(",")
        found = self.named.get(plain, [])
        if position:
            return found[int(position) - 1 : int(position)] if position.isdecimal() else []
        return list(found)

    @cached_property
    def named(self) -> Mapping[str, list[int]]:
        """The functions by name and by alias, ascending: for whoever asks about many."""
        found: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            found.setdefault(name, []).append(index)
        for index, others in self.aliases.items():
            for name in others:
                found.setdefault(name, []).append(index)
        for each in found.values():
            each.sort()
        return found

    def path_to(self, question: str, index: int) -> list[tuple[int, Step]]:
        """The path that reaches function `index`, its start first; empty for none.

        It starts where a window is opened, though the function that opens it may be reached in
        another way: that one is less sure, or longer.
        """
        steps = self.reached.get(question, {})
        found: list[tuple[int, Step]] = []
        while index in steps and len(found) < 1000:
            step = steps[index]
            if found and (step.grade, step.hops) > (found[-1][1].grade, found[-1][1].hops):
                break
            found.append((index, step))
            index = step.parent
        return found[::-1]

    def list(self, question: str, grade: int = LIKELY) -> list[int]:
        """The functions that `question` reaches with `grade` or better, surest first."""
        steps = self.reached.get(question, {})
        found = [index for index, step in steps.items() if step.grade <= grade]
        return sorted(found, key=lambda i: (steps[i].grade, steps[i].hops, self.names[i]))
