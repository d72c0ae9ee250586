# SPDX-License-Identifier: GPL-2.0-or-later
"""Who else is called at a function's entry: enabled_functions, and the list of kprobes."""

import re
from collections.abc import Collection

from klprove.watch.state import Hook, Probe

_HOOK = re.compile(r"(\S+)(?: \[(\w+)\])? \((\d{1,9})\)(.*)$")
_CALLBACK = re.compile(r"\((\S+?)(?:\+0x\w+/0x\w+)?(?: \[\w+\])?\)")
_PROBE = re.compile(r"\S+\s+([kr])\s+(\S+?)\+0x([0-9a-f]{1,16})\s*(?:\[?(\w+)\]?)?(.*)$")
_MARKS = frozenset({"FTRACE", "DISABLED", "OPTIMIZED", "GONE"})


def hooks(text: str, names: Collection[str]) -> tuple[Hook, ...]:
    """The lines of enabled_functions about `names`; the file may list every function there is.

    Written by t_show() of kernel/trace/ftrace.c (v6.1, v6.12).
    """
    found: list[Hook] = []
    last = None
    for line in text.splitlines():
        if line[:1].isspace():
            _, arrow, target = line.partition("direct-->")
            if arrow and last is not None:
                found[-1] = found[-1]._replace(direct=target.partition("+")[0])
            continue
        last = _hook(line) if line.partition(" ")[0] in names else None
        if last is not None:
            found.append(last)
    return tuple(found)


def _hook(line: str) -> Hook | None:
    match = _HOOK.match(line)
    if not match:
        return None
    name, module, count, rest = match.groups()
    flags, *called = re.split(r"\t|->", rest, maxsplit=1)
    callbacks = tuple(dict.fromkeys(_CALLBACK.findall("".join(called))))
    return Hook(name, module or "", int(count), frozenset(flags.split()), callbacks, "")


def probes(text: str, names: Collection[str]) -> tuple[Probe, ...]:
    """The kprobes in `names`; written by report_probe() of kernel/kprobes.c."""
    found = []
    for line in text.splitlines():
        match = _PROBE.match(line)
        if not match or match[2] not in names:
            continue
        kind, symbol, offset, word, rest = match.groups()
        words = set(re.findall(r"\w+", rest))
        if word:
            words.add(word)
        module = next((each for each in words if each not in _MARKS), "")
        marks = frozenset(words & _MARKS)
        found.append(Probe(symbol, int(offset, 16), module, kind == "r", marks))
    return tuple(found)
