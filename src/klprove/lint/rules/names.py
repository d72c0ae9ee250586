# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of kernel functions that rules know; names.toml has them, each group with its source."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_GROUPS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="ascii"))


def _named(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each name of the groups of a kind, with its group."""
    return ((name, group) for group in _GROUPS[kind] for name in group["names"])


SLEEPERS = frozenset(name for name, _ in _named("sleeps"))
"""Functions in which a task may be switched out."""

SCHEDULER = frozenset(name for name, _ in _named("scheduler"))
"""Run, as a rule, with a runqueue's lock held."""

DEAD = frozenset(name for name, _ in _named("dead"))
"""Functions that do not return."""

PRINTS = frozenset(name for name, _ in _named("prints"))
"""Functions that may write to a console at once."""

SPINS = frozenset(name for name, _ in _named("spins"))
"""Functions that wait for whoever has a lock, and do not sleep."""

CONSOLE = frozenset(name for name, _ in _named("console"))
"""What printing itself runs."""

UNLINKED = frozenset(name for name, _ in _named("unlinked"))
"""What do_exit() calls once the task has left the list of tasks."""

MACHINERY: Mapping[str, str] = {name: group["reason"] for name, group in _named("machinery")}
"""What writes the redirections, and why that matters."""

WALKS = frozenset(name for name, _ in _named("walks"))
"""Functions and data of whoever runs over all tasks or symbols."""

STOPS = frozenset(name for name, _ in _named("stops"))
"""Functions that stop or interrupt all CPUs."""

RELOCKS = frozenset(name for name, _ in _named("relocks"))
"""Functions that need what the livepatch core holds around callbacks."""

SLOW: Mapping[str, str] = {name: group["reason"] for name, group in _named("slow")}
"""Functions that waiting tasks have on their stacks, and why."""

TASKS: Mapping[str, tuple[str, str]] = {
    name: (group["severity"], group["reason"]) for name, group in _named("tasks")
}
"""fork, exit and livepatching itself: severity and reason."""

_QUIET = re.compile("|".join(name for name, _ in _named("quiet")))


def quiet(name: str) -> bool:
    """The function complains or frees, no more: no task waits in it."""
    return bool(_QUIET.fullmatch(name))


def returns(name: str) -> bool:
    """A task can wait below the function of that name and come back."""
    return not quiet(name) and name not in DEAD
