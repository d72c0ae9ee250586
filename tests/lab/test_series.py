"""The tests of a series of kernels, chosen and counted."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.series import ASKED
from tests.scan.kernels import PACKAGES

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.mark.parametrize(("series", "words"), [("6.12", []), ("6.1", ["-D"])])
def test_both(series, words):
    assert series == "6.12"

@pytest.fixture(params=["6.1", "6.12"])
def image(request):
    return request.param

def test_of_an_image(image): pass

def test_that_names_none(): pass
"""


def tried(folder: Path, names: str, *more: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(TESTS)
    given = os.environ | {ASKED: names, "PYTHONPATH": str(ROOT)}
    words = [
        "-m",
        "pytest",
        "-p",
        "tests.lab.series",
        "-v",
        "--color=no",
        "-p",
        "no:cacheprovider",
        *more,
    ]
    ran = subprocess.run(
        [sys.executable, *words, "--rootdir", str(folder), str(folder / "test_it.py")],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("", ["Linux 6.1: 1 failed, 2 passed, 0 s of tests", "Linux 6.12: 2 passed, 0 s of tests"]),
        ("6.12", ["Linux 6.12: 2 passed, 0 s of tests"]),
        (
            "6.12 6.1",
            ["Linux 6.12: 2 passed, 0 s of tests", "Linux 6.1: 1 failed, 2 passed, 0 s of tests"],
        ),
    ],
)
def test_each_series_has_its_tests_and_its_time(
    names: str, told: list[str], tmp_path: Path
) -> None:
    status, said = tried(tmp_path, names)
    assert [each for each in said.splitlines() if each.startswith("Linux")] == told, said
    assert status == ("6.1" in [*names.split(), *PACKAGES][: len(told)])
    assert ("3 deselected" in said) is (names == "6.12")


def test_two_at_a_time_are_counted_together(tmp_path: Path) -> None:
    status, said = tried(tmp_path, "6.12", "-n", "2", "--dist", "loadscope")
    assert (status, "Linux 6.12: 2 passed, 0 s of tests" in said) == (0, True), said


def test_a_series_that_is_not_known_is_refused(tmp_path: Path) -> None:
    status, said = tried(tmp_path, "5.10")
    assert (status, "KLPROVE_SERIES=5.10: known are 6.1, 6.12" in said) == (4, True), said


def test_the_command_of_the_makefile_finds_its_tests() -> None:
    recipe = re.search(r"^test-kernels:.*\n\t@(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    command = recipe[1].replace("$(BIN)/python", sys.executable).replace("$(or $(JOBS),2)", "0")
    command = command.replace("$(SERIES)", "6.12") + " --collect-only"
    ran = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "test_what_was_seen_is_in_the_map[6.12]" in ran.stdout
    assert "[6.1]" not in ran.stdout
