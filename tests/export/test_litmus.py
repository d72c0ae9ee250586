"""`klprove export --litmus`: the words that are kept, what is refused, and where."""

from pathlib import Path

import pytest

from klprove.check import Question, program
from klprove.export import litmus
from klprove.source import BadInput
from tests.cli.test_bad_input import klprove

_LOCK = """#include <klprove.h>
static int x, lock = 1;
static atomic_t count;
static int next(int *p) { return READ_ONCE(*p) + 1; }
__task(0) void owner(void)
{
	int i;
	for (i = 0; i < 2; i++)
		atomic_inc(&count);
	WRITE_ONCE(x, 1);
	smp_wmb();
	smp_store_release(&lock, 0);
}
__task(1) void exists(void)
{
	int r = 0, *p = &x;
	await(cmpxchg(&lock, 0, 1) == 0);
	if (atomic_dec_return(&count) > 0)
		r = next(p);
	else
		x = 2;
	smp_mb();
	assert(r == 2 && atomic_read(&count) != -1);
}
"""
_TEXT = """C model

(*
 * P0: owner(), CPU 0
 * P1: exists(), CPU 1
 * 1:bad0: model.c:23: r == 2 && atomic_read(&count) != -1
 *)

{
	lock_=1;
}

P0(int *x, int *lock_, atomic_t *count)
{
	atomic_add(1, count);	// model.c:9
	atomic_add(1, count);	// model.c:9
	WRITE_ONCE(*x, 1);	// model.c:10
	smp_wmb();	// model.c:11
	smp_store_release(lock_, 0);	// model.c:12
}
"""


def _refused(folder: Path, text: str) -> str:
    """What is said of a model that does not fit."""
    path = folder / "model.c"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        litmus(program(Question((str(path),), defines={"__KLPROVE_LITMUS": "1"})), "model.c")
    return str(refused.value).replace(f"{folder}/", "")


