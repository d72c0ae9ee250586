# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the machine in C: arrivals, returns, switches, computed addresses.

The counterpart of `engine/machine.py` and of `locate` and `free` of `engine/image.py`.
"""

from collections.abc import Iterator

from klprove.engine.image import BOUNDS, FREED, NULL, WILD
from klprove.engine.machine import Machine
from klprove.export.events import Events
from klprove.export.layout import SAVED, Layout
from klprove.export.steps import Step, Steps

_BYTE = 255
"""Arrivals and frames are counted in bytes of the image."""

TYPES = "".join(
    f"typedef {'' if sign == 'i' else 'un'}signed {name} {sign}{bits};\n"
    for bits, name in ((8, "char"), (16, "short"), (32, "int"), (64, "long long"))
    for sign in "iu"
)

MEMORY = f"""
static i64 div_i(i64 a, i64 b) {{ return b == 0 ? 0 : b == -1 ? (i64)(0 - (u64)a) : a / b; }}
static i64 rem_i(i64 a, i64 b) {{ return b == 0 || b == -1 ? 0 : a % b; }}
static u64 div_u(u64 a, u64 b) {{ return b == 0 ? 0 : a / b; }}
static u64 rem_u(u64 a, u64 b) {{ return b == 0 ? 0 : a % b; }}

static const Object *holder(u64 addr)
{{
  int low = 0, high = OBJECTS;
  while (low < high) {{
    int middle = (low + high) / 2;
    if (addr < objects[middle].start) high = middle; else low = middle + 1;
  }}
  if (low == 0 || addr - objects[low - 1].start >= objects[low - 1].size) return 0;
  return &objects[low - 1];
}}

static int freed(const u8 *m, const Object *in, u64 offset, int size)
{{
  u64 i, last = (offset + (size ? size : 1) - 1) / in->granule;
  for (i = offset / in->granule; i <= last; i++)
    if (m[in->flags + i]) return 1;
  return 0;
}}

/* Where in memory the bytes at an address are, or what is wrong with it. */
static i64 locate(const u8 *m, u64 addr, int size, int writes)
{{
  const Object *in = holder(addr);
  u64 offset;
  if (addr < 0x1000) return {NULL};
  if (!in || in->position < 0 || (writes && in->readonly)) return {WILD};
  offset = addr - in->start;
  if (offset + size > in->size) return {BOUNDS};
  if (in->granule && freed(m, in, offset, size)) return {FREED};
  return in->position + offset;
}}

