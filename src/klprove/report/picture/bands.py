# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace knows about a CPU at every step: interrupts, NMIs, words of the kernel models.

A band is made of what stands in the trace and of the machine's rules (docs/language.md, "Contexts")
only. Where neither says anything, the band is not known there; a word that the trace does not touch
has no band.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

from klprove.verdict import Event, Trace

_ARRIVE_WHEN_ON = ("irq", "softirq")
_STORES = ("read", "write", "update")
"""Kinds of accesses after which memory holds what they say."""


class Run(NamedTuple):
    """Steps `first` to `last`, from 1, after each of which the band is `on`; None: not known."""

    first: int
    last: int
    on: bool | None


@dataclass(frozen=True, slots=True)
class Band:
    """One line of the picture: what holds on `cpu`, over all steps of the trace."""

    cpu: int
    title: str
    runs: tuple[Run, ...]


class Word(NamedTuple):
    """A word of the kernel models, without its CPU: while it has one of `bits`, `title` holds."""

    title: str
    name: str
    bits: int


def bands(trace: Trace, modelled: bool) -> list[Band]:
    """Every band of `trace`, by CPU; the words of kernel models only where it is `modelled`: of
    one of them."""
    cpus = sorted({each.cpu for each in trace.events})
    found = []
    for cpu in cpus:
        states = {
            "interrupts off": list(_interrupts_off(trace, cpu)),
            "NMIs masked": list(_nmis_masked(trace, cpu)),
        }
        found += [Band(cpu, title, _runs(each)) for title, each in states.items() if any(each)]
        for word in words() if modelled else ():
            values = _word_on(trace, word, cpu)
            if values is not None:
                found.append(Band(cpu, word.title, _runs(values)))
    return found


@cache
def words() -> tuple[Word, ...]:
    """Those of bands.toml, in their order."""
    text = (files("klprove.report.picture") / "bands.toml").read_text(encoding="utf-8")
    return tuple(
        Word(each["title"], each["word"], each.get("bits", -1))
        for each in tomllib.loads(text)["band"]
    )


def _runs(states: Iterable[bool | None]) -> tuple[Run, ...]:
    runs, first = [], 1
    for on, group in groupby(states):
        length = sum(1 for _ in group)
        runs.append(Run(first, first + length - 1, on))
        first += length
    return tuple(runs)


def _interrupts_off(trace: Trace, cpu: int) -> Iterator[bool | None]:
    """After each event. Every arrival clears the flag and its iret restores it; a change is noted.
    Where the trace does not say how it begins, the first note, and an arrival that needs the flag,
    say what was before."""
    start = trace.start[cpu] if cpu < len(trace.start) else None
    off = not start.interrupts if start else _off_at_first(trace.events, cpu)
    saved: list[bool | None] = []
    for event in trace.events:
        if event.cpu == cpu and event.action == "enter":
            saved.append(off)
            off = True
        elif event.cpu == cpu and event.action == "exit" and event.kind != "task":
            off = saved.pop() if saved else None
        elif event.cpu == cpu:
            for note in event.notes:
                off = {"irqs off": True, "irqs on": False}.get(note, off)
        yield off


def _off_at_first(events: Sequence[Event], cpu: int) -> bool | None:
    """Whether interrupts are off before the first event, by what the lowest context shows."""
    inside = 0
    for event in events:
        if event.cpu != cpu:
            continue
        if event.action == "enter":
            if not inside and event.kind in _ARRIVE_WHEN_ON:
                return False
            inside += 1
        elif event.action == "exit" and event.kind != "task":
            inside -= 1
        elif not inside:
            for note in event.notes:
                if note in ("irqs off", "irqs on"):
                    return note == "irqs on"
    return None


def _nmis_masked(trace: Trace, cpu: int) -> Iterator[bool | None]:
    """After each event. Where the trace does not say whether an exception's iret unmasks (the
    option hardware_nmi of a model), nothing is known after one inside an NMI."""
    masked: bool | None = cpu < len(trace.start) and trace.start[cpu].nmis_masked
    for event in trace.events:
        if event.cpu == cpu:
            match event.action, event.kind:
                case "enter", "nmi":
                    masked = True
                case "exit", "nmi":
                    masked = False
                case "exit", "exception" if masked and trace.iret_unmasks is not False:
                    masked = False if trace.iret_unmasks else None
            if "NMIs unmasked" in event.notes:
                masked = False
        yield masked


def _word_on(trace: Trace, word: Word, cpu: int) -> list[bool | None] | None:
    """Whether the `word` of `cpu` has its bits after each event; None where nothing touches it."""
    mark = f"[cpu {cpu}]"
    found = {name: value for name, value in trace.initial if _is(name, mark, word)}
    value: int | None = next(iter(found.values()), None)
    touched, states = value is not None, []
    for event in trace.events:
        for access in event.accesses:
            if access.kind in _STORES and _is(access.name, mark, word):
                value, touched = access.after, True
        states.append(None if value is None else bool(value & word.bits))
    return states if touched else None


def _is(name: str, mark: str, word: Word) -> bool:
    """True for `rcu_dynticks[cpu 0].dynticks.counter` and the word without the mark of its CPU."""
    return mark in name and name.replace(mark, "", 1) == word.name
