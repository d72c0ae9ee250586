"""How two generations differ, as Python and as `klprove kernels` tell it."""

import json
import re
import subprocess
from itertools import pairwise

import pytest

from klprove.cli.main import run
from klprove.kernels import differences, load, names

NEIGHBOURS = list(pairwise(names()))


@pytest.mark.parametrize(("old", "new"), NEIGHBOURS)
def test_every_generation_says_what_it_changes(old: str, new: str) -> None:
    kernel = load(new)
    assert kernel.bases[0] == old
    assert kernel.differs
    changed = {each.name for each in differences(load(old), kernel)}
    assert {path.name for path in kernel.files if path.parent.name == new} <= changed
    assert {path.name for path in set(kernel.files) & set(load(old).files)} & changed == set()


def test_the_same_generation_is_no_difference() -> None:
    assert differences(load("v6.0"), load("v6.0")) == ()


def test_the_first_generation_differs_from_nothing() -> None:
    assert load("v4.12rc").differs == ()
    assert load("v4.14").differs != load("v4.12").differs, "what a base differs in is its own"


@pytest.mark.parametrize(("old", "new"), [("v5.8", "v6.0"), ("v6.12", "v4.20")])
def test_patch_makes_one_of_the_other(
    old: str, new: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The diff is one: `patch` turns the first generation's files into the second's."""
    folder = tmp_path_factory.mktemp("patched")
    for path in load(old).files:
        (folder / path.name).write_text(path.read_text())
    for each in differences(load(old), load(new)):
        if each.name != "kernel.toml":
            text = "\n".join(each.lines) + "\n"
            command = ["patch", "-s", "-E", str(folder / each.name)]
            subprocess.run(command, input=text, text=True, check=True)
    left = {path.name: path.read_text() for path in folder.iterdir()}
    assert left == {path.name: path.read_text() for path in load(new).files}


def test_counts_are_those_of_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kernels", "diff", "v6.0", "v6.3", "--stat"]) == 0
    said = capsys.readouterr().out
    assert run(["kernels", "diff", "v6.0", "v6.3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    added = sum(line.startswith("+") and not line.startswith("+++ ") for line in lines)
    removed = sum(line.startswith("-") and not line.startswith("--- ") for line in lines)
    assert said.splitlines()[-1] == f"3 files, +{added} -{removed}"
    assert re.search(r"^  cpuidle\.c +v6\.0 -> v6\.3 +\+", said, re.MULTILINE)
    assert "\033" not in said


def test_nothing_to_say_of_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kernels", "diff", "v6.4", "v6.4"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["kernels", "diff", "v6.4", "v6.4", "--stat"]) == 0
    assert capsys.readouterr().out == "0 files, +0 -0\n"


def test_a_generation_that_is_not_there_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kernels", "diff", "v6.4", "v6.5"]) == 2
    assert "[kernel]" in capsys.readouterr().err


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kernels", "show", "v6.3", "--json", "-"]) == 0
    shown = json.loads(capsys.readouterr().out)
    kernel = load("v6.3")
    assert shown["schema"] == "klprove.kernel/1"
    assert shown["sites"] == list(kernel.sites)
    assert {"name": "cpuidle.c", "from": "v6.3"} in shown["files"]
    assert {"name": "list.h", "from": "v4.12rc"} in shown["files"]
    assert run(["kernels", "list", "--json", "-"]) == 0
    listed = json.loads(capsys.readouterr().out)["kernels"]
    assert [each["name"] for each in listed] == list(names())
    assert {**listed[names().index("v6.3")], "schema": shown["schema"]} == shown
    assert run(["kernels", "diff", "v6.3", "v6.4", "--json", "-"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [each["name"] for each in files] == ["kernel.toml", "klp_sched.c", "sched_idle.c"]
    assert files[1]["old"] is None and files[1]["removed"] == 0
    assert files[2]["old"] == "v5.11"


def test_show_says_where_each_file_is_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kernels", "show", "v6.3"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^  trace_recursion\.h +v6\.3$", said, re.MULTILINE)
    assert re.search(r"^  task\.h +v4\.12rc$", said, re.MULTILINE)
    assert "chain   : v6.3 <- v6.0 <- v5.11 <-" in said
    assert "d099dbfd3306" in said and "CPUIDLE_TRACEABLE" in said
