"""Debian's own text in the place of the model v6.0's, and a line of it changed."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from klprove.check import Question
from klprove.check.checking import check
from klprove.check.lifting import ALL, Difference, differences, surveyed
from klprove.lift import Survey
from tests.sources.fetch import HERE, WANTED

pytestmark = pytest.mark.skipif(
    not all((HERE / name).exists() for name in WANTED),
    reason="no kernel source here; `make kernel-source` takes it from Debian",
)

SITES = ("arch_cpu_idle", "mce_log")
QUESTION = Question(files=(), kernel="v6.0", patch=SITES)


@cache
def survey() -> Survey:
    """The tree as it is."""
    return surveyed(replace(QUESTION, tree=str(HERE)))


def different(tree: Path) -> tuple[Difference, ...]:
    """Where the model and what can be lifted from `tree` do not agree."""
    real = check(replace(QUESTION, tree=str(tree), lift=(ALL,)), jobs=1)
    return differences(check(QUESTION, jobs=1), real)


def test_most_of_what_tells_rcu_is_lifted() -> None:
    lifted = set(survey().lifted)
    assert len(lifted) >= 40
    assert lifted >= {
        "ct_nmi_enter", "ct_nmi_exit", "ct_kernel_enter", "ct_kernel_exit", "ct_idle_enter",
        "irqentry_enter", "irqentry_exit", "irqentry_nmi_enter", "irqentry_nmi_exit",
        "__nmi_enter", "__nmi_exit", "irq_enter_rcu", "irq_exit_rcu", "klp_ftrace_handler",
        "ftrace_test_recursion_trylock", "klp_update_patch_state", "default_idle_call",
    }  # fmt: skip


def test_the_livepatch_core_is_lifted_in_its_scene() -> None:
    found = surveyed(Question(files=(), kernel="v6.1", scene="transition", tree=str(HERE)))
    assert set(found.lifted) >= {
        "klp_start_transition", "klp_try_complete_transition", "klp_reverse_transition",
        "klp_update_patch_state", "klp_force_transition", "klp_copy_process",
    }  # fmt: skip
    kept = {each.name for each in found.entries if "own reports" in each.reason}
    assert kept >= {"klp_init_transition", "klp_complete_transition"}


def test_what_is_taken_as_empty_is_told() -> None:
    empty = survey().composed.empty
    assert {"lockdep_off", "instrumentation_begin", "trace_rcu_dyntick"} <= set(empty)
    assert not set(empty) & {each.name for each in survey().entries}


def test_what_is_not_lifted_has_a_reason() -> None:
    assert all(each.reason for each in survey().entries if each.word == "not lifted")


def test_the_model_says_what_the_kernel_says() -> None:
    assert different(HERE) == ()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("kernel/context_tracking.c", "\tlong incby = 2;", "\tlong incby = 1;"),
        (
            "kernel/context_tracking.c",
            "WARN_ON_ONCE(ct_dynticks_nmi_nesting() <= 0);",
            "if (!in_nmi()) return;",
        ),
        ("include/linux/hardirq.h", "__preempt_count_sub(NMI_OFFSET + ", "__preempt_count_sub("),
    ],
)
def test_a_changed_line_is_found(tmp_path: Path, file: str, old: str, new: str) -> None:
    tree = tmp_path / "linux"
    shutil.copytree(HERE, tree)
    text = (tree / file).read_text()
    assert text.count(old) == 1
    (tree / file).write_text(text.replace(old, new))
    assert {each.site for each in different(tree) if each.lifted} == set(SITES)
