"""The reader of litmus tests and the axiom, on texts whose answer is known."""

import pytest

from tests.litmus.axiomatic import finals, outcomes
from tests.litmus.reader import read


def _test(p0: str, p1: str, end: str, init: str = "") -> str:
    return f"""C name

(* what it is *)

{{{init}}}

P0(int *x, int *y)
{{
	int r0;
	{p0}	// a place
}}

P1(int *x, atomic_t *y)
{{
	int r0 = 0;
	{p1}
}}

{end}
"""


def test_a_cycle_of_rf_and_fr_is_forbidden() -> None:
    text = _test(
        "WRITE_ONCE(*x, 1); r0 = READ_ONCE(*y);",
        "atomic_set(y, 1); r0 = smp_load_acquire(x);",
        "locations [0:r0; 1:r0]\nexists (0:r0=0 /\\ 1:r0=0)",
    )
    test = read(text)
    assert outcomes(test) == {(0, 1), (1, 0), (1, 1)}
    assert not any(map(test.exists, finals(test)))


def test_an_update_is_one_event() -> None:
    text = _test(
        "atomic_add(1, x);",
        "r0 = atomic_fetch_add(2, x);",
        "locations [1:r0; x]\nexists (x=9 \\/ x=8)",
        "x=5;",
    )
    assert outcomes(read(text)) == {(5, 8), (6, 8)}
    assert all(map(read(text).exists, finals(read(text))))


def test_a_cmpxchg_that_fails_writes_nothing_and_filter_drops() -> None:
    text = _test(
        "r0 = cmpxchg(x, 0, 1);",
        "r0 = cmpxchg(x, 0, 2); if (r0 == 0) { *y = r0 + 3; } else { smp_mb(); }",
        "locations [0:r0; x; y]\nfilter (1:r0=0)\nexists (true)",
    )
    assert outcomes(read(text)) == {(2, 2, 3)}


@pytest.mark.parametrize(
    "statement",
    [
        "r0 = 1 && 1;",
        "r0 = !r0;",
        "r0 = 1 << 2;",
        "r0 = r0 ? 1 : 0;",
        "if (r0) { }",
        "r0 = 0 == 0 == 0;",
        "z = READ_ONCE(*z);",
        "READ_ONCE(*x);",
        "r0 = READ_ONCE(x);",
        "r0 = x;",
        "while (r0) { smp_mb(); }",
        "atomic_or(1, x);",
        "smp_mb(); // exists",
    ],
)
def test_what_herd_does_not_take_is_not_read(statement: str) -> None:
    read(_test("smp_mb();", "smp_mb();", "exists (true)"))
    with pytest.raises(ValueError, match=r".+"):
        read(_test(statement, "smp_mb();", "exists (true)"))