def _exported(folder: Path, text: str, *options: str) -> tuple[int, str, str]:
    (folder / "model.c").write_text(text)
    done = klprove("export", "--litmus", "model.c", *options, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_the_words_of_the_text_are_kept(tmp_path: Path) -> None:
    status, text, said = _exported(tmp_path, _LOCK)
    assert (status, said) == (0, "")
    assert text.startswith(_TEXT)
    lines = [line.split("\t// ")[0].strip() for line in text.splitlines()]
    body = lines[lines.index("P1(int *x, int *lock_, atomic_t *count)") :]
    assert body[body.index("") + 1 :] == [
        "r0 = 0;",
        "r1 = cmpxchg(lock_, 0, 1);",
        "if (r1 == 0) {",
        "r2 = atomic_fetch_add(-1, count);",
        "if ((r2 + -1) > 0) {",
        "r3 = READ_ONCE(*x);",
        "r0 = r3 + 1;",
        "} else {",
        "*x = 2;",
        "}",
        "smp_mb();",
        "if (r0 == 2) {",
        "r4 = atomic_read(count);",
        "r5 = r4 != -1;",
        "} else {",
        "r5 = 0;",
        "}",
        "bad0 = r5 == 0;",
        "}",
        "}",
        "",
        "exists (1:bad0=1)",
        "",
    ]


def test_observed_runs_are_those_that_end(tmp_path: Path) -> None:
    status, text, _ = _exported(tmp_path, _LOCK, "--observe")
    assert status == 0
    assert text.endswith(
        "locations [1:r1; 1:r2; 1:r3; 1:r4; count; lock_; x]\n"
        "filter (1:done=1)\nexists (1:bad0=1)\n\n"
    )


def test_the_page_shows_what_is_written(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "litmus.md").read_text()
    block = page.partition("$ cat mp.c\n")[2].partition("```")[0]
    model, _, shown = block.partition("$ klprove export --litmus mp.c\n")
    (tmp_path / "mp.c").write_text(model)
    done = klprove("export", "--litmus", "mp.c", "-o", "mp.litmus", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "mp.litmus").read_text() == shown


def test_the_check_of_a_loop_is_asked_of_each_round(tmp_path: Path) -> None:
    text = "int x;\n__task(0) void t(void) { for (int i = 0; i < 2; i++) assert(x == i); }\n"
    _, out, _ = _exported(tmp_path, text)
    assert "bad0 = bad0 | (r0 != 0);" in out
    assert "bad0 = bad0 | (r0 != 1);" in out


def test_an_assert_is_asked_the_other_way_round(tmp_path: Path) -> None:
    fails = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
    asserts = " ".join(f"assert(r {op} 2);" for op in fails)
    _, out, _ = _exported(tmp_path, f"int x;\n__task(0) void t(void) {{ int r = x; {asserts} }}\n")
    for number, op in enumerate(fails.values()):
        assert f"bad{number} = r0 {op} 2;" in out


_TASK = "int x, y;\n__task(0) void t(void)\n{{\n\tint r = READ_ONCE(x);\n\t{}\n\tassert(r);\n}}\n"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("x = choose(2);", "5:6: error: a litmus test cannot say this: choose()"),
        ("local_irq_disable();", "5:2: error: a litmus test cannot say this: the interrupt flag"),
        ("await(0);", "5:2: error: a litmus test cannot say this: await(0)"),
        ("while (!x) ;", "5:10: error: a litmus test cannot say this: a loop that ends by what"),
        ("for (r = 0; r < 999; r++) y = r;", "it unrolls to too much"),
        ("atomic_or(1, &x);", "5:2: error: a litmus test cannot say this: an operation that the"),
        ("this_cpu_inc(x);", "an operation that the"),
        ("int *p = r ? &x : &y; *p = 1;", "a computed address"),
        ("await(x && y);", "an await of several accesses"),
        ("await(!xchg(&x, 1));", "an await that may write and wait on"),
        ("await(cmpxchg(&x, 0, 1) == 2);", "an await that may write and wait on"),
        ("await(cmpxchg(&x, r, 1) == r);", "an await that may write and wait on"),
        ("await((cmpxchg(&x, 0, 1), r));", "an await that may write and wait on"),
        ("x = 1; assume(r);", "assume() would have to take a write back"),
        ("r = (unsigned int)r < 5u;", "compares unsigned numbers"),
        ("r = r >> 1;", "an expression that shifts"),
        ("r = (char)r;", "an expression that converts i32 to i8"),
        ("r = 6 % r;", "an expression that divides"),
    ],
)
def test_what_does_not_fit_has_its_place(tmp_path: Path, statement: str, said: str) -> None:
    found = _refused(tmp_path, _TASK.format(statement))
    assert said in found
    assert found.startswith("model.c:")
    assert "^" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("int x;\n__irq(0) void i(void) { x = 1; }\n", "model.c:2:15: error: a litmus test cannot"),
        ("int x;\ninvariant(a, x < 2)\n__task(0) void t(void) { x = 1; }\n", "invariant a"),
        ("__task(0) void t(void) { }\n__task(0) void u(void) { }\n", "a second task on CPU 0"),
        ("long x;\n__task(0) void t(void) { x = 1; }\n", "x, which is no int"),
        ("int x[2];\n__task(0) void t(void) { *(short *)x = 1; }\n", "which is no int"),
        ("__wraps(2) int x;\n__task(0) void t(void) { x = 1; }\n", "x counts modulo a number"),
        ("int x;\n__task(0) void t(void) { x = 1; }\n", "nothing is asked"),
        (
            "int x;\n__ghost void g(void) { x = 1; }\n__task(0) void t(void) { g(); }\n",
            "model.c:2:24: error: a litmus test cannot say this: ghost code",
        ),
    ],
)
def test_what_no_task_can_say(tmp_path: Path, text: str, said: str) -> None:
    assert said in _refused(tmp_path, text)


def test_all_tasks_are_complained_of_at_once(tmp_path: Path) -> None:
    text = "long x, y;\n__task(0) void t(void) { x = 1; }\n__task(1) void u(void) { y = 1; }\n"
    found = _refused(tmp_path, text)
    assert "model.c:2:" in found
    assert "model.c:3:" in found


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    text = "int x;\n__task(0) void t(void) { x = 1; }\n"
    for options, said in (
        (["--promela"], "say which language: --promela or --litmus"),
        (["--memory-model", "tso"], "do not go with --litmus"),
        (["--arrivals", "1"], "do not go with --litmus"),
        (["--nest", "irq=1"], "do not go with --litmus"),
    ):
        status, out, found = _exported(tmp_path, text, *options)
        assert (status, out) == (2, "")
        assert said in found
    done = klprove("export", "--promela", "--observe", "model.c", cwd=tmp_path)
    assert "--observe goes with --litmus" in done.stderr


def test_names_that_mean_something_to_herd_are_changed(tmp_path: Path) -> None:
    names = ("r0", "P1", "filter", "lock", "not", "bad2", "done", "r0_", "seen")
    stores = " ".join(f"{name} = 1;" for name in names)
    text = f"int {', '.join(names)};\n__task(0) void t(void) {{ {stores} assert(seen); }}\n"
    _, out, _ = _exported(tmp_path, text)
    changed = ("r0_", "P1_", "filter_", "lock_", "not_", "bad2_", "done_", "r0__", "seen")
    assert f"P0({', '.join(f'int *{name}' for name in changed)})" in out
