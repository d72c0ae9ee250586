"""What is around the store buffers: interrupts, locked instructions, awaits, kfree, ghost code."""

from pathlib import Path

import pytest

from klprove.check import Question, program
from klprove.engine import Limits, explore
from klprove.ir import Fence, verify
from klprove.verdict import STORE_BUFFER, Verdict
from tests.litmus.models import explored
from tests.litmus.shapes import INTERRUPTED, INTERRUPTS, interrupted

HEAD = "#include <klprove.h>\n"


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that searches whole states."""
    name: str = request.param
    return name


class Told:
    """What klprove says of a text under both memory models."""

    def __init__(self, text: str, tmp_path: Path, engine: str) -> None:
        self._path, self._engine = tmp_path / "model.c", engine
        self._path.write_text(HEAD + text)

    def verdict(self, memory_model: str, store_buffer: int | None = None) -> Verdict:
        """The whole verdict."""
        return explored(self._path, memory_model, self._engine, store_buffer)

    def codes(self, memory_model: str = "tso") -> set[str]:
        """The codes found by a complete search."""
        found = explored(self._path, memory_model, self._engine, nest={"nmi": 2})
        assert found.complete and not found.unreached
        return {each.code for each in found.findings}


SB = INTERRUPTED


@pytest.mark.parametrize(("how", "is_allowed"), [(how, can) for how, _, can in INTERRUPTS])
def test_interrupts_in_the_table(how: str, is_allowed: bool, tmp_path: Path, engine: str) -> None:
    told = Told(INTERRUPTED + interrupted(how), tmp_path, engine)
    assert told.codes() == ({"relaxed"} if is_allowed else set())
    assert told.codes("sc") == set()


def test_the_peer_sees_a_relaxed_outcome_without_an_interrupt(tmp_path: Path, engine: str) -> None:
    told = Told(SB + "__task(0) void f(void) { x = 1; mark(); got(y); }", tmp_path, engine)
    assert told.codes() == {"relaxed"}
    assert told.codes("sc") == set()


@pytest.mark.parametrize("kind", ["softirq", "irq", "nmi", "exception"])
def test_an_interrupt_arrives_with_an_empty_buffer(kind: str, tmp_path: Path, engine: str) -> None:
    text = SB + "__task(0) void f(void) { x = 1; mark(); }\n"
    text += f"__{kind}(0) void h(void) {{ got(y); }}\n"
    assert Told(text, tmp_path, engine).codes() == set()


@pytest.mark.parametrize("kind", ["softirq", "irq", "nmi", "exception"])
def test_iret_drains_the_buffer(kind: str, tmp_path: Path, engine: str) -> None:
    text = SB + f"__{kind}(0) void h(void) {{ x = 1; mark(); }}\n"
    text += "__task(0) void f(void) { got(y); }\n"
    assert Told(text, tmp_path, engine).codes() == set()
    # Inside the interrupt it is as anywhere else.
    text = SB + f"__{kind}(0) void h(void) {{ x = 1; mark(); got(y); }}\n"
    assert Told(text, tmp_path, engine).codes() == {"relaxed"}


def test_an_iret_inside_an_nmi_drains_the_buffer(tmp_path: Path, engine: str) -> None:
    text = SB + "__nmi(0) void h(void) { x = 1; mark(); iret_reenables_nmi(); got(y); }\n"
    assert Told(text, tmp_path, engine).codes() == set()


def test_a_store_before_an_interrupt_is_visible_when_its_handler_runs(
    tmp_path: Path, engine: str
) -> None:
    text = """
    static int x;
    static int stored, running;
    __ghost static void store_done(void) { stored = 1; }
    __ghost static void enter(void) { running = stored; }
    __task(0) void f(void) { x = 1; store_done(); }
    __irq(0) void h(void) { enter(); }
    __task(1) void g(void) { await(running); finding("reached"); if (!x) finding("unseen"); }
    """
    assert Told(text, tmp_path, engine).codes() == {"reached"}


def test_this_cpu_operations_are_not_locked(tmp_path: Path, engine: str) -> None:
    """Towards its own CPU one instruction; another CPU's locked add in between is lost."""
    text = """
    static __percpu int n;
    static int ended;
    __ghost static void end(void) { if (++ended == 2 && per_cpu(n, 0) != 2) finding("lost"); }
    __task(0) void f(void) { OP; smp_mb(); end(); }
    __task(1) void g(void) { atomic_inc(&per_cpu(n, 0)); smp_mb(); end(); }
    __irq(0) void h(void) { }
    """
    told = Told(text.replace("OP", "this_cpu_inc(n)"), tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), {"lost"})
    told = Told(text.replace("OP", "atomic_inc(this_cpu_ptr(&n))"), tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), set())


