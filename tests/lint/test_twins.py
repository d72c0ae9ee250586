"""A good and a bad module for each rule: every bad one is found, no good one is accused."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.image.dwarf import DebugSections, Inlines
from klprove.lint import RULES, Case, Kernel, explanations, lint, read_livepatch
from klprove.scan import Map
from tests.lint.building import Twin, twins

ROOT = Path(__file__).parents[2]
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


def test_each_rule_has_a_bad_twin_and_texts() -> None:
    found = {rule for each in twins() for rule in each.expected}
    assert found | WITHOUT_TWIN == set(RULES)
    assert set(explanations()) == set(RULES)


@pytest.mark.parametrize("rule", sorted(explanations()))
def test_the_model_of_a_rule_is_there(rule: str) -> None:
    words = shlex.split(explanations()[rule].model)
    files = [each for each in words if each.endswith(".c")]
    assert all((ROOT / each).is_file() for each in files)
    assert not words or (words[:2] == ["klprove", "check"] and files)
