"""What klprove should do and does not do yet. Each passes the day it does, and then must go."""

from pathlib import Path

import pytest

from klprove.check import Question, check, program

ROOT = Path(__file__).parent.parent


def contexts(kernel: str, cpus: int = 1) -> dict[str, int]:
    """Contexts of a kernel model by name, and on how many CPUs."""
    made = program(Question((str(ROOT / "handlers/2017/G.c"),), kernel=kernel, cpus=cpus))
    found: dict[str, int] = {}
    for each in made.contexts:
        found[each.name] = found.get(each.name, 0) + 1
    return found


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="no kernel model has int3 and #DF as contexts"
)
def test_breakpoints_arrive() -> None:
    assert {"do_int3", "do_double_fault"} <= set(contexts("v4.16"))


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="in the kernel models nothing interrupts the updater's CPU",
)
def test_the_updater_is_interrupted() -> None:
    assert contexts("v4.16", 2)["common_interrupt"] == 2


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="one task a CPU: nothing is preempted in the kernel models",
)
def test_tasks_are_preempted() -> None:
    assert contexts("v4.16")["cpu_startup_entry"] > 1


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="fixed forms of the corpus that are right on x86 have findings under x86-TSO, as their "
    "models use flags where the kernel has barriers",
)
@pytest.mark.parametrize("twin", ["klp-force-unload", "klp-immediate-mix"])
def test_what_is_fixed_holds_under_tso(twin: str) -> None:
    question = Question((str(ROOT / "corpus" / twin / "fixed.c"),), memory_model="tso")
    assert check(question, jobs=1).word == "holds"


@pytest.mark.xfail(strict=True, raises=KeyError, reason="no memory model is weaker than x86-TSO")
def test_other_machines_have_models() -> None:
    made = Question((str(ROOT / "corpus/x86-nmi-cr2/fixed.c"),), memory_model="lkmm")
    assert "lkmm" in check(made, jobs=1).assumptions[0]
