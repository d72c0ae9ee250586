"""eventually(): what can still come, against small cases known by hand, and engines against each
other on generated programs."""

from dataclasses import replace
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.engine import Limits, explore
from klprove.engine.limits import Meter
from klprove.engine.liveness import contradicted
from klprove.engine.machine import Machine
from klprove.engine.native import Native
from klprove.engine.reference import Reference
from klprove.ir.expressions import Binary, Const
from klprove.ir.instructions import Result
from klprove.ir.program import Program
from klprove.ir.types import I32
from klprove.lower import Options, lower
from klprove.source import BadInput
from klprove.verdict import Verdict
from tests.engine.generated import program
from tests.engine.test_native import ONE_EACH, found

ENGINES = ("reference", "native")


def asked(folder: Path, text: str, engine: str, **limits: object) -> Verdict:
    """The verdict on a model."""
    file = folder / "model.c"
    file.write_text("#include <klprove.h>\n" + text)
    bounds = Limits(engine=engine, **limits)  # type: ignore[arg-type]
    return explore(lower(parse([], user=file), Options()), bounds)


def codes(verdict: Verdict) -> list[str]:
    """The codes of its findings."""
    assert verdict.complete, verdict.reasons
    return [each.code for each in verdict.findings]


CASES = {
    # A choice that is offered again and again is taken at some time.
    "loop": (
        "int x; __task(0) void f(void) { while (READ_ONCE(x) == 0) if (choose(2)) x = 1; }"
        "eventually(on, x == 1)",
        [],
    ),
    "other loop": (
        "int x; __task(0) void f(void) { while (READ_ONCE(x) == 0) if (choose(2)) x = 2; }"
        "eventually(on, x == 1)",
        ["stuck"],
    ),
    # Once is not enough: it must be able to come again.
    "again": (
        "int x; __task(0) void f(void) { x = 1; x = 0; }eventually(on, x == 1)",
        ["stuck"],
    ),
    "for ever": (
        "int x; __task(0) void f(void) { for (;;) { x = 1; x = 0; } }eventually(on, x == 1)",
        [],
    ),
    # Whoever waits is freed by an interrupt, which always can arrive; or by nobody.
    "freed": (
        "int x, y; __task(0) void f(void) { await(x); y = 1; await(0); }"
        "__irq(0) void tick(void) { x = 1; }eventually(on, y == 1)",
        [],
    ),
    "masked": (
        "int x, y; __task(0) void f(void)"
        "{ local_irq_disable(); while (!READ_ONCE(x)) ; y = 1; await(0); }"
        "__irq(0) void tick(void) { x = 1; }eventually(on, y == 1)",
        ["stuck"],
    ),
    # What is dropped is no run: nothing is said of it.
    "dropped": (
        "int x; __task(0) void f(void) { int c = choose(2); assume(c == 0); x = 1; await(0); }"
        "eventually(on, x == 1)",
        [],
    ),
    # Per CPU, and each by itself.
    "one of two": (
        "int x, y; __task(0) void f(void) { x = 1; await(0); } __task(1) void g(void) { await(0); }"
        "eventually(x_on, x == 1) eventually(y_on, y == 1)",
        ["stuck"],
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
def test_known_cases(case: str, engine: str, tmp_path: Path) -> None:
    text, expected = CASES[case]
    assert codes(asked(tmp_path, text, engine)) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_the_trace_ends_where_hope_does(engine: str, tmp_path: Path) -> None:
    text = "int x; __task(0) void f(void) { x = 1; x = 2; x = 3; await(0); }eventually(two, x <= 2)"
    (finding,) = asked(tmp_path, text, engine).findings
    assert finding.text == "from here on two can never hold"
    assert [each.span.line for each in finding.trace.events] == [2, 2, 2]
    assert len(finding.trace.events) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_an_arrival_that_a_bound_withholds_may_still_help(engine: str, tmp_path: Path) -> None:
    text = (
        "int x; __task(0) void f(void) { await(x == 5); }"
        "__irq(0) void tick(void) { x = x + 1; if (x > 5) x = 5; }eventually(five, x == 5)"
    )
    assert codes(asked(tmp_path, text, engine, arrivals={"irq": 2})) == []
    none = asked(tmp_path, text, engine, arrivals={"irq": 0})
    assert "stuck" in codes(none), "an interrupt that never arrives helps nobody"


@pytest.mark.parametrize("engine", ["nested", "pushdown"])
def test_engines_that_keep_no_states_refuse(engine: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="eventually"):
        asked(tmp_path, CASES["freed"][0], engine)


def test_compact_searches_refuse(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="eventually"):
        asked(tmp_path, CASES["freed"][0], "native", compact=True)


def _wanting(made: Program, never: bool) -> Program | None:
    """The same program, that wants to come what it has as invariants, or the opposite of it."""
    wanted = []
    for each in made.properties:
        *rest, last = each.code.instrs
        if each.kind == "invariant" and isinstance(last, Result):
            value = Binary("eq", last.value, Const(0, I32), I32) if never else last.value
            code = replace(each.code, instrs=(*rest, Result(value, last.at)))
            wanted.append(replace(each, kind="eventually", code=code))
    return replace(made, properties=tuple(wanted)) if wanted else None


@pytest.mark.parametrize("block", range(0, 180, 60))
def test_sweeps_find_what_stored_transitions_find(block: int) -> None:
    compared, stuck = 0, 0
    for seed in range(block, block + 60):
        made = _wanting(program(seed, cpus=1 + seed % 2), seed % 3 == 0)
        limits = Limits(arrivals=dict.fromkeys(ONE_EACH, int(seed % 4 == 0)))
        if made is None:
            continue
        native = Machine(made, limits)
        search = Native(native, Meter(limits, None)).run()
        if search.states > 4_000:
            continue
        plain = Machine(made, limits)
        full = Reference(plain, Meter(limits, None)).run()
        assert found(native, search) == found(plain, full), f"seed {seed}"
        for each in full.discoveries:
            if each.notice.code == "stuck":
                stuck += 1
                assert not contradicted(plain, each.schedule, made.properties[0])
        compared += 1
    assert compared > 5 and stuck > 2
