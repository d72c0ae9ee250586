# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers of an image that say how common each trap is: `scan --numbers`, docs/scan.md."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from klprove.scan.answers import FRAGMENT, NEVER_ENDS, SITE, STUB, Map
from klprove.scan.graph import CALL, TAKEN, Graph, graph, taken_in_data
from klprove.scan.knowledge import knowledge, matching
from klprove.scan.subject import Subject

_SHORT = 32
"""Bytes of a function that is called short."""
_SPECIAL = frozenset({"noinstr", "cpuidle", "entry", "irqentry"})
_SCHEDULES = (
    "schedule", "schedule_timeout", "schedule_timeout_interruptible", "schedule_timeout_killable",
    "schedule_timeout_uninterruptible", "schedule_preempt_disabled", "schedule_hrtimeout",
    "schedule_hrtimeout_range", "io_schedule", "io_schedule_timeout",
)  # fmt: skip
_WAITS = (*_SCHEDULES, "msleep", "msleep_interruptible", "wait_for_completion*")
_BLOCKS = (
    *_WAITS, "mutex_lock*", "down_read*", "down_write*", "kthread_stop", "cancel_work_sync",
    "cancel_delayed_work_sync", "flush_work", "synchronize_rcu", "synchronize_srcu",
)  # fmt: skip
"""Functions that sleep: kernel/{sched,time,locking,rcu}, kernel/workqueue.c."""
_NMI = ("exc_nmi", "exc_debug", "exc_int3", "exc_double_fault")


@dataclass(frozen=True, slots=True)
class Number:
    """One line: what was counted, how many, and of those the patchable ones; -1 for not asked."""

    text: str
    every: int
    patchable: int = -1


def numbers(it: Subject, found: Map) -> list[Number]:
    """What `found`, the map of `it`, and the call graph of the image amount to. Functions are those
    of .text that have a type; edges are those of the code as linked, x86-64 only."""
    counted = _Counted(it, found)
    calls = counted.calls() if it.image.machine == "x86_64" else ()
    return [*counted.functions(), *counted.names(), *counted.tables(), *calls]


