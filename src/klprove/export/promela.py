# SPDX-License-Identifier: GPL-2.0-or-later
"""A program as Promela with embedded C, for SPIN 6.5 as it is.

A task is a process, and so is each level of the stack of interrupts of a CPU. A process may move
while its CPU runs it and nothing is stacked on it; where it stands is a label, a point of the
program. A step is one `d_step`: the function in C works on a copy of the state, and where it ends
at the point that the option names, the copy becomes the state.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from klprove.engine.limits import Limits
from klprove.engine.machine import Machine
from klprove.engine.points import Point
from klprove.export.events import Event, Events
from klprove.export.layout import Layout
from klprove.export.rules import MEMORY, TYPES, Rules
from klprove.export.steps import Step, Steps, comment
from klprove.ir import render_instr
from klprove.ir.instructions import End, Halt, Yield
from klprove.ir.program import Program
from klprove.source import NOWHERE, BadInput, Diagnostic, Span, plain

_HEADER = 40
"""Bytes that SPIN's own part of a state may take, and 8 a process."""
_VECTOR = 1024
"""Bytes of a state that SPIN takes unless it is told otherwise."""
_LONGEST = 64_000
"""Characters of a block of C; SPIN 6.5 has room for 65,536."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Model:
    """The text of a model. `events`: what it may notice; the first is event 1. `flags`: for gcc,
    where the state is larger than SPIN expects."""

    text: str
    events: tuple[Event, ...]
    flags: tuple[str, ...]


def promela(program: Program, limits: Limits, title: str = "") -> Model:
    """`program` within the bounds of `limits` (arrivals, nest) as a model for SPIN."""
    for each in program.properties:
        if each.kind == "eventually":
            text = f"eventually({each.name}) asks what can follow each state: SPIN cannot"
            raise BadInput([Diagnostic("unsupported", each.at.span, text, "export without it")])
    writer = _Writer(Machine(program, limits))
    return writer.model(title)


class _Writer:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._layout = Layout(machine)
        self._events = Events(machine.program)
        self._steps = Steps(machine, self._layout, self._events)
        self._rules = Rules(machine, self._layout, self._events, self._steps)
        self._functions: list[str] = []

    def model(self, title: str) -> Model:
        """All of it."""
        program = self._machine.program
        for number in range(len(program.properties)):
            self._functions.append(self._steps.value(number).text)
        watch = self._rules.invariants()
        self._functions.append(watch.text)
        processes = [text for cpu in range(program.cpus) for text in self._cpu(cpu)]
        booted: list[tuple[int, tuple[str, int, int]]] = []
        self._machine.initial(booted)
        at_boot = {
            self._events.number(context, noted) for context, noted in booted if self._tells(noted)
        }
        size = sum(bytes_ for _, bytes_, _ in self._layout.members())
        cpus = range(program.cpus)
        count = sum(map(len, self._layout.tasks)) + sum(map(self._processes, cpus))
        need = size + _HEADER + 8 * count
        flags = (f"-DVECTORSZ={-(-need // 1024) * 1024}",) if need > _VECTOR else ()
        parts = [
            self._head(title, flags),
            self._declarations(),
            *self._code(sorted(at_boot)),
            self._macros(),
            *processes,
            *self._watched(watch),
        ]
        return Model("\n".join(parts), tuple(self._events), flags)

    def _tells(self, noted: tuple[str, int, int]) -> bool:
        return noted[0] != "blocked"

    # -- head, and C ------------------------------------------------------------------------

    def _head(self, title: str, flags: tuple[str, ...]) -> str:
        build = " ".join(("gcc -O2 -DSAFETY", *flags, "-o pan pan.c"))
        lines = [
            "/*",
            f" * {comment(title)}" if title else " * A model written by klprove.",
            " *",
            " *     spin -a MODEL.pml",
            f" *     {build}",
            " *     ./pan -E -n -m1000000",
            " *",
            " * At the end pan lists what was noticed, all of it: findings, witnesses, and bounds",
            " * that make an answer incomplete. A violation ends its own path only. spin -a",
            " * -DFIND=N makes an assertion of event N: pan stops at it, and ./pan -r prints the",
            " * steps that lead there, by the lines of this file.",
            " *",
            " * Memory (object, bytes):",
            *self._objects(),
            " */",
        ]
        return "\n".join(lines)

    def _objects(self) -> Iterator[str]:
        image = self._machine.image
        for each in image.dynamic:
            at = image.position(each.addr)
            assert at is not None
            name = each.name + (f"[cpu {each.cpu}]" if each.cpu is not None else "")
            yield f" *   m[{at}..{at + len(each.init) - 1}]  {comment(name)} at {each.addr:#x}"
        for cpu, own in enumerate(image.machine):
            yield (
                f" *   m[{own.irq_flag}], m[{own.nmi_mask}]  "
                f"interrupt flag and NMI mask of CPU {cpu}"
            )
            for kind, at in own.nest.items():
                yield f" *   m[{at}]  frames of kind {kind} on CPU {cpu}"
            for context, at in own.spent.items():
                name = self._machine.program.contexts[context].name
                yield f" *   m[{at}]  arrivals of {comment(name)} on CPU {cpu}"

    def _declarations(self) -> str:
        members = [
            f"  u8 {name}[{size}]; /* {comment(meaning)} */"
            for name, size, meaning in self._layout.members()
        ]
        initial = self._layout.initial()
        lines = [
            "c_decl {",
            TYPES.rstrip(),
            "typedef struct Klp {",
            *members,
            "} Klp;",
            "static const u8 booted[sizeof(Klp)] = {",
            *_rows([str(byte) for byte in initial]),
            "};",
            "}",
            'c_state "Klp k" "Global" "*(const Klp *)booted"',
        ]
        return "\n".join(lines)

    def _code(self, at_boot: list[int]) -> Iterator[str]:
        count = 1 + len(self._events)
        yield "\n".join(
            [
                "c_code {",
                # may_alias: a store and a load are of two types, which -O2 takes for two objects.
                "\\#define AT(T) struct { T v; } __attribute__((packed, may_alias)) *",
                "\\#define GET(T, p) (((const AT(T))(p))->v)",
                "\\#define PUT(T, p, x) (((AT(T))(p))->v = (x))",
                "static Klp to;",
                "static Klp *copied(const Klp *now) { to = *now; return &to; }",
                f"static u8 noted[{count}];",
                "static void note(int n) { noted[n] = 1; }",
                "static int found(int n, int (*step)(Klp *, int), Klp *k, int c)",
                "{ noted[n] = 0; step(k, c); return noted[n]; }",
                "static void deep(void)",
                '{ fprintf(stderr, "klprove: no room for a frame\\n"); abort(); }',
                "}",
            ]
        )
        yield _block(self._rules.objects() + MEMORY)
        yield from map(_block, self._functions)
        texts = [f'  "{_string(str(each))}",' for each in self._events]
        begin = "".join(f" note({n});" for n in at_boot)
        lines = [
            f"static const char *const texts[{count}] = {{",
            '  "",',
            *texts,
            "};",
            "static void told(void)",
            "{",
            "  int n;",
            f"  for (n = 1; n < {count}; n++)",
            '    if (noted[n]) printf("klprove: event %d: %s\\n", n, texts[n]);',
            "}",
            "__attribute__((constructor)) static void begin(void)",
            "{",
            f"  to = *(const Klp *)booted;{begin}",
            "  invariants(&to);",
            "  atexit(told);",
            "}",
        ]
        yield _block("\n".join(lines))

    def _macros(self) -> str:
        lines = [
            "#ifndef FIND",
            "#define FIND 0",
            "#endif",
            "/* The process may move: nothing is stacked on its task, its level is the top one. */",
            "#define RUNS(cpu, task) (now.k.running[cpu] == task && now.k.depth[cpu] == 0)",
            "/* A step of a context, on a copy of the state: the point at which it ends, or 0. */",
            "#define STEP(step, choice) step(copied(&now.k), choice)",
            "#define TAKE now.k = to; invariants(&now.k);",
            "#define FINDS(event, step, choice) found(event, step, copied(&now.k), choice)",
        ]
        return "\n".join(lines)

    # -- processes --------------------------------------------------------------------------

    def _cpu(self, cpu: int) -> Iterator[str]:
        """The processes of a CPU: its tasks, then the levels of its interrupts."""
        for task in self._layout.tasks[cpu]:
            yield self._task(cpu, task)
        if self._processes(cpu):
            yield self._levels(cpu)

    def _points(self, context: int) -> Iterator[tuple[int, Point]]:
        for number, each in enumerate(self._machine.points.table):
            if each.context == context:
                yield number, each

    def _task(self, cpu: int, task: int) -> str:
        """The process of a task."""
        context = self._machine.program.contexts[task]
        top = f"RUNS({cpu}, {1 + task})"
        lines = [
            "",
            f"/* {comment(context.name)}: a task of CPU {cpu}, {_place(context.at.span)} */",
            f"active proctype task{task}()",
            "{",
        ]
        blocks: list[str] = []
        first = self._first(cpu, task)
        for number, point in self._points(task):
            options = list(self._options(number, point, top, "over"))
            options += self._switches(cpu, task, number, point)
            block = self._block(number, point, options)
            blocks.insert(0, block) if number == first else blocks.append(block)
        over = ["over:", "\tc_expr { 0 } /* it has ended */"]
        if first is None:
            lines += [*over, ";"]
        return "\n".join([*lines, *blocks, *(over if first is not None else ["\tskip"]), "}"])

    def _first(self, cpu: int, task: int) -> int | None:
        """Where a task stands at boot; None: its beginning has ended its path."""
        frames, parked = self._machine.initial([])[1][cpu]
        stands = (frame[0] for frame in (*frames, *parked))
        return next((n for n in stands if self._machine.points.table[n].context == task), None)

    def _levels(self, cpu: int) -> str:
        """The processes of the levels of a CPU's interrupts, one proctype."""
        name = f"interrupt{cpu}"
        base = self._base(cpu)
        level = f"P{name}->_pid - {base}" if base else f"P{name}->_pid"
        lines = [
            "",
            f"/* The interrupts of CPU {cpu}: a process for each level of their stack. The process",
            " * of a level takes one while as many are stacked as there are levels below it. */",
            f"#define NEXT{cpu} (now.k.depth[{cpu}] == {level})",
            f"#define TOP{cpu} (now.k.depth[{cpu}] == {level} + 1)",
            f"active [{self._processes(cpu)}] proctype {name}()",
            "{",
            "idle:",
            "\tif",
        ]
        for context in self._machine.interrupts[cpu]:
            prefix = None
            if self._machine.points.entries[context].prefix is not None:
                prefix = self._steps.prefix(context)
                self._functions.append(prefix.text)
            step = self._rules.arrival(context, prefix)
            self._functions.append(step.text)
            each = self._machine.program.contexts[context]
            lines.append(f"\t/* <{each.kind}> {comment(each.name)} arrives */")
            lines += self._taken(step, f"NEXT{cpu}", [0])
        lines.append("\tfi;")
        for context in self._machine.interrupts[cpu]:
            each = self._machine.program.contexts[context]
            lines.append(f"/* {each.kind} {comment(each.name)}, {_place(each.at.span)} */")
            for number, point in self._points(context):
                options = list(self._options(number, point, f"TOP{cpu}", "idle"))
                lines.append(self._block(number, point, options))
        return "\n".join([*lines, "\tskip", "}"])

    def _base(self, cpu: int) -> int:
        """The number of the process of the first level of a CPU."""
        before = sum(len(self._layout.tasks[n]) + self._processes(n) for n in range(cpu))
        return before + len(self._layout.tasks[cpu])

    def _processes(self, cpu: int) -> int:
        """How many levels of interrupts have a process. Above the top one there is another where
        somebody has to tell that an arrival was refused there; it never takes one."""
        levels = self._layout.levels[cpu]
        return levels + 1 if levels and self._rules.refuses(cpu) else levels

    def _block(self, number: int, point: Point, options: list[str]) -> str:
        """What a process may do at a point."""
        code = self._machine.program.contexts[point.context].code
        at = point.instr.at
        calls = ">".join(at.calls)
        where = f"{_place(at.span)} {comment(calls)}: {comment(render_instr(point.instr, code))}"
        return "\n".join([f"P{number + 1}:\t/* {where} */", "\tif", *options, "\tfi;"])

    def _options(self, number: int, point: Point, top: str, over: str) -> Iterator[str]:
        """The step of a point, once for each point at which it may end."""
        if isinstance(point.instr, Halt):
            yield "\t:: c_expr { 0 } -> skip /* for ever */"
            return
        if isinstance(point.instr, End):
            step = self._rules.end(point.context)
            if step.text not in self._functions:
                self._functions.append(step.text)
            yield from self._taken(step, top, [0], over)
            return
        step = self._steps.step(number)
        self._functions.append(step.text)
        yield from self._taken(step, top, range(point.choices))

    def _taken(
        self, step: Step, top: str, choices: "range | list[int]", over: str = ""
    ) -> Iterator[str]:
        for choice in choices:
            for end in step.ends or [-1]:
                cond = f"c_expr {{ {top} && STEP({step.name}, {choice}) == {end} }}"
                to = over or f"P{end}"
                if not step.ends:  # it always ends its path
                    yield f"\t:: {cond} -> skip"
                    continue
                yield f"\t:: d_step {{ {cond}; c_code {{ TAKE }} }} -> goto {to}"
            for event in sorted(step.events):
                text = comment(str(self._events[event]))
                yield f"#if FIND == {event}"
                cond = f"c_expr {{ {top} && FINDS({event}, {step.name}, {choice}) }}"
                yield f"\t:: {cond} -> assert(false) /* {text} */"
                yield "#endif"

    def _switches(self, cpu: int, task: int, number: int, point: Point) -> Iterator[str]:
        """Another task of the CPU goes on instead of this one, or this one on an empty CPU."""
        if not self._layout.waits(task):
            return
        free = f"RUNS({cpu}, 0) && !now.k.gone[{task}]"
        take = f"c_code {{ now.k.running[{cpu}] = {1 + task}; }}"
        yield f"\t:: d_step {{ c_expr {{ {free} }}; {take} }} -> goto P{number + 1}"
        cond = f"RUNS({cpu}, {1 + task})"
        if not isinstance(point.instr, Yield):
            if not self._machine.program.preempt:
                return
            cond += f" && {self._rules.preemptible(cpu)}"
        for other in self._layout.tasks[cpu]:
            if other == task:
                continue
            name = comment(self._machine.program.contexts[other].name)
            guard = f"c_expr {{ {cond} && !now.k.gone[{other}] }}"
            take = f"c_code {{ now.k.running[{cpu}] = {1 + other}; }}"
            yield f"\t:: d_step {{ {guard}; {take} }} -> goto P{number + 1} /* to {name} */"

    def _watched(self, watch: Step) -> Iterator[str]:
        """Assertions of the invariants, where one of them is to be found."""
        for each, _ in self._machine.invariants:
            number = self._machine.program.properties.index(each)
            event = self._events.invariant(number)
            yield f"#if FIND == {event}"
            yield f"/* {comment(str(self._events[event]))} */"
            yield "active proctype invariant()"
            # SPIN takes a call for a side effect where no parenthesis stands in front of it.
            yield f"{{ c_expr {{ (v{number}(now.k.m, 1) == 0) }}; assert(false) }}"
            yield "#endif"


def _place(span: Span) -> str:
    return comment(str(span))


def _block(text: str) -> str:
    """A block of C. Raises BadInput where it is longer than SPIN takes one."""
    if len(_COMMENT.sub("", text)) > _LONGEST:
        why = f"a step is too long for SPIN, which takes {_LONGEST} characters of C"
        raise BadInput([Diagnostic("large", NOWHERE, why)])
    return f"c_code {{\n{text}\n}}"


def _rows(words: list[str]) -> Iterator[str]:
    """Words of an initialiser, a few on a line."""
    for start in range(0, len(words), 24):
        yield "  " + ", ".join(words[start : start + 24]) + ","


def _string(text: str) -> str:
    """`text` inside a C string: SPIN counts braces even there."""
    shown = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return shown.replace("{", "\\173").replace("}", "\\175")
