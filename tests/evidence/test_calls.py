"""What a livepatch cannot be entered by, where the kernel is an image: told, and not searched."""

import json
from pathlib import Path
from typing import Any

import pytest

from klprove.api import question
from klprove.check import fingerprint
from klprove.check.checking import prepared
from klprove.cli.main import run
from klprove.scan import callsites
from tests.evidence.kernels import calling as image
from tests.schemas.law import obey

HANDLER = str(Path(__file__).parents[1] / "replay" / "handlers" / "nmi.c")
INLINED = "do_machine_check:mce_log"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def checked(
    kernel: Path | str, site: str, *options: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> tuple[int, str, dict[str, Any]]:
    """Status, text in one line, and document of a check of one machine check or NMI."""
    words = ["check", HANDLER, "--kernel", str(kernel), "--patch", site, "-j1", *options]
    words += ["--arrivals", "irq=0,nmi=1,exception=1", "--traces", "none"]
    status = run([*words, "--json", str(folder / "found.json")])
    document = json.loads((folder / "found.json").read_text())
    obey(document)
    return status, " ".join(capsys.readouterr().out.split()), document


def test_an_inlined_call_is_told_and_not_entered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, text, found = checked(image(), "mce_log", capsys=capsys, folder=tmp_path)
    assert "note : mce_log: its call in do_machine_check is inlined in this image: a patch" in text
    assert "the old code stays (H03 of klprove lint)" in text
    # That no handler runs is no proof that one would do well.
    assert "vacuous : witness redirected is never reached" in text
    assert (status, found["verdict"], found["findings"]) == (3, "incomplete", [])
    assert found["inlined"] == [INLINED]
    assert f"--inline {INLINED}" in str(found["command"])
    assert found["evidence"]["calls"] == [
        {"caller": "do_machine_check", "callee": "mce_log", "is": "inlined", "symbols": [],
         "enters": False}
    ]  # fmt: skip
    assert run(["report", str(tmp_path / "found.json")]) == 0
    assert "is inlined in this image" in " ".join(capsys.readouterr().out.split())


def test_each_passes_over_what_nothing_enters() -> None:
    """Else a handler that does well everywhere would be judged by a place where it never runs."""
    inlined, called, by_hand = (
        prepared(question(HANDLER, kernel=kernel, patch="each", inlined=given))[1]
        for kernel, given in (
            (image(), []),
            (image("-DCALLED"), []),
            ("v6.0", [INLINED]),
        )
    )
    assert "mce_log" not in inlined and {"vfs_read", "nmi_handle"} <= {*inlined}
    assert called == (*inlined, "mce_log")
    assert by_hand == inlined


def test_where_it_is_called_its_handler_is_entered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, text, found = checked(image("-DCALLED"), "mce_log", capsys=capsys, folder=tmp_path)
    assert (status, found["inlined"], "note" in text) == (1, [], False)
    assert {each["code"] for each in found["findings"]} >= {"warned"}


def test_a_part_has_a_name_of_its_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, text, found = checked(image(), "nmi_handle", capsys=capsys, folder=tmp_path)
    told = "nmi_handle: what default_do_nmi calls in this image is nmi_handle.part.0: a patch has"
    assert (status, told in text, found["inlined"]) == (1, True, [])


def test_the_generation_by_name_asks_the_same_with_inline(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What an image said can be said by hand: the program is the same, by its fingerprint."""
    *_, by_image = checked(image(), "mce_log", capsys=capsys, folder=tmp_path)
    words = ("--inline", INLINED)
    status, text, by_hand = checked("v6.0", "mce_log", *words, capsys=capsys, folder=tmp_path)
    assert (status, "is inlined in this image" in text) == (3, False)
    assert by_image["fingerprint"] == by_hand["fingerprint"]
    assert by_image["states"] == by_hand["states"]
    bounds = {"irq": 0, "nmi": 1, "exception": 1}
    plain = question(HANDLER, kernel="v6.0", patch="mce_log", arrivals=bounds)
    assert fingerprint(plain) != by_hand["fingerprint"]


def test_without_dwarf_it_is_entered_and_that_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tests.image.dwarves import copied

    bare = copied(image(), "bare", "--strip-debug")
    status, text, found = checked(bare, "mce_log", capsys=capsys, folder=tmp_path)
    assert "note : cannot tell whether mce_log is inlined there: no DWARF in the image" in text
    assert (status, found["inlined"]) == (1, [])


def test_nothing_is_asked_of_an_image_where_nothing_is_patched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callsites, "call_sites", None)  # whoever calls it fails
    evidence = question(HANDLER, kernel=image()).evidence
    assert evidence is not None and evidence.calls == ()
    core = question((), kernel=image(), scene="transition", patch="klp_try_switch_task")
    assert core.evidence is not None and core.evidence.calls == ()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("do_machine_chek:mce_log", "no function do_machine_chek() in the text"),
        ("do_machine_check:mce_lok", "near it: mce_log"),
        ("mce_log:", "no function () in the text"),
        ("sys_read:mce_log", "sys_read() does not call mce_log()"),
        ("sys_read:mce_log", "it is called in: do_machine_check"),
        ("sys_read:nmi", "nothing calls that by name"),
    ],
)
def test_a_call_that_does_not_exist(
    wrong: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", HANDLER, "--kernel", "v6.0", "--patch", "vfs_read", "--inline", wrong]
    assert run(words) == 2
    said = capsys.readouterr().err
    assert told in said and "[option]" in said
