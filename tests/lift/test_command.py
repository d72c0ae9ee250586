"""`klprove lift`, and `--lift` of `klprove check`, as a user sees them."""

import json
from pathlib import Path

import pytest

from klprove.cli.main import run
from tests.lift.trees import FILES, changed, plant

HANDLER = "handlers/2017/G.c"
MODEL = ("--kernel", "v4.12")
BOUNDS = ("--patch", "default_do_nmi", "--arrivals", "1", "-j", "1")


def say(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    """Exit status, and what was printed on both streams."""
    status = run([str(each) for each in words])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out + err


def test_a_tree_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = say(capsys, "lift", plant(tmp_path), HANDLER, *MODEL)
    assert status == 0
    first, *lines = text.splitlines()
    assert first.startswith("klprove: 3 of ")
    assert "on v4.12" in text.split("empty")[0]
    assert "empty   : instrumentation_begin, instrumentation_end, lockdep_off," in text
    row = next(line for line in lines if line.startswith("nmi_enter "))
    assert row.split() == ["nmi_enter", "lifted", "(macro)", "include/linux/hardirq.h:5"]
    assert any(line.split() == ["nmi_exit", "not", "in", "this", "tree"] for line in lines)
    place = next(n for n, line in enumerate(lines) if line.startswith("rcu_dynticks_task_enter"))
    line = FILES["kernel/rcu/tree.c"].split("asm volatile")[0].count("\n") + 1
    assert lines[place + 1].split() == ["inline", "assembly", f"kernel/rcu/tree.c:{line}"]
    assert all(len(line) <= 79 for line in lines)


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        (FILES, 0, "equal at 1 of 1 site"),
        (
            changed("kernel/rcu/tree.c", "int incby = 2;", "int incby = 1;"),
            1,
            "state-corrupted, with the lifted text only",
        ),
    ],
)
def test_comparing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    status: int,
    words: str,
) -> None:
    asked = ("lift", plant(tmp_path, files), HANDLER, "--check", *MODEL, *BOUNDS)
    found, text = say(capsys, *asked)
    assert found == status
    assert words in text
    if status:
        assert "klprove: equal at 0 of 1 site" in text
        assert "--tree" in text and "--lift all" in text.replace("\\\n", "")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = plant(tmp_path, changed("kernel/rcu/tree.c", "int incby = 2;", "int incby = 1;"))
    words = ("lift", tree, HANDLER, *MODEL, "--json", "-")
    status, text = say(capsys, *words)
    listed = json.loads(text)
    assert (status, listed["compared"], listed["kernel"]) == (0, None, "v4.12")
    by_name = {each["name"]: each for each in listed["functions"]}
    assert (by_name["nmi_enter"]["outcome"], by_name["nmi_enter"]["macro"]) == ("lifted", True)
    assert by_name["nmi_enter"]["place"]["line"] == 5
    assert by_name["rcu_dynticks_task_enter"]["reason"] == "inline assembly"
    assert "kernel/rcu/tree.c:rcu_nmi_enter" in listed["references"]
    status, text = say(capsys, *words[:-1], tmp_path / "lift.json", *BOUNDS, "--check")
    made = json.loads((tmp_path / "lift.json").read_text())
    assert status == 1 and "equal at 0 of 1 site" in text
    assert made["functions"] == listed["functions"]
    assert made["compared"]["sites"]["default_do_nmi"]["lifted"]["verdict"] == "violated"
    found = {(each["code"], each["in"]) for each in made["compared"]["differences"]}
    assert ("state-corrupted", "lifted") in found


def test_all_of_a_tree_can_be_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("check", HANDLER, "--kernel", "v4.12", *BOUNDS, "--tree", plant(tmp_path))
    status, text = say(capsys, *words, "--lift", "all")
    assert status == 0
    assert "unmodified: rcu_nmi_enter," in " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lift", "{none}"), "not a tree of kernel source: no such folder"),
        (("lift", "{empty}"), "not a tree of kernel source: no folder kernel in it"),
        (("lift", "{tree}", "--kernel", "v9"), "no kernel generation is called 'v9'"),
        (("lift", "{tree}", "{none}.c", *MODEL), "none.c: error: "),
        (("lift", "{tree}"), "no kernel/livepatch"),
        (("check", HANDLER, "--kernel", "v4.12", "--tree", "{tree}"), "--tree needs --lift"),
        (("check", HANDLER, "--lift", "a.c:f"), "--lift needs --kernel"),
        (
            ("check", HANDLER, "--kernel", "v4.12", "--tree", "{empty}", "--lift", "a.c:f"),
            "not a tree of kernel source",
        ),
    ],
)
def test_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    names = {"none": tmp_path / "none", "empty": tmp_path / "empty", "tree": tmp_path / "tree"}
    plant(names["tree"])
    status, text = say(capsys, *(each.format(**names) for each in words))
    assert status == 2
    assert said in text
