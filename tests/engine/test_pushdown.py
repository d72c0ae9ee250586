"""The nested engine as machine code against the one in Python and against the reference engine."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from klprove.check import checking
from klprove.check.question import Question
from klprove.engine import Limits, explore
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.nested import Nested, applicable
from klprove.engine.pushdown import Pushdown, model, store
from klprove.engine.pushdown import applicable as swift
from klprove.engine.search import Search
from klprove.ir import verify
from klprove.ir.expressions import Binary, Const, Reg
from klprove.ir.instructions import (
    Atomic,
    Await,
    Branch,
    Check,
    End,
    Instr,
    IrqSet,
    Load,
    Report,
    Rmw,
    Site,
    Store,
)
from klprove.ir.program import Code, Context, Leaf, Object, Program, Wrap
from klprove.ir.types import I32, U64
from klprove.source import Span
from tests.engine import counting
from tests.engine.generated import program

pytest.importorskip("llvmlite")

SEEDS = range(200)
LARGEST = 1500
"""Nodes of the engine in Python beyond which a program is too large for a test."""


def bounds(seed: int) -> dict[str, int]:
    """Bounds on arrivals that go with a seed."""
    return [{}, {"irq": 1, "nmi": 1, "exception": 1}, {"irq": 1, "exception": 0}][seed % 3]


def several(seed: int) -> Program:
    """A program with two or three CPUs, of which one takes interrupts."""
    cpus, tasks = 2 if seed % 5 else 3, 2 if seed % 7 == 3 else 1
    made = program(seed, cpus, [0, 1, 0, cpus - 1][seed % 4], tasks)
    assert verify(made) == []
    return made


def without(seed: int) -> Program:
    """The same as machine code takes it: one task a CPU, no properties."""
    cpus = 2 if seed % 5 else 3
    made = program(seed, cpus, [0, 1, 0, cpus - 1][seed % 4], telling=True)
    return replace(made, properties=())


Make = Callable[[int], Program]
"""Makes the program of a seed."""


@cache
def searched(seed: int, make: Make = without) -> Search | None:
    """What the engine in Python finds; None for a program that is too large for a test."""
    limits = Limits(arrivals=bounds(seed))
    nested = Nested(Machine(make(seed), limits), Meter(limits, None), LARGEST)
    search = nested.run()
    return None if nested.over else search


def outcome(search: Search) -> object:
    """All that a search found, schedules included."""
    found = {each.notice: tuple(each.schedule) for each in search.discoveries}
    figures = (search.states, search.transitions, search.depth)
    return found, search.witnesses, search.reasons, figures


@pytest.mark.parametrize("block", range(0, 120, 20))
def test_machine_code_does_the_same_in_the_same_order(block: int) -> None:
    """On one CPU: nodes, schedules, everything."""
    for seed in range(block, block + 20):
        limits = Limits(arrivals=bounds(seed))
        made = program(seed)
        searches = [
            engine(Machine(made, limits), Meter(limits, None)).run()
            for engine in (Nested, Pushdown)
        ]
        assert outcome(searches[0]) == outcome(searches[1]), f"seed {seed}"


def findings(search: Search) -> object:
    """What two searches must agree on."""
    found = {each.notice: len(each.schedule) for each in search.discoveries}
    return found, search.witnesses, sorted(search.reasons)


@pytest.mark.parametrize("block", range(0, 60, 20))
def test_other_cpus_beside_the_one_with_interrupts(block: int) -> None:
    compared = 0
    for seed in range(block, block + 20):
        made = several(seed)
        assert applicable(made)
        limits = Limits(engine="reference", arrivals=bounds(seed))
        nested = Nested(Machine(made, limits), Meter(limits, None), 1000)
        search = nested.run()
        if nested.over:
            continue
        compared += 1
        reference = explore(made, limits)
        wanted = {
            (each.code, each.severity, each.text, each.span): len(each.trace.events)
            for each in reference.findings
        }
        found = {
            (each.notice.code, each.notice.severity, each.notice.text, each.notice.span): len(
                each.schedule
            )
            for each in search.discoveries
        }
        assert found == wanted, f"seed {seed}"
        assert set(made.witnesses) - search.witnesses == set(reference.unreached)
    assert compared >= 8


def disagreements(seeds: range, make: Make = without) -> Iterator[int]:
    """Seeds on which machine code says something else than Python."""
    for seed in seeds:
        wanted = searched(seed, make)
        if wanted is None:
            continue
        made, limits = make(seed), Limits(arrivals=bounds(seed), seconds=9)
        assert swift(made)
        try:
            search = Pushdown(Machine(made, limits), Meter(limits, None)).run()
        except Exception:  # noqa: BLE001 - a mutant may fail anywhere
            yield seed
            continue
        if findings(wanted) != findings(search):
            yield seed


@pytest.mark.parametrize("block", range(0, 200, 50))
def test_other_cpus_in_machine_code(block: int) -> None:
    seeds = range(block, block + 50)
    assert list(disagreements(seeds)) == []
    assert sum(searched(seed) is not None for seed in seeds) >= 20


@pytest.mark.parametrize("block", range(0, 120, 40))
def test_counters_that_are_turned_round(block: int) -> None:
    seeds = range(block, block + 40)
    assert list(disagreements(seeds, counting.program)) == []
    assert sum(searched(seed, counting.program) is not None for seed in seeds) >= 12


def test_the_programs_have_every_kind_of_finding() -> None:
    found = [each for seed in SEEDS if (each := searched(seed)) is not None]
    codes = {each.notice.code for search in found for each in search.discoveries}
    assert codes >= {"assert", "deadlock", "null-dereference", "out-of-bounds", "odd", "saw-3"}


def test_little_is_searched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search begins again for each place that a computed address leads to, but early."""
    handler = Question(("handlers/2017/A.c",), kernel="v4.12rc", patch=("vfs_read",), cpus=2)
    pushdown = Pushdown(Machine(checking.program(handler), Limits()), Meter(Limits(), None))
    ended, widen = [], pushdown._widen

    def widened() -> None:
        ended.append(pushdown._control.word(store.EXPANDED))
        widen()

    monkeypatch.setattr(pushdown, "_widen", widened)
    search = pushdown.run()
    assert search.reasons == []
    assert len(ended) > 5
    assert sum(ended) < search.states / 10


