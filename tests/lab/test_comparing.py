"""What was seen against a map of five functions."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from klprove.lab import Entered, Run, Seen, Way, compare_seen, fits
from klprove.report.seen import observed, observed_document
from klprove.scan import Map, Step
from tests.schemas.law import obey

NAMES = ["task", "idle", "handler", "plain", "last"]
START = 0xFFFFFFFF81000000
QUESTIONS = ("rcu-off", "nmi", "irq", "irqs-off")
WAYS: Mapping[str, Way] = {
    "rcu-off": Way("task", False, True, False),
    "nmi": Way("nmi", False, False, False),
    "irq": Way("hardirq", False, False, False),
    "irqs-off": Way("task", True, False, False),
}
"""A way that answers one question with yes, and no other."""
TASK = Way("task", False, False, False)


def site(name: str) -> int:
    return START + 16 * NAMES.index(name) + 4


def map_of(patch: str = "site", reached: Mapping[str, Mapping[str, int]] | None = None) -> Map:
    """Functions of 16 bytes with a site at +4; `reached`: a question's grades by name."""
    steps = {
        question: {
            NAMES.index(name): Step(grade, 1, -1, "called", 0)
            for name, grade in (reached or {}).get(question, {}).items()
        }
        for question in QUESTIONS
    }
    return Map(
        "vmlinux", "x86_64", "6.1", "ab", [], NAMES, {3: ["other"]},
        [START + 16 * i for i in range(5)], [16] * 5, [".text"] * 5, [patch] * 5, [4] * 5,
        frozenset(), {}, {}, steps,
    )  # fmt: skip


def seen(**ways: dict[Way, Entered]) -> Seen:
    return Seen("6.1", "ab", [], frozenset(), {site(name): each for name, each in ways.items()})


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_was_seen_has_to_be_in_the_map(question: str) -> None:
    it = seen(handler={WAYS[question]: Entered(7, site("plain")), TASK: Entered(100, 0)})
    (missing,) = compare_seen(map_of(), it).missing
    assert (missing.question, missing.site) == (question, site("handler"))
    assert NAMES[missing.function] == "handler" and NAMES[missing.caller] == "plain"
    assert (missing.way, missing.entered.times) == (WAYS[question], 7)  # not the way of the task


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("grade", [0, 1, 2])
def test_any_grade_will_do(question: str, grade: int) -> None:
    found = map_of(reached={question: {"handler": grade, "last": 2}})
    compared = compare_seen(found, seen(handler={WAYS[question]: Entered(1, 0)}))
    assert compared.missing == ()
    share = compared.shares[question]
    assert share.seen == tuple(int(each == grade) for each in range(3))
    assert sum(share.mapped) == 2 and share.missing == 0


def test_the_first_function_counts_and_a_hard_interrupt_asks_two_questions() -> None:
    it = seen(task={Way("hardirq", True, False, False): Entered(1, 0)})
    assert [each.question for each in compare_seen(map_of(), it).missing] == ["irq", "irqs-off"]


def test_another_question_is_no_answer() -> None:
    found = map_of(reached={"irq": {"handler": 0}})
    (missing,) = compare_seen(found, seen(handler={WAYS["nmi"]: Entered(1, 0)})).missing
    assert missing.question == "nmi"


def test_a_softirq_is_an_interrupt() -> None:
    it = seen(handler={Way("softirq", False, False, False): Entered(1, 0)})
    assert [each.question for each in compare_seen(map_of(), it).missing] == ["irq"]


def test_a_task_asks_nothing() -> None:
    compared = compare_seen(map_of(), seen(task={TASK: Entered(1, 0)}))
    assert (compared.missing, compared.functions) == ((), 1)


def test_what_ran_through_a_site_can_be_patched() -> None:
    compared = compare_seen(map_of("no-site"), seen(task={TASK: Entered(1, 0)}))
    assert [each.question for each in compared.missing] == ["patchable"]
    nowhere = Seen("6.1", "ab", [], frozenset(), {START + 5: {TASK: Entered(2, 1)}})
    (missing,) = compare_seen(map_of(), nowhere).missing
    assert (missing.question, missing.function, missing.caller) == ("patchable", -1, -1)


def test_the_kernels_own_list_on_both_sides() -> None:
    listed = frozenset({"task", "idle", "other", "handler", "unheard_of"})
    compared = compare_seen(map_of(), Seen("6.1", "ab", [], listed))
    assert [NAMES[each] for each in compared.unlisted] == ["last"]  # `other` is plain's alias
    assert compared.surplus == ("unheard_of",)


def test_only_one_build_is_compared() -> None:
    assert fits(map_of(), seen())
    assert not fits(map_of(), Seen("6.1", "cd", [], frozenset()))
    assert not fits(replace(map_of(), build_id=""), Seen("6.1", "", [], frozenset()))


def test_the_report_names_all_that_is_missing() -> None:
    it = seen(
        idle={WAYS["rcu-off"]: Entered(1234, site("task"))},
        handler={WAYS["irq"]: Entered(1, 2), WAYS["nmi"]: Entered(1, site("last"))},
    )
    found = map_of(reached={"irq": {"handler": 1}, "nmi": {"last": 2}})
    compared = compare_seen(found, it)
    calls = ["pointer", "direct"]
    text = observed(found, it, compared, calls)
    assert text.startswith("klprove: UNSOUND  6.1")
    assert text[text.index("not in the map") :].splitlines() == [
        "not in the map: may run in NMI-like context: 1",
        "  by a function of the map, a call through a pointer: 1",
        "    handler <- last  nmi, 1 time",
        "",
        "not in the map: may be entered while RCU is not watching: 1",
        "  by what is not in the map either, a call of this very function: 1",
        "    idle <- task  task rcu-off, 1,234 times",
    ]
    assert max(map(len, text.splitlines())) < 80
    said = observed_document(found, it, compared, calls)
    obey(said)
    assert [
        (each["function"], each["call"], each["caller_in_map"]) for each in said["missing"]
    ] == [("handler", "pointer", True), ("idle", "direct", False)]
    assert said["questions"]["irq"]["likely"] == {"mapped": 1, "seen": 1}


def test_a_sound_map_says_so() -> None:
    found = map_of(reached={"irq": {"handler": 1}})
    it = seen(handler={WAYS["irq"]: Entered(1, 2)})
    it = replace(it, runs=[Run("max", ["idle=poll"], 1.5, 1234, 1, 2)])
    text = observed(found, it, compare_seen(found, it), [])
    assert "machine : max idle=poll, 1.5s, 1,234 NMIs, 1 machine check, 2 entries" in text
    assert text.startswith("klprove: OBSERVED  6.1") and "not in the map" not in text