def test_a_failed_cmpxchg_without_lock_writes_too(tmp_path: Path, engine: str) -> None:
    """It writes back what it found (Intel SDM vol. 2, CMPXCHG)."""
    text = """
    static __percpu int n;
    static int ended;
    __ghost static void end(void) { if (++ended == 2 && !per_cpu(n, 0)) finding("lost"); }
    __task(0) void f(void) { OP; smp_mb(); end(); }
    __task(1) void g(void) { per_cpu(n, 0) = 1; smp_mb(); end(); }
    """
    told = Told(text.replace("OP", "(void)this_cpu_cmpxchg(n, 5, 7)"), tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), {"lost"})
    told = Told(text.replace("OP", "(void)cmpxchg(this_cpu_ptr(&n), 5, 7)"), tmp_path, engine)
    assert told.codes() == set()


@pytest.mark.parametrize(
    "op",
    ["xchg(&z, 1)", "cmpxchg(&z, 5, 1)", "atomic_inc(&z)", "set_bit(1, &z)", "smp_mb()",
     "atomic_or(0, &z)", "await(cmpxchg(&z, 0, 1) == 0)"],
)  # fmt: skip
def test_what_is_locked_is_a_fence(op: str, tmp_path: Path, engine: str) -> None:
    text = SB + f"static unsigned int z; __task(0) void f(void) {{ x = 1; {op}; mark(); got(y); }}"
    assert Told(text, tmp_path, engine).codes() == set()


@pytest.mark.parametrize(
    "op",
    ["smp_wmb()", "smp_rmb()", "barrier()", "smp_store_release(&z, 1)", "(void)READ_ONCE(z)",
     "atomic_set(&z, 1)", "local_irq_disable()", "schedule()", "this_cpu_xchg(c, 1)",
     "(void)this_cpu_cmpxchg(c, 0, 1)", "this_cpu_or(c, 1)", "await(!z)", "kfree(&gone)"],
)  # fmt: skip
def test_what_is_not_locked_is_none(op: str, tmp_path: Path, engine: str) -> None:
    text = SB + "static unsigned int z; static __percpu int c; static int gone;"
    text += f"__task(0) void f(void) {{ x = 1; {op}; mark(); got(y); }}"
    text += "__task(2) void seen(void) { (void)(z + per_cpu(c, 0)); }"
    assert Told(text, tmp_path, engine).codes() == {"relaxed"}


LOCK = """
static int want[2], turn, inside;
static void critical(void) { inside++; assert(inside == 1); inside--; smp_mb(); }
__task(0) void f(void) { want[0] = 1; MB(); if (!want[1]) critical(); want[0] = 0; }
__task(1) void g(void) { want[1] = 1; MB(); if (!want[0]) critical(); want[1] = 0; }
"""


def test_dekker_needs_its_fences(tmp_path: Path, engine: str) -> None:
    told = Told("#define MB()\n" + LOCK, tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), {"assert"})
    told = Told("#define MB() smp_mb()\n" + LOCK, tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), set())


def test_a_spinlock_works(tmp_path: Path, engine: str) -> None:
    text = """
    static int lock, inside, count;
    static void seen(void) { reach(three); }
    static void work(void)
    {
        await(cmpxchg(&lock, 0, 1) == 0);
        inside++;
        assert(inside == 1);
        inside--;
        count++;
        smp_store_release(&lock, 0);
    }
    __task(0) void f(void) { work(); work(); }
    __task(1) void g(void) { work(); await(cmpxchg(&lock, 0, 1) == 0); if (count == 3) seen(); }
    """
    assert Told(text, tmp_path, engine).codes() == set()


def test_an_await_sees_the_stores_of_its_own_cpu(tmp_path: Path, engine: str) -> None:
    text = "static int x; __task(0) void f(void) { x = 1; await(x == 1); reach(there); }\n"
    text += "__task(1) void g(void) { int v = x; assert(v < 2); }"
    told = Told(text, tmp_path, engine)
    assert told.codes() == set()