class _Counted:
    def __init__(self, it: Subject, found: Map) -> None:
        self._it, self._found = it, found
        homes = it.functions.sections
        self._text = {i for i, each in enumerate(homes) if each.startswith(".text")}
        self._text &= set(np.flatnonzero(it.functions.typed).tolist())
        self._able = {index for index, word in enumerate(found.patch) if word == SITE}

    def functions(self) -> Iterator[Number]:
        patch, sizes = self._found.patch, self._found.sizes
        yield self._count("functions in .text", self._text)
        bare = self._text - self._able
        yield self._count("not patchable", bare)
        rest = [i for i in bare if patch[i] not in (STUB, FRAGMENT)]
        yield self._count("  static-call stubs", [i for i in bare if patch[i] == STUB])
        yield self._count("  moved away (.cold)", [i for i in bare if patch[i] == FRAGMENT])
        yield self._count(f"  others under {_SHORT} bytes", [i for i in rest if sizes[i] < _SHORT])
        yield self._count("  the rest", [i for i in rest if sizes[i] >= _SHORT])
        for region in ("noinstr", "cpuidle", "sched", "lock"):
            inside = [i for i, each in enumerate(self._found.regions) if each == region]
            yield self._count(f"section {region}", inside, whole=True)

    def names(self) -> Iterator[Number]:
        names, others = self._found.names, self._found.aliases
        for suffix in (".cold", ".constprop", ".isra", ".part"):
            named = [i for i in self._text if suffix in names[i]]
            yield self._count(f"names with {suffix}", named)
        times = Counter(names[i] for i in self._text)
        shared = [i for i in self._text if times[names[i]] > 1]
        yield Number("names that several functions have", len({names[i] for i in shared}))
        yield self._count("functions whose name is not their own", shared)
        yield self._count("functions with several names", others)

    def tables(self) -> Iterator[Number]:
        for name, number in self._found.counts.items():
            if name != "functions":
                yield Number(name, number)
        sections = {each.name for each in self._it.image.sections}
        yield Number("relocations kept (1: yes)", int(".rela.text" in sections))
        yield Number(".parainstructions (1: there)", int(".parainstructions" in sections))

    def calls(self) -> Iterator[Number]:
        it, none = self._it, self._it.tables.alternatives.only([])
        edges = graph(it.image, it.functions, none)
        for names, text in ((_SCHEDULES, "schedule()"), (_WAITS, "that, msleep(), a completion")):
            callers = _callers(edges, matching(it.functions, names))
            yield self._count(f"call {text}", callers)
        blocks = matching(it.functions, _BLOCKS)
        by_call, by_jump = (_reaching(edges, blocks, each) for each in (True, False))
        yield self._count("lead to a function that sleeps by calls", by_call)
        yield self._count("... by calls and jumps", by_jump)
        cold = {i for i in self._text if it.functions.fragment(i)}
        parents = [i for i in cold if self._parent(i) in self._able]
        yield Number(".cold code; of what is patchable", len(cold), len(parents))
        yield self._count("... that calls what sleeps", cold & _callers(edges, blocks))
        yield self._count("... that leads to it", cold & by_jump)
        in_data, _ = taken_in_data(it.image, it.functions, it.tables)
        taken = set(np.unique(edges.targets[edges.kinds == TAKEN]).tolist())
        yield self._count("address taken", taken | set(in_data.tolist()))
        stays = self._found.reached.get(NEVER_ENDS, {}).items()
        mains = [i for i, step in stays if step.how.startswith("main function")]
        yield self._count("main functions of threads", mains)
        yield self._count("noinstr, idle, entry: call what is patchable", self._leading(edges))
        yield self._count("by calls from NMI, #DB, #BP, #DF", self._nmi(edges))

    def _count(self, text: str, indices: Iterable[int], whole: bool = False) -> Number:
        every = set(indices) if whole else set(indices) & self._text
        return Number(text, len(every), len(every & self._able))

    def _leading(self, edges: Graph) -> Iterator[int]:
        """Functions of special sections with a call to what can be patched."""
        for index, region in enumerate(self._found.regions):
            if region in _SPECIAL and any(
                kind != TAKEN and target in self._able for target, kind, _ in edges.edges(index)
            ):
                yield index

    def _nmi(self, edges: Graph) -> set[int]:
        """What calls lead to, but for what reports an error and what was moved away."""
        functions = self._it.functions
        stop = matching(functions, knowledge().reports)
        found: set[int] = set()
        queue = list(matching(functions, _NMI))
        while queue:
            function = queue.pop()
            if function not in found and function not in stop and not functions.fragment(function):
                found.add(function)
                queue += [target for target, kind, _ in edges.edges(function) if kind == CALL]
        return found

    def _parent(self, fragment: int) -> int:
        """The function of a fragment by its name; -1 where there is not one."""
        name = self._it.functions.names[fragment].rpartition(".cold")[0]
        return self._it.functions.number.get(name, -1)


def _callers(edges: Graph, targets: frozenset[int]) -> set[int]:
    wanted = np.isin(edges.targets, list(targets)) & (edges.kinds != TAKEN)
    return set(np.unique(edges.sources[wanted]).tolist())


def _reaching(edges: Graph, targets: frozenset[int], calls: bool) -> set[int]:
    """`targets`, and functions from which calls lead to one; jumps, too, without `calls`."""
    direct = edges.kinds == CALL if calls else edges.kinds != TAKEN
    sources, reached = edges.sources[direct], edges.targets[direct]
    found = np.zeros(len(edges.first) - 1, np.bool_)
    new = np.array(sorted(targets), np.int64)
    while len(new):
        found[new] = True
        callers = np.unique(sources[np.isin(reached, new)])
        new = callers[~found[callers]]
    return set(np.flatnonzero(found).tolist())
