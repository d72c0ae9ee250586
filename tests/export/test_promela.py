"""Exported models through SPIN as it is: the same states, transitions and findings."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from klprove.check import Question, program
from klprove.corpus import read
from klprove.engine.limits import Limits
from klprove.export import promela
from klprove.ir.program import Program
from klprove.source import BadInput
from tests.engine import generated, interleaved, rich
from tests.export.spin import INSTALLED, WHY, against, compare, run, searched

pytestmark = pytest.mark.skipif(not INSTALLED, reason=WHY)

ROOT = Path(__file__).parents[2]
ONE_EACH = {"irq": 1, "nmi": 1, "exception": 1, "softirq": 1}
TWINS = (
    "x86-nmi-cr2",
    "x86-nmi-iret-nesting",
    "perf-rb-data-head",
    "klp-func-stack-rcu",
    "task-work-nmi-wrong-task",
    "klp-replaced-patch-freed-early",
)
"""Of the corpus: NMIs that nest, pointers, kfree, one CPU and two."""


@pytest.mark.parametrize("twin", ["buggy", "fixed"])
@pytest.mark.parametrize("entry", TWINS)
def test_the_corpus(entry: str, twin: str) -> None:
    path = ROOT / "corpus" / entry / f"{twin}.c"
    wanted = read(path)
    limits = Limits(arrivals=wanted.arrivals, nest=wanted.nest)
    found = compare(program(Question((str(path),))), limits)
    assert found is not None and found.wrong == ()
    assert found.states == wanted.states


@pytest.mark.parametrize("seed", [5, 7, 13])
def test_generated_programs(seed: int) -> None:
    found = compare(generated.program(seed), Limits(arrivals={} if seed % 3 else ONE_EACH))
    assert found is not None and found.wrong == ()


@pytest.mark.parametrize("seed", [2007, 2010])
def test_two_cpus(seed: int) -> None:
    found = compare(generated.program(seed, cpus=2), Limits(arrivals=ONE_EACH))
    assert found is not None and found.wrong == ()


RICH = (3, 9, 14, 17, 20, 30, 37)


@pytest.mark.parametrize("seed", RICH)
def test_rich_programs(seed: int) -> None:
    """Computed addresses, every operator, loops inside a step, several tasks."""
    found = compare(rich.program(seed), Limits(arrivals=ONE_EACH))
    assert found is not None and found.wrong == ()


@pytest.mark.parametrize("seed", [0, 2, 4, 20, 25, 30])
def test_interleaved_programs(seed: int) -> None:
    """Up to three CPUs, several tasks on one, preemption, arrivals refused by a bound, kfree."""
    limits = Limits(arrivals=interleaved.arrivals(seed))
    found = compare(interleaved.program(seed), limits)
    assert found is not None and found.wrong == ()


def test_the_benchmark_is_the_state_space_of_its_twin() -> None:
    """463,011 is what the Promela that was written by hand has, but for its state before boot."""
    file = ROOT / "bench" / "dynticks_nest.c"
    defines = {"NCPU": "2", "NIST": "0", "NNMI": "0"}
    made = promela(program(Question((str(file),), defines=defines)), Limits(arrivals=ONE_EACH))
    ran = run(made, ("-O1", "-DSAFETY", "-DNOREDUCE"))
    assert (ran.states, ran.transitions, ran.errors) == (463_011, 1_338_170 + 1, 0)


def test_the_command_at_the_head_of_the_model() -> None:
    """With -O2 gcc may take two types for two objects: the state would seem corrupted."""
    handler = str(ROOT / "handlers" / "2017" / "A.c")
    asked = Question((handler,), kernel="v4.12rc", patch=("vfs_read",))
    arrivals = {"softirq": 0, "irq": 0, "nmi": 0, "exception": 1}
    model = promela(program(asked), Limits(arrivals=arrivals))
    optimised = re.search(r"gcc (-O\d) (-DSAFETY)", model.text)
    assert optimised
    flags = (*optimised.groups(), "-DNOREDUCE")
    found = compare(program(asked), Limits(arrivals=arrivals), flags)
    assert found is not None and found.wrong == ()


def cr2() -> Program:
    """The model of the first example."""
    return program(Question((str(ROOT / "corpus" / "x86-nmi-cr2" / "buggy.c"),)))


def test_partial_order_reduction_finds_the_same() -> None:
    found = compare(generated.program(2007, cpus=2), Limits(arrivals=ONE_EACH), ("-O0", "-DSAFETY"))
    assert found is not None and found.wrong == ()


def test_an_event_can_be_made_an_assertion(tmp_path: Path) -> None:
    model = promela(cr2(), Limits())
    number = next(n for n, each in enumerate(model.events, 1) if each.finding is not None)
    ran = run(model, find=number, folder=tmp_path)
    assert ran.errors == 1
    command = ["./pan", "-r"]
    trail = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    last = re.findall(r"proc +0 \(task0\) model\.pml:(\d+)", trail)
    text = model.text.splitlines()
    point = next(line for line in reversed(text[: int(last[0])]) if re.match(r"P\d+:", line))
    assert "buggy.c:12" in point or "buggy.c:10" in point
    assert "assert(0)" in trail


def test_the_assertion_of_an_event_fails_where_it_is_noticed() -> None:
    model = promela(generated.program(7), Limits(arrivals=ONE_EACH))
    noticed = run(model).noted
    findings = [n for n, each in enumerate(model.events, 1) if each.finding is not None]
    assert len(noticed) >= 3 and set(findings) - noticed
    for number in findings:
        assert run(model, find=number).errors == (number in noticed), model.events[number - 1]


MUTANTS = {
    "an iret does not restore the interrupt flag": (r"\n  m\[\d+\] = f\[0\];", ""),
    "an NMI does not mask NMIs": (r"\n  m\[\d+\] = 1;", ""),
    "a task moves while an interrupt is on top": (r" && now\.k\.depth\[cpu\] == 0", ""),
    "what is dead is not cleared": (r"\n  memset\(f.*\);", ""),
    "a step writes nothing": (r"\n  PUT\(i32, m .*;", ""),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_model_is_noticed(name: str) -> None:
    pattern, instead = MUTANTS[name]
    made, limits = generated.program(12), Limits()
    model = promela(made, limits)
    text, count = re.subn(pattern, instead, model.text)
    assert count, "the mutant changes nothing"
    ours = searched(made, limits, 30_000)
    assert ours is not None
    try:
        wrong = against(replace(model, text=text), *ours).wrong
    except subprocess.CalledProcessError as error:  # more frames than the state has room for
        wrong = (str(error.cmd),)
    except ValueError as error:  # no end
        wrong = (str(error),)
    assert wrong


def test_what_can_follow_is_not_for_spin(tmp_path: Path) -> None:
    model = tmp_path / "model.c"
    model.write_text(
        "#include <klprove.h>\nint x; __task(0) void f(void) { x = 1; await(0); }\n"
        "eventually(on, x == 1)\n"
    )
    with pytest.raises(BadInput, match=r"model.c:3:1: error: eventually\(on\)"):
        promela(program(Question((str(model),))), Limits())
