"""KTAP, read by the kernel's own parser."""

from typing import Any

import pytest

from klprove.formats import FAIL, INCOMPLETE, PASS, SKIP, Finding, Item, Results
from klprove.formats.ktap import ktap
from tests.formats.kunit import needed, outline, parsed
from tests.formats.made import EVIL, nothing, results


@needed
def test_outcomes_as_the_kernel_reads_them() -> None:
    test = parsed(ktap(results("t")))
    assert outline(test) == [
        (
            "t",
            "FAILURE",
            [
                ("t", "FAILURE", []),
                ("unknown", "FAILURE", []),
                ("not asked", "SKIPPED", []),
                ("noted", "SUCCESS", []),
                ("waived", "SUCCESS", []),
            ],
        ),
        ("alone", "SUCCESS", []),
    ]
    assert test.counts.errors == 0
    assert (test.counts.passed, test.counts.failed, test.counts.skipped) == (3, 2, 1)


@needed
@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_only_a_name(name: str) -> None:
    plain = outline(parsed(ktap(results("t"))))
    test = parsed(ktap(results(name)))
    assert test.counts.errors == 0
    assert _shape(outline(test)) == _shape(plain)


def _shape(tests: list[tuple[str, str, Any]]) -> Any:
    return [(status, _shape(parts)) for _, status, parts in tests]


@needed
@pytest.mark.parametrize(
    ("outcome", "status"),
    [(PASS, "SUCCESS"), (FAIL, "FAILURE"), (INCOMPLETE, "FAILURE"), (SKIP, "SKIPPED")],
)
def test_a_whole_is_as_its_gravest_part(outcome: str, status: str) -> None:
    parts = (Item("a", SKIP), Item("b", outcome, "why"))
    test = parsed(ktap(Results("check", "x", (Item("whole", items=parts),), 0)))
    assert [each.status.name for each in test.subtests] == [status]


def test_what_is_not_known_has_its_reason() -> None:
    text = ktap(Results("check", "x", (Item("a", INCOMPLETE, "time limit # 1s"),), 3))
    assert "not ok 1 a # ERROR time limit _ 1s" in text.splitlines()


def test_a_diagnostic_stands_before_its_result() -> None:
    items = (Item("a", FAIL, findings=(Finding("code", "error", "text", where="f+0x1"),)),)
    lines = ktap(Results("lint", "said", items, 1)).splitlines()
    assert lines == [
        "KTAP version 1",
        "1..1",
        "# said",
        "# a: error: code: text at f+0x1",
        "not ok 1 a",
        "# Totals: pass:0 fail:1 xfail:0 xpass:0 skip:0 error:0",
    ]


def test_it_is_ascii_and_the_same_every_time() -> None:
    for name in EVIL:
        text = ktap(results(name))
        assert text.isascii()
        assert text.replace("\n", "").isprintable()
        assert text == ktap(results(name))
    assert "ok 1 model.c" in ktap(nothing())
