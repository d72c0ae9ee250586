"""Random programs in C for `klprove export --litmus`; the seed decides everything."""

import re
from collections.abc import Sequence
from random import Random

from tests.litmus.models import OTHER

_PLACES = ("x", "y")
_BARRIERS = ("smp_mb", "smp_rmb", "smp_wmb", "barrier", "smp_mb__before_atomic")
_READS = (
    *["READ_ONCE({p})"] * 4,
    *["smp_load_acquire(&{p})"] * 2,
    *["xchg(&{p}, {new})"] * 2,
    *["cmpxchg(&{p}, {old}, {new})"] * 2,
    "{p}",
    "atomic_read(&{p})",
    "get(&{p})",
    "atomic_fetch_add(1, &{p})",
    "atomic_inc_return(&{p}) - 1",
    "atomic_cmpxchg(&{p}, {old}, {new})",
    "atomic_xchg(&{p}, {new})",
)
_WRITES = (
    *["WRITE_ONCE({p}, {new});"] * 4,
    *["smp_store_release(&{p}, {new});"] * 2,
    "{p} = {new};",
    "put(&{p}, {new});",
    "atomic_set(&{p}, {new});",
    "atomic_inc(&{p});",
    "atomic_dec(&{p});",
)
_HEAD = """#include <klprove.h>
static int x = {start}, y;
static int get(int *p) {{ int v = READ_ONCE(*p); return v; }}
static void put(int *p, int v) {{ WRITE_ONCE(*p, v); }}
"""


class Made:
    """A program. A comment stands where `reporting` keeps what was read."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        count = self._random.choice((2, 2, 2, 3))
        self.reads = [0] * count
        """How many locals each task fills by reading."""
        self._most = 3 if count == 2 else 2
        self._start = self._random.choice((0, 0, 0, 1))
        self._bodies = [self._task(task) for task in range(count)]
        self._asked = self._random.choice((" && ", " || ")), self._random.choices(range(3), k=9)

    def text(self) -> str:
        """The model as it is exported."""
        return self._whole("", ["/*end*/"] * len(self.reads))

    def asking(self) -> str:
        """The same with an assert at the end of each task that reads something."""
        ends = [""] * len(self.reads)
        joined, values = self._asked
        for task, reads in enumerate(self.reads):
            if reads:
                terms = [f"r{k} == {values[k]}" for k in range(reads)][-2:]
                ends[task] = f"BUG_ON({joined.join(terms)});"
        return self._whole("", ends)

    def reporting(self, locations: Sequence[str], expected: Sequence[tuple[int, ...]]) -> str:
        """The same for the engine: it says which of `expected`, values of `locations`, it has come
        to when all tasks have ended. The locals of a task stand there in the order of its text."""
        lines = []
        for task, count in enumerate(self.reads):
            lines.append(f"static int kept_{task}[{count + 1}];")
            head = f"__ghost static void keep_{task}(int k, int v)"
            lines.append(f"{head} {{ kept_{task}[k] = v; }}")
        lines.append("static int ended;\n__ghost static void end(void)\n{")
        lines.append(f"\tif (++ended != {len(self.reads)})\n\t\treturn;")
        names, filled = [], [0] * len(self.reads)
        for each in locations:
            task, _, local = each.rpartition(":")
            names.append(f"kept_{task}[{filled[int(task)]}]" if task else local)
            if task:
                filled[int(task)] += 1
        assert filled == self.reads, (filled, self.reads)
        for number, outcome in enumerate(expected):
            terms = zip(names, outcome, strict=True)
            cond = " && ".join(f"{name} == {value}" for name, value in terms) or "1"
            lines.append(f'\tif ({cond}) {{ finding("o{number}"); return; }}')
        lines += [f'\tfinding("{OTHER}");', "}\n"]
        text = self._whole("\n".join(lines), ["end();"] * len(self.reads))
        return re.sub(r"/\*keep (\d) (\d)\*/", r"keep_\1(\2, r\2);", text)

    def _whole(self, more: str, ends: Sequence[str]) -> str:
        parts = [_HEAD.format(start=self._start), more]
        for task, body in enumerate(self._bodies):
            locals_ = "".join(f"\tint r{k} = 0;\n" for k in range(self.reads[task]))
            parts.append(f"__task({task}) void task_{task}(void)\n{{\n\tint i;\n{locals_}{body}")
            parts.append(f"\t{ends[task]}\n}}\n")
        return "".join(parts)

    def _task(self, task: int) -> str:
        random, lines = self._random, []
        for _ in range(random.randint(1, self._most)):
            if random.random() < 0.3:
                lines.append(f"{random.choice(_BARRIERS)}();")
            lines.append(self._part(task))
        return "".join(f"\t{line}\n" for line in lines)

    def _part(self, task: int) -> str:
        random = self._random
        kind = random.random()
        if kind < 0.12 and self.reads[task]:
            local = random.randrange(self.reads[task])
            then, other = self._access(task), self._access(task)
            end = f"else {{ {other} }}" if random.random() < 0.6 else ""
            if not end and "/*keep" in other:
                self.reads[task] -= 1
            return f"if (r{local} {random.choice(('==', '!=', '>'))} 1) {{ {then} }} {end}"
        if kind < 0.17:
            return f"for (i = 0; i < 2; i++) {{ {self._access(task)} }}"
        if kind < 0.24:
            k = self._local(task)
            p, new = random.choice(_PLACES), random.randrange(2)
            op = random.choice((f"READ_ONCE({p})", f"cmpxchg(&{p}, {new}, 2)"))
            return f"await((r{k} = {op}) == {new}); /*keep {task} {k}*/"
        return self._access(task)

    def _access(self, task: int) -> str:
        random = self._random
        words = {"p": random.choice(_PLACES), "old": random.randrange(2)}
        words["new"] = random.randrange(1, 3)
        if random.random() < 0.5:
            write = random.choice(_WRITES)
            if self.reads[task] and "{new}" in write and random.random() < 0.25:
                words["new"] = f"r{random.randrange(self.reads[task])}"
            return write.format(**words)
        k = self._local(task)
        return f"r{k} = {random.choice(_READS).format(**words)}; /*keep {task} {k}*/"

    def _local(self, task: int) -> int:
        self.reads[task] += 1
        return self.reads[task] - 1
