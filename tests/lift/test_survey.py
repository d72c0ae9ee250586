"""A whole tree against a model."""

from dataclasses import replace
from pathlib import Path

import pytest

from klprove import check
from klprove.check import Answer, Question
from klprove.check import check as answered
from klprove.check.lifting import ALL, differences, surveyed
from klprove.lift import ABSENT, LIFTED, REFUSED, Survey
from tests.lift.trees import FILES, changed, of_model, plant

QUESTION = Question(
    files=("handlers/2017/G.c",),
    kernel="v4.12",
    patch=("default_do_nmi", "rcu_nmi_exit"),
    arrivals={"irq": 1, "nmi": 1, "exception": 1, "softirq": 1},
)


def survey(folder: Path, **options: object) -> Survey:
    return surveyed(replace(QUESTION, tree=str(folder), **options))


def words(found: Survey) -> dict[str, str]:
    return {each.name: each.word for each in found.entries}


def test_each_function_is_lifted_or_has_its_reason(tmp_path: Path) -> None:
    found = survey(plant(tmp_path))
    said = {each.name: each for each in found.entries}
    assert list(found.lifted) == ["rcu_nmi_enter", "rcu_nmi_exit", "nmi_enter"]
    assert said["nmi_enter"].is_macro
    assert said["nmi_exit"].word == ABSENT
    assert said["rcu_dynticks_task_enter"].reason == "inline assembly"
    lost = said["rcu_irq_exit_irqson"]
    assert (lost.word, lost.reason) == (REFUSED, "name unheard_of unknown")
    assert lost.at and lost.at.line == FILES["kernel/rcu/tree.c"].count("\n") - 1
    assert [each.name for each in found.supplied] == ["still_to_come", "NOTHING_LEFT"]
    assert found.composed.empty == (
        "instrumentation_begin",
        "instrumentation_end",
        "lockdep_off",
        "trace_rcu_dyntick",
    )


def test_a_signature_that_the_model_has_not_is_the_reason(tmp_path: Path) -> None:
    text = "void irq_enter(int cpu)\n{\n\tpreempt_count_add(HARDIRQ_OFFSET);\n}\n"
    found = survey(plant(tmp_path, {**FILES, "kernel/softirq.c": text}))
    entry = next(each for each in found.entries if each.name == "irq_enter")
    assert entry.word == REFUSED and "too few arguments" in entry.reason
    assert "rcu_nmi_enter" in found.lifted


def test_a_function_that_reports_to_the_properties_stays(tmp_path: Path) -> None:
    text = "void __do_softirq(void)\n{\n}\n"
    found = survey(plant(tmp_path, {**FILES, "kernel/softirq.c": text}))
    entry = next(each for each in found.entries if each.name == "__do_softirq")
    assert entry.word == REFUSED and "body_needs_rcu" in entry.reason


def test_what_the_language_refuses_is_not_lifted(tmp_path: Path) -> None:
    text = (
        "void rcu_irq_enter(void)\n{\n\tdouble d = 1.5;\n\n\tif (d > 1)\n\t\trcu_nmi_enter();\n}\n"
    )
    found = survey(plant(tmp_path, {**FILES, "kernel/rcu/irq.c": text}))
    assert words(found)["rcu_irq_enter"] == REFUSED
    assert "rcu_nmi_enter" in found.lifted


def test_a_file_that_cannot_be_read_leaves_the_rest(tmp_path: Path) -> None:
    plant(tmp_path)
    (tmp_path / "kernel/softirq.c").write_bytes(b"void irq_enter(void)\n{\n}\n\0")
    found = survey(tmp_path)
    assert words(found)["irq_enter"] == ABSENT
    assert "rcu_nmi_enter" in found.lifted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, None),
        ("int incby = 2;", "int incby = 1;"),
        ("\tinstrumentation_begin();\n", "\tif (in_nmi())\n\t\treturn;\n"),
    ],
)
def test_comparing_finds_what_was_changed(tmp_path: Path, old: str, new: str) -> None:
    files = changed("kernel/rcu/tree.c", old, new) if old else FILES
    question = replace(QUESTION, tree=str(plant(tmp_path, files)), lift=(ALL,))
    real = check_with(question)
    found = differences(check_with(replace(question, tree=None, lift=())), real)
    assert bool(found) == bool(old)
    if old:
        corrupted = [each for each in found if each.code == "state-corrupted"]
        assert {each.site for each in corrupted} == set(QUESTION.patch)
        assert all(each.lifted and not each.modelled for each in corrupted)


def check_with(question: Question) -> Answer:
    """The answer to a question, by this process alone."""
    return answered(question, jobs=1)


def test_a_models_own_text_is_lifted_but_for_what_reports(tmp_path: Path) -> None:
    found = survey(plant(tmp_path, of_model("v4.12")))
    refused = {each.name: each.reason for each in found.entries if each.word != LIFTED}
    assert all("reports to its properties" in reason for reason in refused.values()), refused
    assert len(found.lifted) > 40


def test_sites_that_only_one_has_are_told() -> None:
    one = check(QUESTION.files, kernel="v4.12", patch="default_do_nmi", arrivals=0, jobs=1)
    (found,) = differences(one, replace(one, sites={}))
    assert (found.site, found.code) == ("default_do_nmi", "")
    assert "only the modelled text" in found.reason
