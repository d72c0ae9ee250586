"""Findings and the interleavings that lead to them."""

from dataclasses import dataclass

from klprove.source import Span

VIOLATION = "violation"
WARNING = "warning"
STORE_BUFFER = "store-buffer"
"""The kind of what drains a CPU's store buffer, in a trace."""


@dataclass(frozen=True, slots=True)
class Access:
    """One memory access of a step, by the name of the object; values as its type shows them."""

    kind: str
    """`read`, `write`, `update` (atomic read-modify-write) or `free`; with store buffers also
    `buffer`, a store of `after` that waits in one, and `forwarded`, a read from one."""
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an interleaving."""

    action: str
    """`step`, `enter` (an interrupt arrives), `exit` (its iret, or a task's end), `switch`."""
    cpu: int
    depth: int
    """How many contexts of this CPU lie below: 0 is a task."""
    kind: str
    context: str
    span: Span
    calls: tuple[str, ...] = ()
    """Inlined functions from the context's own to the innermost."""
    accesses: tuple[Access, ...] = ()
    notes: tuple[str, ...] = ()
    """What was noticed in this step: findings, warnings, witnesses, flags changed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """An interleaving, replayed step by step before it is shown."""

    initial: tuple[tuple[str, int], ...]
    """Name and value of the objects that the trace touches, before its first step."""
    events: tuple[Event, ...]
    shortest: bool = True
    """False where a shorter one may exist."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that can happen."""

    code: str
    severity: str
    text: str
    span: Span
    trace: Trace
    site: str = ""
    """The patched function under which it was found; empty without --patch."""
