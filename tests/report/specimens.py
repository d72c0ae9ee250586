"""Answers put together by hand: what the report room can be asked to show."""

from dataclasses import replace

from klprove.check import Answer, Question, Text
from klprove.source import Span
from klprove.verdict import (
    VIOLATION,
    WARNING,
    Access,
    Bounds,
    Event,
    Finding,
    Start,
    Statistics,
    Trace,
    Verdict,
)


def event(
    action: str = "step",
    cpu: int = 0,
    depth: int = 0,
    kind: str = "task",
    context: str = "idle_loop",
    calls: tuple[str, ...] = ("idle_loop",),
    accesses: tuple[Access, ...] = (),
    notes: tuple[str, ...] = (),
    file: str = "model/rcu_dynticks.c",
    line: int = 12,
) -> Event:
    """One event with unsurprising defaults."""
    return Event(action, cpu, depth, kind, context, Span(file, line, 3), calls, accesses, notes)


BEGUN = (Start(True, False),)
"""A CPU as models begin."""
NAMES = {("klp_ops.func_stack.next", 0x10008): "&klp_func"}


def short_trace(long: bool = False) -> Trace:
    """Idle entry, an NMI at its edge, and a read in the handler."""
    dynticks = "rcu_dynticks_of_a_cpu_with_a_long_name_indeed.dynticks" if long else "dynticks"
    file = "model/" + ("a_file_whose_name_is_much_too_long_for_the_edge.c" if long else "rcu.c")
    nmi = {"cpu": 0, "depth": 1, "kind": "nmi", "context": "do_nmi", "file": file}
    handler = ("do_nmi", "nmi_enter", "printk_nmi_enter", "klp_ftrace_handler")
    return Trace(
        initial=((dynticks, 1), ("preempt_count", 0)),
        events=(
            event(accesses=(Access("write", "preempt_count", 0, 1),), file=file),
            event(
                calls=("idle_loop", "rcu_eqs_enter"),
                accesses=(Access("update", dynticks, 1, 2),),
                line=40,
                file=file,
            ),
            event("enter", **nmi),
            event(
                calls=handler,
                accesses=(Access("read", "klp_ops.func_stack.next", 0x10008, 0x10008),),
                notes=("unwatched-silent",),
                line=71,
                **nmi,
            ),
        ),
        addresses=NAMES,
    )


def wide_trace(cpus: int = 2, depths: int = 3) -> Trace:
    """Something at every depth of every CPU."""
    kinds = ("task", "irq", "nmi", "exception", "exception", "exception")
    events = []
    for cpu in range(cpus):
        for depth in range(depths):
            kind = kinds[depth]
            where = {"cpu": cpu, "depth": depth, "kind": kind, "context": f"{kind}_entry_{cpu}"}
            if depth:
                events.append(event("enter", **where))
            events.append(
                event(
                    calls=(f"{kind}_entry_{cpu}", "rcu_dynticks_eqs_enter", "atomic_add_return"),
                    accesses=(
                        Access("update", "rcu_dynticks[cpu 1].dynticks.counter", 123456789, -5),
                        Access("write", "per_cpu_structure_with_long_name[cpu 0].field[12]", 0, 1),
                    ),
                    notes=("interrupts are off from here until the very end of this function",),
                    **where,
                )
            )
    return Trace((("a", 1),) * 20, tuple(events))


def finding(
    code: str = "unwatched-silent",
    site: str = "",
    trace: Trace | None = None,
    severity: str = VIOLATION,
    text: str = "",
) -> Finding:
    """A finding with a short trace; where `trace` does not say how its CPUs begin, as models do."""
    shown = trace or short_trace()
    if not shown.start:
        cpus = {0, *(each.cpu for each in shown.events)}
        shown = replace(shown, start=BEGUN * (max(cpus) + 1), iret_unmasks=False)
    return Finding(code, severity, text, Span("F.c", 31, 9), shown, site)


def verdict(
    *findings: Finding,
    complete: bool = True,
    reasons: tuple[str, ...] = (),
    unreached: tuple[str, ...] = (),
    states: int = 1234,
) -> Verdict:
    """A verdict over `findings`."""
    return Verdict(
        findings,
        complete,
        Statistics(states, 2 * states, 30, 0.25, "nested"),
        Bounds({}, {"exception": 2}),
        ("rcu_dynticks.dynticks counts modulo 2^3",),
        reasons,
        unreached,
    )


def answer(
    sites: dict[str, Verdict] | None = None,
    question: Question | None = None,
    asked: tuple[str, ...] = ("unwatched-silent", "false-alarm"),
) -> Answer:
    """An answer over `sites`; one violated verdict by default."""
    return Answer(
        question=question or Question(("handlers/2017/F.c",), "v4.12rc"),
        sites=sites if sites is not None else {"": verdict(finding())},
        files=(Text("handlers/2017/F.c", "ab" * 32),),
        model="cd" * 32,
        cpus=1,
        seconds=1.25,
        assumptions=(
            "sequentially consistent memory",
            "entry code before nmi_enter() is traceable",
        ),
        asked=asked,
    )


__all__ = [
    "VIOLATION",
    "WARNING",
    "answer",
    "event",
    "finding",
    "short_trace",
    "verdict",
    "wide_trace",
]