def test_what_machine_code_finds_is_replayed() -> None:
    for seed in range(40):
        if searched(seed) is not None:
            explore(without(seed), Limits(engine="pushdown", arrivals=bounds(seed)))


def written(*contexts: tuple[str, int, str]) -> Program:
    """A program of two CPUs in one line a context: `x=1` writes, `a=x` reads into register a or b
    and reports what it read, `a~x` does not report it, `a^x` takes no step of its own, `x=a` writes
    a register, `?x` waits for x,
    `!` reports a and b, `+` and `-` switch interrupts, `#` fails. n counts modulo 4: `n+1` adds,
    `s=n` makes a copy, `c=1` reports whether n is 1 more than that, `c=2` whether it is 2."""
    letters = {letter for _, _, text in contexts for letter in text if letter.islower()}
    names = sorted(letters - {*"abcs"})
    place = {name: Const(0x1000 + 0x40 * n, U64) for n, name in enumerate(names)}
    line, made = 0, []
    for kind, cpu, text in contexts:
        instrs: list[Instr] = []
        for word in (*text.split(), ""):
            line += 1
            at = Site(Span("written.c", line, 1), ("f",))
            if not word:
                instrs.append(End(at))
            elif word[0] == "?":
                waits = Await(Reg("a", I32), at)
                instrs += [Atomic(at), Load("a", place[word[1]], I32, True, at), waits]
            elif word in "+-":
                instrs.append(IrqSet(Const(int(word == "+"), I32), at))
            elif word[:2] == "n+":
                step = Const(int(word[2]), I32)
                instrs.append(Rmw("add", None, place["n"], step, I32, False, at))
            elif word == "s=n":
                instrs.append(Load("s", place["n"], I32, False, at))
            elif word[:2] == "c=":
                instrs.append(Load("c", place["n"], I32, False, at))
                more = Binary("sub", Reg("c", I32), Reg("s", I32), I32)
                apart = Binary("and", more, Const(3, I32), I32)
                found = Binary("eq", apart, Const(int(word[2]), I32), I32)
                here = len(instrs)
                instrs += [Branch(found, here + 1, here + 2, at), Report("apart", at)]
            elif word[:2] in ("a~", "b~"):
                instrs.append(Load(word[0], place[word[2]], I32, False, at))
            elif word == "#":
                instrs.append(Check(Const(0, I32), "assert", "0", at))
            elif word == "!":
                both = Binary("and", Reg("a", I32), Reg("b", I32), I32)
                here = len(instrs)
                instrs += [Branch(both, here + 1, here + 2, at), Report("both", at)]
            elif word[0] in "ab":
                instrs.append(Load(word[0], place[word[2]], I32, word[1] == "^", at))
                here = len(instrs)
                instrs += [Branch(Reg(word[0], I32), here + 1, here + 2, at), Report("saw", at)]
            else:
                value = Reg(word[2], I32) if word[2] in "ab" else Const(int(word[2]), I32)
                instrs.append(Store(place[word[0]], value, I32, False, at))
        code = Code(tuple(instrs), dict.fromkeys("abcs", I32))
        made.append(Context(kind, cpu, f"{kind}{cpu}", code, at))
    objects = [Object(n, place[n].value, bytes(4), leaves=(Leaf(0, I32, ""),)) for n in names]
    wraps = (Wrap(place["n"].value, I32, 2),) if "n" in place else ()
    return Program(cpus=2, objects=tuple(objects), contexts=tuple(made), wraps=wraps)