def test_a_store_inside_an_await_is_buffered(tmp_path: Path, engine: str) -> None:
    text = SB + "__task(0) void f(void) { await(({ x = 1; 1; })); mark(); got(y); }"
    assert Told(text, tmp_path, engine).codes() == {"relaxed"}


def test_deadlocks_are_those_of_the_tasks(tmp_path: Path, engine: str) -> None:
    text = "static int x, y; __task(0) void f(void) { A; await(y); } "
    text += "__task(1) void g(void) { B; await(x); }"
    assert Told(text.replace("A", "x = 1").replace("B", "y = 1"), tmp_path, engine).codes() == set()
    told = Told(text.replace("A", "x = 0").replace("B", "y = 0"), tmp_path, engine)
    assert told.codes() == {"deadlock"}
    found = told.verdict("tso").findings[0]
    assert found.span.file.endswith("model.c")
    # Without a task nobody waits, whatever drains the buffers.
    text = "static int x, y; __irq(0) void f(void) { x = 1; await(y); } "
    text += "__irq(1) void g(void) { y = 0; await(x == 2); }"
    told = Told(text, tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), set())


FREED = """
struct node { int v, w; };
static struct node pool[2];
static struct node *head = &pool[0];
static int y;
"""


def test_kfree_does_not_fall_over_its_own_stores(tmp_path: Path, engine: str) -> None:
    """The ones to the object are dropped, the others arrive, in order."""
    text = """
    __task(0) void f(void)
    {
        head->v = 1;
        pool[0].w = 1;
        pool[1].v = 1;
        kfree(&pool[0]);
        assert(pool[1].v == 1);
        pool[1].w = 1;
        y = 1;
    }
    __task(1) void g(void)
    {
        if (y == 1)
            assert(pool[1].v + pool[1].w == 2);
        else if (y == 5)
            pool[0].v = pool[0].w = 5;
        else if (pool[1].w)
            assert(pool[1].v);
    }
    """
    told = Told(FREED + text, tmp_path, engine)
    assert told.codes() == set()


def test_a_store_that_waits_hits_what_another_cpu_frees(tmp_path: Path, engine: str) -> None:
    text = FREED + "static int done; __ghost static void note(void) { done = 1; }"
    text += "__task(0) void f(void) { head->w = 1; note(); }"
    text += "__task(1) void g(void) { await(done); kfree(&pool[0]); }"
    told = Told(text, tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), {"use-after-free"})
    found = told.verdict("tso").findings[0]
    assert str(found.span) == "store buffer of CPU 0"
    assert found.trace.events[-1].kind == STORE_BUFFER


def test_bad_stores_are_found_where_they_stand(tmp_path: Path, engine: str) -> None:
    text = FREED + "static const int fixed = 1; static int *null;"
    for store, code in {
        "*null = 1": "null-dereference",
        "*(int *)&fixed = 2": "wild-access",
        "*(long *)&pool[1].w = 2": "out-of-bounds",
        "kfree(&pool[1]); pool[1].w = 1": "use-after-free",
        "kfree(&pool[0]); head->w = 1": "use-after-free",
    }.items():
        more = f"\n__task(0) void f(void) {{ y = 1;\n{store}; }}"
        more += " __task(1) void g(void) { (void)(head->w + pool[1].w + y); if (0) *null = 2; }"
        found = Told(text + more, tmp_path, engine).verdict("tso").findings
        lines = {each.span.line for each in found if each.trace.events[-1].cpu == 0}
        assert code in {each.code for each in found}
        assert lines == {text.count("\n") + 4}, store


def test_ghost_code_sees_what_its_cpu_sees(tmp_path: Path, engine: str) -> None:
    text = """
    static int x, y, z;
    __ghost static void own(void) { if (x != 1) finding("own"); }
    __ghost static void memory(void)
    {
        if (!x)
            if (y) finding("order"); else finding("not yet");
    }
    __task(0) void f(void) { x = 1; own(); y = 1; z = 1; }
    __task(1) void g(void) { if (z != 5) memory(); }
    invariant(order, x || !y)
    """
    assert Told(text, tmp_path, engine).codes() == {"not yet"}


def test_an_invariant_observes_memory(tmp_path: Path, engine: str) -> None:
    """Also what only one CPU touches changes in its order with what others can see."""
    text = "static int x, y; __task(0) void f(void) { y = 1; x = 1; } "
    text += "__task(1) void g(void) { (void)y; } "
    assert Told(text + "invariant(order, y || !x)", tmp_path, engine).codes() == set()
    assert Told(text + "invariant(both, x == y)", tmp_path, engine).codes() == {"invariant"}


