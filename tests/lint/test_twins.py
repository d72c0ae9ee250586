"""A good and a bad module for each rule: every bad one is found, no good one is accused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.image.dwarf import DebugSections, Inlines
from klprove.lint import RULES, Case, Kernel, lint, read_livepatch
from klprove.scan import Map
from tests.lint.building import Twin, twins

WITHOUT_TWIN = {"H20", "H25", "H26", "H28"}
"""H20 is in test_objects.py. The others are not about a source: test_builds.py changes the file."""


@pytest.mark.parametrize("twin", twins(), ids=lambda each: each.name)
def test_twin(
    twin: Twin,
    kernel: Kernel,
    contexts: Map,
    inlined: Inlines | str,
    dwarf: DebugSections,
    built: Callable[[str], Path],
) -> None:
    after = tuple(read_livepatch(str(built(each))) for each in twin.after)
    patch = read_livepatch(str(built(twin.name)))
    report = lint(Case(patch, kernel, after, contexts, inlines=inlined, debug=dwarf))
    told = {(each.rule, each.severity) for each in report.findings}
    accused = {pair for pair in told if pair[1] in ("error", "warning")}
    assert set(twin.expected.items()) <= accused
    assert {rule for rule, _ in accused} == set(twin.expected)
    assert report.exit_status == (1 if twin.expected else 3)


@pytest.mark.parametrize("name", [each.name for each in twins() if each.expected])
def test_without_a_kernel_nothing_is_called_fine(name: str, built: Callable[[str], Path]) -> None:
    report = lint(Case(read_livepatch(str(built(name)))))
    assert report.exit_status in (1, 3)


def test_each_rule_has_a_bad_twin_that_it_alone_finds() -> None:
    alone = {rule for each in twins() for rule in each.expected if len(each.expected) == 1}
    assert alone | WITHOUT_TWIN == set(RULES)


NEAR_MISSES = {"H02", "H04", "H06", "H09", "H11", "H13", "H14", "H17", "H22", "H23"}
"""Rules that judge by the look of code: what looks bad and is not has to be told from what is."""


@pytest.mark.parametrize("rule", sorted(set(RULES) - WITHOUT_TWIN))
def test_each_rule_has_good_twins(rule: str) -> None:
    good = [each for each in twins() if each.name.startswith(rule.lower()) and each.good(rule)]
    assert len(good) >= (2 if rule in NEAR_MISSES else 1)


def test_functions_that_share_a_variable_are_told(built: Callable[[str], Path]) -> None:
    before = read_livepatch(str(built("h13_pair")))
    case = Case(read_livepatch(str(built("h13_half_bad"))), earlier=(before,))
    told = [each for each in lint(case, ["H13"]).findings if "shares shown" in each.text]
    assert [(each.severity, each.where) for each in told] == [("warning", "cmdline_proc_show")]
    case = Case(read_livepatch(str(built("h13_beside_good"))), earlier=(before,))
    assert not [each for each in lint(case, ["H13"]).findings if "shares" in each.text]