WRITTEN = {
    "an interrupt is known before another CPU has come far": written(
        ("task", 0, "- u=0 a=v + b=u !"), ("irq", 0, "a=w u=a"), ("task", 1, "v=1 w=1")
    ),
    "another CPU steps in an interrupt of an interrupt": written(
        ("task", 0, "a=v b=t !"),
        ("irq", 0, "u=0 a=u t=a"),
        ("nmi", 0, "a=w u=a"),
        ("task", 1, "v=1 w=1"),
    ),
    "another CPU is freed for a moment": written(
        ("task", 0, "?x"), ("irq", 0, "y=1 y=0"), ("task", 1, "?y a=y")
    ),
    "another CPU is freed for a moment, and fails": written(
        ("task", 0, "?x"), ("irq", 0, "y=1 y=0"), ("task", 1, "?y #")
    ),
    "what another CPU has done stays done": written(
        ("task", 0, "a=u w=0 b=w !"), ("irq", 0, "a=w u=a"), ("task", 1, "w=1")
    ),
    "an interrupt sees what another CPU has done": written(
        ("task", 0, "a~v b~v !"), ("irq", 0, "a=w"), ("task", 1, "v=1")
    ),
    "an interrupt sees what another CPU has done when it arrives": written(
        ("task", 0, "x=1"), ("irq", 0, "a^v"), ("task", 1, "v=1")
    ),
    "another CPU is freed in an interrupt of an interrupt": written(
        ("task", 0, "x=1"),
        ("irq", 0, "h=1"),
        ("nmi", 0, "?h y=1 y=0"),
        ("task", 1, "?y #"),
    ),
    "another CPU is freed in one that is known before": written(
        ("task", 0, "- g=1 g=0 f=1 +"),
        ("irq", 0, "?f g=1 g=0"),
        ("nmi", 0, "?g y=1 y=0"),
        ("task", 1, "?f ?y #"),
    ),
    "an interrupt waits": written(("task", 0, "x=1"), ("irq", 0, "?w"), ("task", 1, "?y")),
    "a counter is copied before an interrupt and looked at in it": written(
        ("task", 0, "n+2 g=1"), ("irq", 0, "n+1 n+3"), ("task", 1, "?g s=n c=2")
    ),
    "a counter is copied before an interrupt and looked at in an interrupt of that": written(
        ("task", 0, "- g=1 ?k +"),
        ("irq", 0, "n+2 h=1 h=0 n+2"),
        ("nmi", 0, "?h n+1 n+3"),
        ("task", 1, "?g s=n k=1 c=1"),
    ),
    "nobody is freed": written(("task", 0, "?x"), ("irq", 0, "z=1 z=0"), ("task", 1, "?y a=y")),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_written_programs(name: str) -> None:
    made, limits = WRITTEN[name], Limits(engine="reference")
    assert verify(made) == []
    reference = explore(made, limits)
    wanted = {(each.code, each.span): len(each.trace.events) for each in reference.findings}
    for engine in (Nested, Pushdown):
        search = engine(Machine(made, limits), Meter(limits, None)).run()
        found = {
            (each.notice.code, each.notice.span): len(each.schedule) for each in search.discoveries
        }
        assert found == wanted, engine


def is_caught() -> bool:
    """Whether some program is answered otherwise than by the engine in Python."""
    limits = Limits(seconds=9)
    for made in WRITTEN.values():
        wanted = Nested(Machine(made, limits), Meter(limits, None)).run()
        if findings(wanted) != findings(Pushdown(Machine(made, limits), Meter(limits, None)).run()):
            return True
    if next(disagreements(range(120), counting.program), None) is not None:
        return True
    if next(disagreements(SEEDS), None) is not None:
        return True
    for seed in range(60):
        one = Nested(Machine(program(seed), limits), Meter(limits, None)).run()
        other = Pushdown(Machine(program(seed), limits), Meter(limits, None)).run()
        if outcome(one) != outcome(other):
            return True
    return False


MUTANTS = {
    "other CPUs do not step in an activation": (
        "    own = acts[ACT * act + FIRST_AWAKE]\n    while own != 0:",
        "    own = 0\n    while own != 0:",
    ),
    "an instance misses what its activation has found before": (
        "    number = acts[ACT * acts[ACT * own + SHARED] + FIRST_IN]\n",
        "    number = 0\n",
    ),
    "an exit is not applied to a late landing": (
        "    way_out = acts[ACT * act + FIRST_EXIT]\n    while",
        "    way_out = 0\n    while",
    ),
    "a late exit is not applied to an early landing": (
        "    landing = acts[ACT * act + FIRST_LANDING]\n    while landing != 0:\n        land(",
        "    landing = 0\n    while landing != 0:\n        land(",
    ),
    "an exit of an instance leaves other CPUs where they were": (
        "        mask = mask + WORLD * ARRIVING\n",
        "        mask = mask + 0\n",
    ),
    "a node below is not resumed in its instance": (
        "            resume(control, number, instance, way_out, after)\n",
        "            after = after + 0\n",
    ),
    "a read that a write overtakes": (
        "return written & reading | read & writing",
        "return written & reading",
    ),
    "a write that a read overtakes": (
        "return written & reading | read & writing",
        "return read & writing",
    ),
    "computed addresses touch nothing": (
        "touched[0] = touched[0] | gone(i)",
        "touched[0] = touched[0] | 0 * gone(i)",
    ),
    "computed addresses lead anywhere unnoticed": (
        "        touched[3] = 1\n",
        "        touched[3] = 0\n",
    ),
    "another CPU that goes on is no escape from a deadlock": (
        "        acts[ACT * act + RESTLESS] = 1\n",
        "        acts[ACT * act + RESTLESS] = 0\n",
    ),
    "what other CPUs find is not kept": (
        "            noted(control, act, elements[ELEMENT * e + TELLS], deep, number, how)\n",
        "            deep = deep + 0\n",
    ),
    "a block ends after its first step": (
        "        if elements[at + FRESH] != 0:\n",
        "        if elements[at + FRESH] == 2:\n",
    ),
    "an arrival sees nothing of other CPUs": (
        "            if are_entered(e) != 0:\n",
        "            if are_entered(e) == -1:\n",
    ),
    "an instance sleeps on while its activation does more": (
        "        stir(control, own)\n        own =",
        "        own =",
    ),
    "what interrupts an activation has done nothing there": (
        "                    did(control, act, did_reads[callee], did_writes[callee])\n",
        "                    act = act + 0\n",
    ),
    "what interrupts an activation does nothing more there": (
        "                did(control, caller, did_reads[act], did_writes[act])\n",
        "                caller = caller + 0\n",
    ),
    "an interrupt that waits is nothing to another CPU": (
        "        waits = WAITER if stuck != 0 else 0\n",
        "        waits = 0\n",
    ),
    "what has been turned round stays so": (
        "    if landings[LAND * landing + TURNED] != 0:\n",
        "    if landings[LAND * landing + TURNED] == 2:\n",
    ),
    "an instance is not turned round": (
        "                if turned != 0:\n                    turn(memory)\n",
        "                if turned == 2:\n                    turn(memory)\n",
    ),
    "an instance of an instance is not turned round": (
        "            if turned != 0:\n                turn(memory)\n            callee",
        "            if turned == 2:\n                turn(memory)\n            callee",
    ),
    "copies are not turned round": (
        "record[at + i] ^ frame_turns[FRAME * point + i]",
        "record[at + i] ^ 0 * frame_turns[FRAME * point + i]",
    ),
    "steps are put off whatever they lead to": (
        "        alike = same(kept_memory, 0, memory, WORLD)\n",
        "        alike = 1\n",
    ),
    "steps are put off whatever the interrupt has seen": (
        "        alike = same(kept_frame, 0, frame, FRAME)\n",
        "        alike = 1\n",
    ),
    "steps are put off behind one that finds something": (
        "if outcome == DONE and control[DEFERRED] == 0 and swapped",
        "if outcome == DONE and swapped",
    ),
    "a later, shorter way is ignored": (
        "    elif nodes[NODE * number + LONG] & LENGTHS <= length:",
        "    elif nodes[NODE * number + LONG] >= 0:",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_of_the_kernels_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = MUTANTS[name]
    text = model.kernels_text()
    assert text.count(old) == 1
    monkeypatch.setattr(model, "kernels_text", lambda: text.replace(old, new))
    model.MADE.clear()
    model.loops_text.cache_clear()
    try:
        assert is_caught()
    finally:
        model.MADE.clear()
        model.loops_text.cache_clear()
