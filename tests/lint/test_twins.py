"""A good and a bad module for each rule: every bad one is found, no good one is accused."""

from pathlib import Path

import pytest

from klprove.lint import RULES, Case, Kernel, Report, explanations, lint, read_livepatch
from tests.lint.building import Twin, build_kernel, build_module, has_gcc, twins

pytestmark = pytest.mark.skipif(not has_gcc(), reason="gcc for x86-64 builds the modules")

WITHOUT_TWIN = {"H21", "H25", "H26", "H28"}
"""Rules about what is not in a source: tests/lint/test_builds.py changes the file."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("twins")


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Kernel:
    return Kernel(str(build_kernel(folder)))


def reported(twin: Twin, kernel: Kernel, folder: Path) -> Report:
    patch = read_livepatch(str(build_module(twin.name, folder)))
    after = read_livepatch(str(build_module(twin.after, folder))) if twin.after else None
    return lint(Case(patch, kernel, after))


@pytest.mark.parametrize("twin", twins(), ids=lambda each: each.name)
def test_twin(twin: Twin, kernel: Kernel, folder: Path) -> None:
    report = reported(twin, kernel, folder)
    told = {(each.rule, each.severity) for each in report.findings}
    accused = {pair for pair in told if pair[1] in ("error", "warning")}
    assert set(twin.expected.items()) <= accused
    assert {rule for rule, _ in accused} == set(twin.expected)
    assert report.exit_status == (1 if twin.expected else 3)


def test_each_rule_has_a_bad_twin_and_texts() -> None:
    found = {rule for each in twins() for rule in each.expected}
    assert found | WITHOUT_TWIN == set(RULES)
    assert set(explanations()) == set(RULES)
    assert any(not each.expected for each in twins())
