"""A model of RCU's hooks against the kernel that it is of, at every place where an NMI may come."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from klprove.lab import Setup
from klprove.lab.layout import layout
from klprove.replay.driving import Driver
from klprove.replay.following import follow
from klprove.replay.led import Led
from klprove.replay.outcome import AGREED, DIFFERS, MERGED, NOT_REACHED, Outcome
from klprove.replay.places import Places
from klprove.replay.schedule import schedule
from klprove.replay.walk import HOOKS, Walk, Walker, hook_of
from klprove.replay.words import words
from klprove.source import BadInput, Diagnostic, Span


@dataclass(frozen=True, slots=True)
class Tried:
    """One walk, and what came of it."""

    walk: Walk
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook, over all walks."""

    name: str
    places: int
    """Steps of it at which an NMI was sent."""
    agreed: int
    """Of those, with agreement to the end."""
    merged: int
    """Of those, without a place of their own in the machine code."""
    compared: int
    """Steps in it that were compared, in all walks."""
    differing: int
    """Of those, the ones that did not agree."""


def campaign(
    vmlinux: str, kernel: str, log: Path | None, say: Callable[[Tried], None]
) -> list[Tried]:
    """Every walk of the model `kernel`, in one machine. Raises BadInput where the image does not
    have what the model has, Lost where the machine dies."""
    places = layout(vmlinux)
    found = words(places)
    walks = list(Walker(kernel).walks())
    lacking = [name for name in ("default_idle_call", *HOOKS) if name not in places.named]
    if lacking:
        text = f"it has no {', '.join(lacking)}: the hooks of before v6.0 are not tried"
        raise BadInput([Diagnostic("image", Span(vmlinux, 0, 0), text)])
    tried = []
    with Led(Setup(Path(vmlinux), cpus=1), log) as guest:
        guest.prompt()
        driver = Driver(
            guest.gdb, places, Places(places.named), found, guest.nmi, guest.disturb, places.named
        )
        for walk in walks:
            plan = schedule(walk.trace, walk.resting, found, places.named, walk.flag)
            tried.append(Tried(walk, follow(driver, plan)))
            say(tried[-1])
    return tried


def hooks(tried: Iterable[Tried]) -> list[Hook]:
    """The table, a hook a row."""
    every = list(tried)
    return [_hook(name, every) for name in HOOKS]


def _hook(name: str, every: list[Tried]) -> Hook:
    own = Counter(
        each.outcome.result for each in every if each.walk.where.startswith(f"in {name} ")
    )
    rows = Counter(
        row.result
        for each in every
        for row in each.outcome.rows
        if hook_of(row.step.event.calls) == name
    )
    differing = rows[DIFFERS] + rows[NOT_REACHED]
    return Hook(name, own.total(), own[AGREED], own[MERGED], rows[AGREED] + differing, differing)


def disagreements(tried: Iterable[Tried]) -> Iterator[Tried]:
    """The walks in which something did not agree."""
    return (each for each in tried if each.outcome.first is not None)
