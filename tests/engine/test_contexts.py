"""The rules of docs/language.md for contexts, each with a model that tells it from its neighbour.

Every model is searched by the reference engine and, on one CPU, by the nested one; `codes` is
what must be found, nothing more.
"""

from pathlib import Path

import pytest

from klprove.c import parse
from klprove.engine import Limits, explore
from klprove.engine.nested import applicable
from klprove.lower import Options, lower
from klprove.verdict import Verdict


def codes(tmp_path: Path, text: str, **limits: object) -> set[str]:
    """Codes of the findings in `text`, agreed upon by every engine that can take it."""
    file = tmp_path / "model.c"
    file.write_text("#include <klprove.h>\n" + text)
    program = lower(parse([], user=file), Options())
    verdicts: list[Verdict] = []
    for engine in ("reference", "nested") if applicable(program) else ("reference",):
        # The limit is for rules that are broken: without their masks these models do not end.
        bounds = Limits(engine=engine, seconds=60, **limits)  # type: ignore[arg-type]
        verdict = explore(program, bounds)
        assert verdict.complete, verdict.reasons
        assert not verdict.unreached
        verdicts.append(verdict)
    found = [{each.code for each in verdict.findings} for verdict in verdicts]
    assert all(each == found[0] for each in found)
    return found[0]


