"""RCU off, NMI, interrupts, stacks: what the kernel in miniature was arranged for."""

import pytest

from klprove.scan import Map, scan
from klprove.scan.answers import CERTAIN, LIKELY, POSSIBLE
from tests.scan.toy import objcopied, toy


def grades(found: Map, question: str) -> dict[str, int]:
    return {found.names[i]: step.grade for i, step in found.reached[question].items()}


def patchable(found: Map, question: str, grade: int) -> set[str]:
    return {found.names[i] for i in found.list(question, grade) if found.patch[i] == "site"}


def test_what_is_entered_with_rcu_off(found: Map) -> None:
    sure = {"arch_cpu_idle", "as_linked", "where_a_key_is_on"}
    assert patchable(found, "rcu-off", CERTAIN) == sure
    assert patchable(found, "rcu-off", LIKELY) == sure | {
        "as_updated",  # a static call
        "default_idle",  # through a variable, whose writers are in the image
        "mwait_idle",
        "halt_idle",
        "in_the_window",
        "enter_simply",  # through a structure, by the prototype of its member
    }


@pytest.mark.parametrize(
    "name",
    [
        *("before_the_window", "after_the_window", "enter_by_itself"),
        *("other_prototype", "never_taken", "cpuidle_enter_state"),
        "not_idle",  # stored beside it, to another variable
        "behind_the_entry",  # a key that is taken as on tells RCU first
    ],
)
def test_what_is_not(found: Map, name: str) -> None:
    assert name not in grades(found, "rcu-off")


def test_what_reports_an_error_is_only_possible(found: Map) -> None:
    assert grades(found, "rcu-off")["_printk"] == POSSIBLE


def test_entries_begin_with_rcu_off_and_their_handlers_do_not(found: Map) -> None:
    said = grades(found, "rcu-off")
    assert said["exc_nmi"] == said["common_interrupt"] == CERTAIN
    assert not {"nmi_handle", "an_nmi_handler", "handle_it", "a_handler"} & set(said)


def test_the_path_says_how(found: Map) -> None:
    (index,) = found.find("in_the_window")
    path = found.path_to("rcu-off", index)
    assert [found.names[each] for each, _ in path] == [
        "arch_cpu_idle",
        "default_idle",
        "in_the_window",
    ]
    first, second, third = (step.how for _, step in path)
    assert first == "called with RCU off in default_idle_call"
    assert "variable x86_idle" in second and "select_idle" in second
    assert third == "called"


def test_a_hook_that_is_missing_leaves_the_question_open() -> None:
    names = ("ct_idle_enter", "ct_idle_exit")
    found = scan(str(objcopied(*(f"--redefine-sym={each}=x_{each}" for each in names))))
    assert "rcu-off" in found.open and "rcu-off" not in found.reached


def test_without_types_the_map_says_what_it_lacks() -> None:
    found = scan(str(objcopied("--remove-section=.BTF")))
    assert "enter_simply" not in patchable(found, "rcu-off", LIKELY)
    assert grades(found, "rcu-off")["enter_simply"] == POSSIBLE  # by its section
    assert any("BTF" in each for each in found.notes)
    assert any("1 indirect call" in each for each in found.notes)


def test_nmi(found: Map) -> None:
    assert patchable(found, "nmi", CERTAIN) == {"nmi_handle"}
    assert patchable(found, "nmi", LIKELY) == {"nmi_handle", "an_nmi_handler"}


def test_interrupts(found: Map) -> None:
    assert patchable(found, "irq", CERTAIN) == {"handle_it"}
    assert "in_task_context" not in grades(found, "irq")
    assert patchable(found, "irq", LIKELY) == {"handle_it", "a_handler"}


def test_interrupts_off(found: Map) -> None:
    said = grades(found, "irqs-off")
    assert said["with_a_lock"] == said["between_cli_and_sti"] == CERTAIN
    assert said["arch_cpu_idle"] == CERTAIN
    assert "without_a_lock" not in said


def test_a_callee_may_turn_interrupts_on(found: Map) -> None:
    said = grades(found, "irqs-off")
    assert said["still_off"] == said["off_as_before"] == CERTAIN
    assert said["perhaps_on_again"] == LIKELY
    assert "on_again" not in said


def test_interrupts_off_without_paravirtualisation() -> None:
    said = grades(scan(str(toy("-DBARE"))), "irqs-off")
    assert said["between_bare_cli_and_sti"] == CERTAIN
    assert not {"behind_them", "turns_them_off_itself"} & set(said)


def test_what_is_written_over_other_code_at_boot() -> None:
    found = scan(str(toy("-DALTERNATIVES")))
    said = grades(found, "rcu-off")
    names = ("before_boot", "after_boot", "with_the_feature", "without_the_feature")
    assert [said.get(each) for each in names] == [CERTAIN] * 4
    assert found.counts["alternatives"] == 3


def test_what_never_leaves_a_stack(found: Map) -> None:
    assert grades(found, "never-ends") == {
        "schedule": CERTAIN,
        "a_thread": CERTAIN,
        "a_short_thread": LIKELY,
        "wait_until": LIKELY,
    }
