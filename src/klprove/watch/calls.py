# SPDX-License-Identifier: GPL-2.0-or-later
"""Were patched functions called: by counters that somebody else has turned on.

Nothing is turned on here. Either the function profiler (function_profile_enabled, where the kernel
has it), or a kprobe event at a function's entry (kprobe_events).
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping

from klprove.watch.numbers import whole
from klprove.watch.trees import Tree

_EVENT = re.compile(r"p\d*:(?:\w+/)?(\w+) (?:\w+:)?([^\s+]+)(?:\+0)?\s*$")
_SHOWN = 30
"""Characters of a name that the function profiler shows (function_stat_show(), v6.1)."""


def calls(tree: Tree, home: str, names: Collection[str]) -> Mapping[str, int]:
    """How often those of `names` were called that anybody counts; `home`: the folder of tracefs."""
    return {**_profiled(tree, home, names), **_probed(tree, home, names)}


def _profiled(tree: Tree, home: str, names: Collection[str]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    if _text(tree, f"{home}/function_profile_enabled").strip() != "1":
        return found
    known = {each[:_SHOWN]: each for each in names}
    found.update(dict.fromkeys(names, 0))
    for each in _names(tree, f"{home}/trace_stat"):
        if each.startswith("function"):
            for line in _text(tree, f"{home}/trace_stat/{each}").splitlines():
                name, number, *_ = (*line.split(), "", "")
                found[known.get(name, "")] += whole(number) or 0
    del found[""]
    return found


def _probed(tree: Tree, home: str, names: Collection[str]) -> Mapping[str, int]:
    events: dict[str, str] = {}
    for line in _text(tree, f"{home}/kprobe_events").splitlines():
        match = _EVENT.match(line)
        if match and match[2] in names:
            events[match[1]] = match[2]
    found: dict[str, int] = {}
    for line in _text(tree, f"{home}/kprobe_profile").splitlines() if events else ():
        event, hits, *_ = (*line.split(), "", "")
        number = whole(hits)
        if event in events and number is not None:
            found[events[event]] = max(number, found.get(events[event], 0))
    return found


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.text(path)
    except OSError:
        return ""


def _names(tree: Tree, path: str) -> list[str]:
    try:
        return tree.names(path)
    except OSError:
        return []