RULES = {
    "an irq arrives between the two halves of x++": (
        "int x; __task(0) void t(void) { x++; assert(x == 1); } __irq(0) void i(void) { x = 5; }",
        {"assert"},
    ),
    "no irq while the flag is clear": (
        "int x; __task(0) void t(void) { local_irq_disable(); x++; assert(x == 1); }"
        "__irq(0) void i(void) { x = 0; }",
        set(),
    ),
    "an NMI comes all the same": (
        "int x; __task(0) void t(void) { local_irq_disable(); x++; assert(x == 1); }"
        "__nmi(0) void n(void) { x = 5; }",
        {"assert"},
    ),
    "an irq runs with interrupts off": (
        "int in; __task(0) void t(void) { } __irq(0) void i(void) { assert(!in); in = 1; in = 0; }",
        set(),
    ),
    "an irq that enables interrupts can be nested": (
        "int in; __task(0) void t(void) { }"
        "__irq(0) void i(void) { assert(!in); if (in) return; in = 1; local_irq_enable();"
        " in = in; local_irq_disable(); in = 0; }",
        {"assert"},
    ),
    "iret gives the flag back": (
        "__task(0) void t(void) { assert(!irqs_disabled()); await(0); }"
        "__irq(0) void i(void) { local_irq_disable(); } __nmi(0) void n(void) { }",
        set(),
    ),
    "an NMI does not nest in itself": (
        "int in; __task(0) void t(void) { } __nmi(0) void n(void) { assert(!in); in = 1; in = 0; }",
        set(),
    ),
    "an NMI comes again when the first has returned": (
        "int n; __task(0) void t(void) { } __nmi(0) void n1(void) { assert(n < 1); n = 1; }",
        {"assert"},
    ),
    "an exception's iret unmasks nothing": (
        "int in; __task(0) void t(void) { }"
        "__nmi(0) void n(void) { assert(!in); in = 1; in = 0; } __exception(0) void e(void) { }",
        set(),
    ),
    "an exception nests in an exception, twice and no more": (
        "int depth; __task(0) void t(void) { }"
        "__exception(0) void e(void) { int d = depth; depth = d + 1; assert(d < 2); depth = d; }",
        set(),
    ),
    "and really twice": (
        "int depth; __task(0) void t(void) { }"
        "__exception(0) void e(void) { int d = depth; depth = d + 1; assert(d < 1); depth = d; }",
        {"assert"},
    ),
    "twice also when one has come and gone before": (
        "int depth, came, armed; __task(0) void t(void) { await(came); armed = 1; }"
        "__exception(0) void e(void) { int d = atomic_inc_return(&depth); came = 1;"
        " assert(!(d == 2 && armed)); atomic_dec(&depth); }",
        {"assert"},
    ),
    "contexts stand in any order": (
        "int x; __irq(0) void i(void) { x = 1; } __task(0) void t(void) { assert(!x); }",
        {"assert"},
    ),
    "what comes before a task's first step is noticed": (
        'int x; __task(0) void t(void) { finding("a"); x = 1; }'
        '__task(1) void u(void) { finding("b"); x = 2; }',
        {"a", "b"},
    ),
    "what comes before an interrupt's first step is noticed": (
        'int x; __task(0) void t(void) { } __irq(0) void i(void) { finding("a"); x = 1; }',
        {"a"},
    ),
    "NMIs arrive after the task has ended": (
        "int done; __task(0) void t(void) { done = 1; } __nmi(0) void n(void) { assert(!done); }",
        {"assert"},
    ),
    "a softirq waits for interrupts like an irq": (
        "int x; __task(0) void t(void) { local_irq_disable(); x = 1; assert(x == 1); }"
        "__softirq(0) void s(void) { x = 0; }",
        set(),
    ),
    "the least number by -1 is a divide error": (
        "int x = -1, y; long z = -1, w; __task(0) void t(void) { y = (-2147483647 - 1) / x; }"
        "__task(1) void u(void) { w = (-9223372036854775807L - 1) % z; }",
        {"division-overflow"},
    ),
    "other quotients are none": (
        "int x = -1, y = 7; unsigned v = 1u << 31; __task(0) void t(void)"
        "{ y = y / x; y = (-2147483647 - 1) / 2; y = v / (unsigned)x; y = y % -1; }",
        set(),
    ),
    "an interrupt must not call schedule()": (
        "int x; __task(0) void t(void) { schedule(); } __irq(0) void i(void) { if (x) schedule(); }"
        "__nmi(0) void n(void) { x = 1; }",
        {"assert"},
    ),
    "tasks of one CPU are switched at schedule() only": (
        "int x; __task(0) void a(void) { x++; x++; } __task(0) void b(void) { assert(x != 1); }",
        set(),
    ),
    "and there they are": (
        "int x; __task(0) void a(void) { x++; schedule(); x++; }"
        "__task(0) void b(void) { assert(x != 1); }",
        {"assert"},
    ),
    "preempt: anywhere": (
        "#pragma klprove preempt\n"
        "int x; __task(0) void a(void) { x++; x++; } __task(0) void b(void) { assert(x != 1); }",
        {"assert"},
    ),
    "preempt: not with interrupts off": (
        "#pragma klprove preempt\n"
        "int x; __task(0) void a(void) { local_irq_disable(); x++; x++; local_irq_enable(); }"
        "__task(0) void b(void) { assert(x != 1); }",
        set(),
    ),
    "preempt: not while the count is not zero, in any of its bytes": (
        "#pragma klprove preempt\n"
        "int x; __percpu int __preempt_count;"
        "__task(0) void a(void) { this_cpu(__preempt_count) = 0x1000000; x++; x++;"
        " this_cpu(__preempt_count) = 0; }"
        "__task(0) void b(void) { assert(x != 1); }",
        set(),
    ),
    "preempt: not out of an interrupt, even one that enables interrupts": (
        "#pragma klprove preempt\n"
        "int x, in; __task(0) void a(void) { } __task(0) void b(void) { assert(!x); }"
        "__irq(0) void i(void) { if (in) return; in = 1; local_irq_enable(); x = 1; x = 0;"
        " local_irq_disable(); in = 0; }",
        set(),
    ),
    "two CPUs interleave freely": (
        "int x; __task(0) void a(void) { x++; } __task(1) void b(void) { x++; assert(x == 2); }",
        {"assert"},
    ),
    "a step of one CPU leaves the others where they are": (
        "int x; __task(0) void a(void) { x = 1; x = 2; }"
        "__task(1) void b(void) { await(x); assert(0); } __task(2) void c(void) { await(x == 2); }",
        {"assert"},
    ),
    "what is interrupted twice goes on twice": (
        "int hit, seen; __task(0) void t(void) { assert(!seen); }"
        "__exception(0) void e(void) { hit = 1; }"
        "__nmi(0) void n(void) { hit = 0; if (hit) seen = 1; }",
        {"assert"},
    ),
    "an atomic is one step": (
        "int x; int n; __task(0) void a(void) { atomic_inc(&x); atomic_inc(&n); }"
        "__task(1) void b(void) { atomic_inc(&x); atomic_inc(&n); await(n == 2); assert(x == 2); }",
        set(),
    ),
    "a per-CPU variable has a copy on each CPU": (
        "__percpu int x; __task(ALL) void a(void) { this_cpu(x)++; assert(this_cpu(x) == 1); }"
        "__task(1) void b(void) { }",
        set(),
    ),
    "per_cpu() reaches another CPU's copy": (
        "__percpu int x; __task(0) void a(void) { this_cpu(x)++; assert(this_cpu(x) == 1); }"
        "__task(1) void b(void) { per_cpu(x, 0) = 7; }",
        {"assert"},
    ),
    "all wait for each other": (
        "int a, b; __task(0) void t(void) { await(a); b = 1; } __task(1) void u(void)"
        " { await(b); a = 1; }",
        {"deadlock"},
    ),
    "who waits for a task that has ended waits in vain, which is no deadlock": (
        "int a; __task(0) void t(void) { } __task(1) void u(void) { await(a); }",
        set(),
    ),
    "an interrupt that waits in vain keeps a task that has not ended waiting": (
        "int a; __task(0) void t(void) { } __nmi(0) void n(void) { await(a); }",
        {"deadlock"},
    ),
    "an interrupt may still end the waiting": (
        "int a; __task(0) void t(void) { await(a); } __irq(0) void i(void) { a = 1; }",
        set(),
    ),
    "but not with interrupts off": (
        "int a; __task(0) void t(void) { local_irq_disable(); await(a); }"
        "__irq(0) void i(void) { a = 1; }",
        {"deadlock"},
    ),
    "await(0) halts, which is no deadlock": (
        "int a; __task(0) void t(void) { a = 1; await(0); }",
        set(),
    ),
    "a freed object is gone": (
        "struct s { int v; } pool[2]; struct s *p = &pool[1]; int r;"
        "__task(0) void t(void) { r = p->v; } __task(1) void u(void) { kfree(&pool[1]); }",
        {"use-after-free"},
    ),
    "its neighbour is not": (
        "struct s { int v; } pool[2]; struct s *p = &pool[0]; int r;"
        "__task(0) void t(void) { r = p->v; } __task(1) void u(void) { kfree(&pool[1]); }",
        set(),
    ),
    "null": (
        "int *p; int r; __task(0) void t(void) { r = *p; }",
        {"null-dereference"},
    ),
    "wild": (
        "int *p = (int *)0x123456; int r; __task(0) void t(void) { r = *p; }",
        {"wild-access"},
    ),
    "over the end": (
        "int a[2]; int n = 2; int r; __task(0) void t(void) { r = a[n]; }",
        {"out-of-bounds"},
    ),
    "an invariant holds in every state, not only at the end": (
        "int x; invariant(small, x < 2) __task(0) void t(void) { x = 2; x = 0; }",
        {"invariant"},
    ),
    "balanced is about interrupts, at their iret": (
        "int x; balanced(x) __task(0) void t(void) { x = 1; } __irq(0) void i(void) { x++; x--; }",
        set(),
    ),
    "and an interrupt that leaves it otherwise is caught": (
        "int x; balanced(x) __task(0) void t(void) { } __irq(0) void i(void) { if (x < 3) x++; }",
        {"unbalanced"},
    ),
    "each of several balanced expressions is compared with itself": (
        "int x; int y = 5; int z = 7; balanced(x) balanced(y) balanced(z)"
        "__task(0) void t(void) { } __irq(0) void i(void) { y++; y--; }",
        set(),
    ),
    "balanced: another CPU may change what is its own": (
        "__percpu int x; balanced(this_cpu(x)) __task(1) void t(void) { this_cpu(x) = 1; }"
        "__irq(0) void i(void) { }",
        set(),
    ),
    "a counter that wraps keeps the state space finite": (
        "int __wraps(2) n; __task(0) void t(void) { } __irq(0) void i(void) { n++; }"
        "invariant(range, n >= 0 && n < 4)",
        set(),
    ),
    "every choice is taken": (
        "int x; __task(0) void t(void) { x = choose(3); assert(x != 2); }",
        {"assert"},
    ),
    "assume drops the others": (
        "int x; __task(0) void t(void) { x = choose(3); assume(x != 2); assert(x != 2); }",
        set(),
    ),
    "a warning that fires is a finding of its own": (
        "int x; __task(0) void t(void) { WARN_ON(!x); }",
        {"warned"},
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(tmp_path: Path, rule: str) -> None:
    text, expected = RULES[rule]
    assert codes(tmp_path, text) == expected


NESTED_NMI = (
    "int in; __task(0) void t(void) { }"
    "__nmi(0) void n(void) { assert(!in); if (in) return; in = 1; in = 0; }"
    "__exception(0) void e(void) { }"
)


def test_under_hardware_nmi_an_exceptions_iret_lets_an_nmi_nest(tmp_path: Path) -> None:
    text = "#pragma klprove hardware_nmi\n" + NESTED_NMI
    assert codes(tmp_path, text, nest={"nmi": 2}) == {"assert"}
    assert codes(tmp_path, text, nest={"nmi": 1}) == set()


def test_a_default_bound_that_is_reached_is_said(tmp_path: Path) -> None:
    file = tmp_path / "model.c"
    file.write_text("#pragma klprove hardware_nmi\n#include <klprove.h>\n" + NESTED_NMI)
    verdict = explore(lower(parse([], user=file), Options()))
    assert verdict.reasons == ("more than 3 frames of kind nmi (--nest nmi=N sets the bound)",)


def test_arrivals_are_counted_for_each_function(tmp_path: Path) -> None:
    text = (
        "int n; __task(0) void t(void) { assert(n < 2); }"
        "__irq(0) void i(void) { if (n < 3) n = n + 1; }"
    )
    assert codes(tmp_path, text) == {"assert"}
    assert codes(tmp_path, text, arrivals={"irq": 1}) == set()
    assert codes(tmp_path, text, arrivals={"irq": 2}) == {"assert"}
    assert codes(tmp_path, text.replace("n < 2", "n < 3"), arrivals={"irq": 2}) == set()


def test_what_only_a_bound_on_arrivals_keeps_waiting_is_no_deadlock(tmp_path: Path) -> None:
    text = (
        "int a; __task(0) void t(void) { await(a == 2); }"
        "__irq(0) void i(void) { a = a < 2 ? a + 1 : 2; }"
    )
    assert codes(tmp_path, text, arrivals={"irq": 1}) == set()
    off = text.replace("await(a == 2)", "await(a == 1); local_irq_disable(); await(a == 2)")
    assert codes(tmp_path, off, arrivals={"irq": 1}) == {"deadlock"}, "no arrival would help"
    assert codes(tmp_path, text, arrivals={"irq": 0}) == {"deadlock"}, "there is no such interrupt"


def test_a_witness_that_is_not_reached_is_not_holds(tmp_path: Path) -> None:
    file = tmp_path / "model.c"
    file.write_text(
        "#include <klprove.h>\n"
        "int x; __task(0) void t(void) { if (x) reach(never); reach(always); }"
    )
    verdict = explore(lower(parse([], user=file), Options()))
    assert verdict.unreached == ("never",)
    assert verdict.word == "incomplete"
