"""The runner of virtual machines: nothing is left running, and a loss is told with its reason."""

import gzip
import os
import time
from pathlib import Path
from typing import Any

import pytest

from klprove.lab import Lost, Machine, Setup
from klprove.lab.machine import command
from klprove.source import Unavailable
from tests.lab.conftest import Tell


def setup(tmp_path: Path, **words: Any) -> Setup:
    (tmp_path / "vmlinux").write_bytes(b"")
    return Setup(tmp_path / "vmlinux", **words)


def ended(pid: int) -> bool:
    """Whether the process is gone (it was our child, so its end has been waited for)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_command_has_its_status_and_all_its_output(story: Tell, tmp_path: Path) -> None:
    story(answers={"false": "1:", "seq": "0:" + "1\n2 0\n" * 10_000})
    with Machine(setup(tmp_path), tmp_path / "log") as guest:
        assert guest.run("true") == (0, b"")
        assert guest.run("false") == (1, b"")
        assert guest.run("seq") == (0, b"1\n2 0\n" * 10_000)
        assert guest.run("true") == (0, b"")  # nothing of an answer is left over for the next one
        assert guest.console() == "the kernel's last words\n"


def test_a_file_is_read_whole(story: Tell, tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    story(answers={"cat /a": "0:hex " + gzip.compress(content).hex(), "cat /b": "1:"})
    with Machine(setup(tmp_path)) as guest:
        assert guest.read("/a") == content
        with pytest.raises(ValueError, match="/b in the guest"):
            guest.read("/b")


def test_two_lines_are_no_command(story: Tell, tmp_path: Path) -> None:
    with Machine(setup(tmp_path)) as guest, pytest.raises(ValueError, match="one line"):
        guest.run("true\ntrue")


def test_an_nmi_is_asked_of_qemu(story: Tell, tmp_path: Path) -> None:
    story(asked=str(tmp_path / "asked"))
    with Machine(setup(tmp_path)) as guest:
        guest.nmi()
    assert (tmp_path / "asked").read_text().split() == ["qmp_capabilities", "inject-nmi"]


def test_what_qemu_refuses(story: Tell, tmp_path: Path) -> None:
    story(refuses="inject-nmi")
    with Machine(setup(tmp_path)) as guest:
        with pytest.raises(ValueError, match="QEMU refuses inject-nmi: no"):
            guest.nmi()
        assert guest.run("true").status == 0


@pytest.mark.parametrize("stubborn", [False, True])
def test_the_process_is_gone_behind_the_body(
    story: Tell, tmp_path: Path, stubborn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(stubborn=stubborn)
    monkeypatch.setattr("klprove.lab.machine.PATIENCE", 0.3)
    with pytest.raises(KeyboardInterrupt), Machine(setup(tmp_path)) as guest:
        pid = guest.pid
        assert not ended(pid)
        raise KeyboardInterrupt
    assert ended(pid)


def test_a_guest_that_dies_is_lost_with_its_last_words(story: Tell, tmp_path: Path) -> None:
    story(dies="reboot")
    with Machine(setup(tmp_path)) as guest, pytest.raises(Lost) as told:
        guest.run("reboot -f")
    text = str(told.value)
    assert "qemu: a guest that dies" in text and "the kernel's last words" in text
    assert text.endswith("while it ran: reboot -f")


def test_a_guest_that_hangs_is_lost(story: Tell, tmp_path: Path) -> None:
    story(hangs="sleep")
    began = time.monotonic()
    with Machine(setup(tmp_path)) as guest:
        pid = guest.pid
        with pytest.raises(Lost, match="does not answer in time"):
            guest.run("sleep 1000", 0.2)
    assert ended(pid)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("how", ["hangs", "dies"])
def test_a_boot_that_comes_to_nothing_is_lost(story: Tell, tmp_path: Path, how: str) -> None:
    story(**{how: "boot"})
    with pytest.raises(Lost, match="last words"):
        Machine(setup(tmp_path, boot=0.7 if how == "hangs" else 30))


def test_an_answer_that_is_none(story: Tell, tmp_path: Path) -> None:
    story(garbles="odd")
    with Machine(setup(tmp_path)) as guest, pytest.raises(Lost, match="answers b'what"):
        guest.run("odd")


def test_without_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="is not installed"):
        Machine(setup(tmp_path))


def test_the_command_line_never_asks_for_kvm_or_threads(story: Tell, tmp_path: Path) -> None:
    words = command(setup(tmp_path, options=["idle=poll"]), tmp_path, tmp_path / "a,b", 3, 4)
    assert words[words.index("-accel") + 1] == "tcg,thread=single"
    assert f"file,id=log,path={tmp_path}/a,,b" in words
    options = words[words.index("-append") + 1].split()
    assert {"nokaslr", "apic_extnmi=all", "idle=poll"} <= set(options)
