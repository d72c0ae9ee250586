# SPDX-License-Identifier: GPL-2.0-or-later
"""A schedule as lines for people: what is done, where in the model's text, what is expected."""

import textwrap
from collections.abc import Iterator, Mapping

from klprove.replay.outcome import shown
from klprove.replay.schedule import (
    CHANGE,
    CHECK,
    FLAG,
    INJECT,
    RAISE,
    REACH,
    READ,
    RETURN,
    SKIP,
    TRAP,
    Schedule,
    Step,
)  # fmt: skip
from klprove.replay.words import Pair

INDENT = 29
"""Columns of a step's number and place."""


def done(step: Step) -> str:
    """What is done for `step`."""
    short = step.pair.short if step.pair is not None else ""
    told = {
        REACH: f"run until {step.target}() is entered",
        CHANGE: f"run until {short} changes",
        READ: f"run until {short} is read",
        FLAG: f"step until interrupts are {'on' if step.value else 'off'}",
        INJECT: f"send an NMI, and run until {step.target}",
        TRAP: f"put a hardware breakpoint here, and run until {step.target}",
        CHECK: f"send a machine check, and run until {step.target}",
        RAISE: f"raise an interrupt, and run until {step.target}",
        RETURN: "run until the interrupted code goes on",
        SKIP: f"nothing: {step.why}",
    }
    return told.get(step.do, "look")


def place(step: Step) -> str:
    """Where the step stands in the model's text, without folders."""
    span = step.event.span
    return f"{span.file.rpartition('/')[2]}:{span.line}" if span.line else ""


def told(plan: Schedule, pairs: Mapping[str, Pair], width: int = 100) -> Iterator[str]:
    """The schedule in lines of `width` columns, each step on one of its own. What a word is said to
    be holds until another step says otherwise: at every step every word is compared."""
    begin = [
        f"{pairs[name].short} {shown(pairs[name], value)}" for name, value in plan.resting.items()
    ]
    text = f"before: {', '.join(begin)}, irqs {'on' if plan.flag else 'off'}"
    yield from textwrap.wrap(text, width, subsequent_indent=" " * 8, break_on_hyphens=False)
    yield ""
    for step in plan.steps:
        expected = ""
        if step.pair is not None:
            expected = f"; then {step.pair.short} is {shown(step.pair, step.value)}"
        yield from said(step, done(step) + expected, width)


def said(step: Step, text: str, width: int = 100) -> list[str]:
    """What is said of a step, behind its number and its place, in lines of `width` columns."""
    return textwrap.wrap(
        f"{step.number:>4}  {place(step):<22} {text}",
        width,
        subsequent_indent=" " * INDENT,
        break_on_hyphens=False,
    )
