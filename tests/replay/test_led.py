"""A machine with a stub, on the stand-in for QEMU of the lab's tests."""

from pathlib import Path

import pytest

from klprove.lab import Late, Lost, Setup
from klprove.replay.led import Led
from tests.lab.conftest import Tell, story

__all__ = ["story"]


def _led(folder: Path) -> Led:
    return Led(Setup(folder / "vmlinux", boot=20), folder / "log")


def test_a_disturbance_is_an_empty_command_whose_answer_is_read_later(
    story: Tell, tmp_path: Path
) -> None:
    with _led(tmp_path) as guest:
        guest.disturb()
        guest.ask("true")
        assert guest.settle() is not None
        assert guest.settle() is None
        assert guest.run("true").status == 0


def test_no_stub_is_a_loss_that_shows_the_console(story: Tell, tmp_path: Path) -> None:
    with pytest.raises(Lost, match="gdb stub is not there") as caught, _led(tmp_path) as guest:
        (tmp_path / "log").write_text("the last words\n")
        _ = guest.gdb
    assert "| the last words" in str(caught.value)


def test_a_late_guest_is_late_with_the_console_s_last_lines(story: Tell, tmp_path: Path) -> None:
    with pytest.raises(Late, match="the last words"), _led(tmp_path):
        (tmp_path / "log").write_text("the last words\n")
        raise Late("it has not begun")
    story(hangs="sleep")
    with pytest.raises(Late, match="does not answer in time"), _led(tmp_path) as guest:
        guest.run("sleep", 0.1)


def test_where_the_sections_of_a_module_are(story: Tell, tmp_path: Path) -> None:
    story(answers={"insmod /a.ko x=1": "0:", "cd /sys/module/a": "0:.text 0xc000\n.bss 0x10\n"})
    with _led(tmp_path) as guest:
        assert guest.insert("a", "x=1") == {".text": 0xC000, ".bss": 0x10}


def test_a_module_whose_sections_are_not_told_is_lost(story: Tell, tmp_path: Path) -> None:
    with pytest.raises(Lost, match="where the sections of a are"), _led(tmp_path) as guest:
        guest.insert("a", "")


def test_a_module_that_is_refused(story: Tell, tmp_path: Path) -> None:
    story(answers={"insmod": "1:Invalid module format"})
    with _led(tmp_path) as guest, pytest.raises(ValueError, match=r"^Invalid module format$"):
        guest.insert("a", "")
