# SPDX-License-Identifier: GPL-2.0-or-later
"""What was seen: each function of a kernel, by its ftrace site, and how it was entered."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from klprove.source import NOWHERE, BadInput, Diagnostic, Span
from klprove.source.json_file import read_json

SCHEMA = "klprove.seen/2"
LARGEST = 64 << 20
"""Bytes of a file that is read; a machine of 6.1 makes 2.5 MB."""
_WRITES = "klprove observe VMLINUX -o FILE writes one"
CONTEXTS = ("task", "softirq", "hardirq", "nmi")
_IRQS_OFF, _RCU_OFF, _IDLE, _WAYS = 4, 8, 16, 32
"""Bits of what the module observe writes; the lowest two are the context."""

_OVERRIDDEN = "__ftrace_invalid_address__"
"""FTRACE_INVALID_FUNCTION, kernel/trace/ftrace.c (v6.1)."""


class Way(NamedTuple):
    """How a function was entered."""

    context: str
    """One of CONTEXTS: the innermost; "nmi" is what counts as one, so also #DB, #BP, #MC."""
    irqs_off: bool
    rcu_off: bool
    idle: bool
    """In the idle task, or on top of it."""


class Entered(NamedTuple):
    """How often, and from where the first time."""

    times: int
    parent: int
    """The return address."""


class Run(NamedTuple):
    """One machine that looked on."""

    model: str
    """Of its CPUs, as QEMU has it."""
    options: Sequence[str]
    """Of the kernel's command line."""
    seconds: float
    nmis: int
    """That its CPUs took."""
    machine_checks: int
    lost: int
    """Entries that found no room in the module's table."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one or more runs of one kernel saw."""

    release: str
    build_id: str
    runs: Sequence[Run]
    traceable: frozenset[str]
    """The kernel's own `available_filter_functions`, without those of modules."""
    sites: Mapping[int, Mapping[Way, Entered]] = field(default_factory=dict)
    """By address of the ftrace site."""


def parse(text: str, name: str) -> dict[int, dict[Way, Entered]]:
    """The sites of the module's file `seen`: `site way count parent` a line.

    Raises BadInput with the first line of `name` that is none.
    """
    found: dict[int, dict[Way, Entered]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            site, way, count, parent = line.split()
            bits = int(way, 16)
            if not 0 <= bits < _WAYS:
                raise ValueError
            found.setdefault(int(site, 16), {})[_way(bits)] = Entered(int(count), int(parent, 16))
        except ValueError:
            raise _wrong(name, f"not a line `site way count parent`: {line[:60]}", number) from None
    return found


def _way(bits: int) -> Way:
    return Way(
        CONTEXTS[bits & 3], bool(bits & _IRQS_OFF), bool(bits & _RCU_OFF), bool(bits & _IDLE)
    )


def merged(parts: Sequence[Seen]) -> Seen:
    """All of `parts`, which are of one kernel, as one. Raises BadInput where they are not."""
    first = parts[0]
    sites: dict[int, dict[Way, Entered]] = {}
    for part in parts:
        if part.build_id != first.build_id:
            text = f"runs of two kernels: {first.release} and {part.release}"
            raise BadInput([Diagnostic("image", NOWHERE, text)])
        for site, ways in part.sites.items():
            into = sites.setdefault(site, {})
            for way, each in ways.items():
                before = into.get(way, Entered(0, each.parent))
                into[way] = Entered(before.times + each.times, before.parent)
    runs = [run for part in parts for run in part.runs]
    names = frozenset().union(*(part.traceable for part in parts))
    return Seen(first.release, first.build_id, runs, names, sites)


def seen_document(seen: Seen) -> dict[str, Any]:
    """As JSON has it; addresses are hexadecimal text."""
    return {
        "schema": SCHEMA,
        "release": seen.release,
        "build_id": seen.build_id,
        "runs": [each._asdict() for each in seen.runs],
        "traceable": sorted(seen.traceable),
        "sites": {f"{site:#x}": list(_rows(ways)) for site, ways in sorted(seen.sites.items())},
    }


def _rows(ways: Mapping[Way, Entered]) -> Iterator[dict[str, Any]]:
    for way, each in sorted(ways.items()):
        yield {**way._asdict(), "count": each.times, "parent": f"{each.parent:#x}"}


def read_seen(path: str) -> Seen:
    """What `seen_document` became as a file. Raises BadInput for anything else."""
    content = read_json(path, "image", LARGEST, _WRITES, "keep the machines in files of their own")
    try:
        found = content.get("schema", content.get("format"))
        if found != SCHEMA:
            raise _wrong(path, f"its schema is {found!r:.60}, not {SCHEMA!r}", hint=_WRITES)
        sites = {int(s, 16): dict(map(_entry, rows)) for s, rows in content["sites"].items()}
        return Seen(
            str(content["release"]), str(content["build_id"]), list(map(_run, content["runs"])),
            frozenset(map(str, content["traceable"])), sites,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _wrong(path, f"does not say what was seen: {error!r}") from None


def _run(row: Mapping[str, Any]) -> Run:
    numbers = (int(row[each]) for each in ("nmis", "machine_checks", "lost"))
    return Run(str(row["model"]), list(map(str, row["options"])), float(row["seconds"]), *numbers)


def _entry(row: Mapping[str, Any]) -> tuple[Way, Entered]:
    way = Way(str(row["context"]), *(bool(row[each]) for each in ("irqs_off", "rcu_off", "idle")))
    if way.context not in CONTEXTS:
        raise ValueError(way.context)
    return way, Entered(int(row["count"]), int(row["parent"], 16))


def totals(seen: Seen) -> Counter[str]:
    """How many functions were seen in each context, with interrupts off, with RCU off, in idle."""
    found: Counter[str] = Counter()
    for ways in seen.sites.values():
        found["functions"] += 1
        found.update({way.context for way in ways})
        for word in ("irqs_off", "rcu_off", "idle"):
            found[word] += any(getattr(way, word) for way in ways)
    return found


def names_of(lines: Iterable[str]) -> frozenset[str]:
    """The names of `available_filter_functions`. Left out are those of modules (`name [module]`),
    and what that file calls the sites of weak functions that others override."""
    found = (line.strip() for line in lines if "[" not in line)
    return frozenset(each for each in found if each and not each.startswith(_OVERRIDDEN))


def _wrong(path: str, text: str, line: int = 0, hint: str = "") -> BadInput:
    return BadInput([Diagnostic("image", Span(path, line, 1 if line else 0), text, hint)])