def test_a_counter_wraps_also_while_it_waits(tmp_path: Path, engine: str) -> None:
    text = """
    static __wraps(2) int n;
    static int *p = &n;
    __task(0) void f(void) { n++; n++; n++; n++; assert(n == 0); *p = 7; assert(*p == 3); }
    __task(1) void g(void) { int v = n; assert(v < 4); }
    """
    assert Told(text, tmp_path, engine).codes() == set()


def test_the_verdict_says_what_it_rests_on(tmp_path: Path, engine: str) -> None:
    text = "static int x; __task(0) void f(void) { for (;;) { x = 1; x = 0; } }"
    told = Told(text + "__task(1) void g(void) { int v = x; assert(v < 2); }", tmp_path, engine)
    sc, tso = told.verdict("sc"), told.verdict("tso", 3)
    assert "memory is sequentially consistent" in sc.assumptions
    assert "memory is x86-TSO" in tso.assumptions
    assert (sc.bounds.store_buffer, tso.bounds.store_buffer) == (None, 3)


def test_tasks_of_a_cpu_share_its_buffer(tmp_path: Path, engine: str) -> None:
    """One store of each waits at the same time: SB over two tasks."""
    text = SB + "static int z; __task(0) void a(void) { x = 1; mark(); schedule(); } "
    text += "__task(0) void b(void) { schedule(); z = 1; got(y); } "
    text += "__task(2) void c(void) { (void)z; }"
    told = Told(text, tmp_path, engine)
    assert (told.codes("sc"), told.codes("tso")) == (set(), {"relaxed"})
    assert told.verdict("tso").bounds.store_buffer is None


@pytest.mark.parametrize(
    "stores",
    [
        "*p = 1; x = 2;",
        "x = 1; *p = 2;",
        "*(u64 *)pair = 1; pair[1] = 2; x = pair[1];",
        "*(u64 *)pair = 1; *(u64 *)(pair + 1) = 0x500000002; pair[2] = 2; x = 2;",
    ],
)
def test_private_stores_do_not_overtake(stores: str, tmp_path: Path, engine: str) -> None:
    """Only CPU 0 touches x, pair[1] and pair[2], but a store that is buffered may cover them."""
    text = "static int x, y, pair[3]; static int *p = &x, *q = &y;"
    text += f"__task(0) void f(void) {{ {stores} assert(x == 2); smp_mb(); assert(x == 2);"
    text += " if (pair[0]) assert(pair[1] == 2 && pair[2] != 5); if (q != &y) y = 1; }"
    text += "__task(1) void g(void) { if (!y) (void)pair[0]; }"
    told = Told(text, tmp_path, engine)
    assert told.codes() == set()
    assert told.verdict("tso").statistics.states > told.verdict("sc").statistics.states


def test_one_cpu_needs_no_buffer(tmp_path: Path) -> None:
    path = tmp_path / "model.c"
    path.write_text(HEAD + "static int x; __task(0) void f(void) { x = 1; smp_mb(); x = 2; }")
    sc = program(Question((str(path),)))
    tso = program(Question((str(path),), memory_model="tso"))
    assert [each.code.instrs for each in tso.contexts] == [each.code.instrs for each in sc.contexts]
    assert not any(isinstance(each, Fence) for each in tso.contexts[0].code.instrs)
    assert tso.tso and not tso.buffers and verify(tso) == []
    assert explore(tso, Limits(engine="nested")).complete


def test_what_only_one_cpu_touches_needs_no_buffer(tmp_path: Path) -> None:
    path = tmp_path / "model.c"
    text = "static __percpu int own; static int x; static int *p = &x;"
    text += "__task(ALL) void f(void) { this_cpu(own) = 1; SHARE; }"
    text += "__task(1) void g(void) { }"
    for share, buffers in {
        "": 0,
        "x = 1": 2,
        "(void)x": 0,
        "(void)*p; per_cpu(own, 0) = 1": 2,
    }.items():
        path.write_text(HEAD + text.replace("SHARE", share))
        made = program(Question((str(path),), memory_model="tso"))
        assert len(made.buffers) == buffers, share
        assert (made.processors, made.cpus) == (2, 2 + buffers)