/* kfree(): 0, or what is wrong with the address. */
static i64 released(u8 *m, u64 addr, int size)
{{
  const Object *in = holder(addr);
  u64 offset, i, last;
  if (addr == 0) return 0;
  if (addr < 0x1000) return {NULL};
  if (!in) return {WILD};
  offset = addr - in->start;
  if (offset + size > in->size) return {BOUNDS};
  if (in->position < 0 || !in->granule) return {WILD};
  if (freed(m, in, offset, size)) return {FREED};
  last = (offset + (size ? size : 1) - 1) / in->granule;
  for (i = offset / in->granule; i <= last; i++) m[in->flags + i] = 1;
  return 0;
}}
"""


class Rules:
    """Writes what moves the machine, but for the steps of its code."""

    def __init__(self, machine: Machine, layout: Layout, events: Events, steps: Steps) -> None:
        self._machine, self._layout, self._events = machine, layout, events
        self._steps = steps

    def objects(self) -> str:
        """The table of all objects, by address, and its type."""
        image = self._machine.image
        rows = []
        for each in sorted(image.program.objects, key=lambda each: each.addr):
            position = image.position(each.addr)
            flags = image.flags(each.addr, 1)
            fields = (
                f"{each.addr:#x}ULL",
                len(each.init),
                -1 if position is None else position,
                each.granule,
                flags.start if flags else 0,
                int(each.readonly),
            )
            rows.append(f"  {{ {', '.join(map(str, fields))} }},")
        members = "u64 start, size; int position, granule, flags, readonly;"
        head = [f"typedef struct {{ {members} }} Object;", f"enum {{ OBJECTS = {len(rows)} }};"]
        return "\n".join([*head, "static const Object objects[OBJECTS + 1] = {", *rows, "};"])

    def arrival(self, context: int, prefix: Step | None) -> Step:
        """`int eN(Klp *k, int c)`: the point at which an interrupt begins; 0 where it cannot be
        delivered."""
        machine = self._machine
        arriving = machine.program.contexts[context]
        cpu, kind = arriving.cpu, arriving.kind
        own = machine.image.machine[cpu]
        step = Step(f"e{context}", "")
        lines = [f"static int {step.name}(Klp *k, int c)", "{", "  u8 *m = k->m, *f;"]
        if kind in ("irq", "softirq"):
            lines.append(f"  if (!m[{own.irq_flag}]) return 0; /* interrupts are off */")
        elif kind == "nmi":
            lines.append(f"  if (m[{own.nmi_mask}]) return 0; /* NMIs are masked */")
        spent, nest = own.spent.get(context), own.nest.get(kind)
        if spent is not None:
            most = min(machine.limits.arrivals[kind], _BYTE)
            lines.append(f"  if (m[{spent}] >= {most}) return 0; /* it has arrived so often */")
        if nest is not None:
            refused = "return 0;"
            if self._tells(kind):
                number = self._events.denied(kind)
                step.events.add(number)
                refused = f"{{ note({number}); return 0; }}"
            most = min(machine.limits.nesting(kind), _BYTE)
            lines.append(f"  if (m[{nest}] >= {most}) {refused}")
        lines += [
            f"  if (k->depth[{cpu}] >= {self._layout.levels[cpu]}) deep();",
            f"  k->depth[{cpu}]++;",
            f"  f = {self._steps.frame(context, 'k')};",
            f"  f[0] = m[{own.irq_flag}];",
        ]
        for place, number in enumerate(self._balanced(cpu)):
            lines.append(f"  PUT(i64, f + {1 + SAVED * place}, v{number}(m, 0));")
        lines.append(f"  m[{own.irq_flag}] = 0;")
        if kind == "nmi":
            lines.append(f"  m[{own.nmi_mask}] = 1;")
        lines += [f"  m[{counter}]++;" for counter in (spent, nest) if counter is not None]
        entry = machine.points.entries[context]
        if prefix is not None:
            lines.append(f"  return {prefix.name}(k, 0);")
            step.ends = prefix.ends
            step.events |= prefix.events
        else:
            lines.append(f"  return {entry.point + 1};")
            step.ends = [entry.point + 1]
        step.text = "\n".join([*lines, "}"])
        return step

    def refuses(self, cpu: int) -> bool:
        """True where it is told that a default bound on nesting has refused an arrival."""
        limits, contexts = self._machine.limits, self._machine.program.contexts
        kinds = [contexts[each].kind for each in self._machine.interrupts[cpu]]
        return any(
            self._tells(kind)
            and (
                kind not in limits.arrivals
                or kinds.count(kind) * limits.arrivals[kind] > limits.nesting(kind)
            )
            for kind in self._machine.image.machine[cpu].nest
        )

    def _tells(self, kind: str) -> bool:
        return kind not in self._machine.limits.nest and kind != "exception"

    def end(self, context: int) -> Step:
        """`int xN(Klp *k, int c)`: a context returns. Always 1."""
        machine = self._machine
        leaving = machine.program.contexts[context]
        cpu = leaving.cpu
        own = machine.image.machine[cpu]
        step = Step(f"x{context}", "")
        lines = [f"static int {step.name}(Klp *k, int c)", "{"]
        if leaving.kind == "task":
            lines.append(f"  k->running[{cpu}] = 0;")
            if self._layout.waits(context):
                lines.append(f"  k->gone[{context}] = 1;")
            if self._layout.frame[context]:
                lines.append(f"  memset(k->f{context}, 0, {self._layout.frame[context]});")
        else:
            lines.append(f"  u8 *m = k->m, *f = {self._steps.frame(context, 'k')};")
            for place, number in enumerate(self._balanced(cpu)):
                event = self._events.number(context, ("unbalanced", number, 0))
                step.events.add(event)
                was = f"GET(i64, f + {1 + SAVED * place})"
                lines.append(f"  if ({was} != v{number}(m, 0)) note({event});")
            lines.append(f"  m[{own.irq_flag}] = f[0];")
            if leaving.kind == "nmi" or (
                leaving.kind == "exception" and machine.program.hardware_nmi
            ):
                lines.append(f"  m[{own.nmi_mask}] = 0;")
            nest = own.nest.get(leaving.kind)
            if nest is not None:
                lines.append(f"  if (m[{nest}]) m[{nest}]--;")
            lines.append(f"  memset(f, 0, {self._layout.interrupt[cpu]});")
            lines.append(f"  k->depth[{cpu}]--;")
        step.ends = [1]
        step.text = "\n".join([*lines, "  return 1;", "}"])
        return step

    def _balanced(self, cpu: int) -> Iterator[int]:
        properties = self._machine.program.properties
        for each, _ in self._machine.balanced[cpu]:
            yield properties.index(each)

    def invariants(self) -> Step:
        """`void invariants(Klp *k)`: notes those that a state breaks."""
        step = Step("invariants", "")
        lines = ["static void invariants(Klp *k)", "{"]
        properties = self._machine.program.properties
        for each, _ in self._machine.invariants:
            number = properties.index(each)
            event = self._events.invariant(number)
            step.events.add(event)
            lines.append(f"  if (v{number}(k->m, 1) == 0) note({event});")
        step.text = "\n".join([*lines, "}"])
        return step

    def preemptible(self, cpu: int) -> str:
        """A condition in C on the state `now.k`: the running task may be switched out anywhere."""
        own = self._machine.image.machine[cpu]
        count = self._machine.preempt_counts[cpu]
        cond = f"now.k.m[{own.irq_flag}]"
        return cond if count is None else f"{cond} && GET(u32, now.k.m + {count}) == 0"
