"""The plan, and what one run makes of a guest's answers."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from klprove.lab import Entered, Lost, Seen, Way, observe, plan
from klprove.lab.building import GUEST
from klprove.lab.observing import build_id
from klprove.source import BadInput
from tests.lab.conftest import Tell

NOTES = (
    b"\4\0\0\0\4\0\0\0\1\1\0\0Linu\1\2\3\0"
    b"\4\0\0\0\2\0\0\0\1\0\0\0GNU\0\x12\x34\0\0"
    b"\4\0\0\0\3\0\0\0\3\0\0\0GNU\0\xab\xcd\xef\0"
)
"""A note of another owner, one of another kind, then the build id abcdef."""
INTERRUPTS = """           CPU0       CPU1
  4:          0          2   IO-APIC   4-edge      ttyS0
NMI:         57         59   Non-maskable interrupts
MCE:          3          3   Machine check exceptions
"""


def packed(content: bytes) -> str:
    return "0:hex " + gzip.compress(content).hex()


ANSWERS = {
    "/sys/kernel/debug/observe/lost": packed(b"2\n"),
    "/sys/kernel/debug/observe/seen": packed(b"ffffffff81000000 3 9 5\n"),
    "available_filter_functions": packed(b"vfs_read\nmodules_own [some]\n"),
    "/proc/interrupts": packed(INTERRUPTS.encode()),
    "/sys/kernel/notes": packed(NOTES),
    "uname -r": "0:6.1.0\n",
}


def run(tmp_path: Path, **machine: object) -> Seen:
    (tmp_path / "vmlinux").write_bytes(b"")
    return observe(
        tmp_path / "vmlinux", {}, {"model": "max", **machine}, None, lambda text: None
    )  # fmt: skip


def test_a_run_is_what_the_guest_says(story: Tell, tmp_path: Path) -> None:
    story(answers=ANSWERS)
    found = run(tmp_path)
    assert (found.release, found.build_id) == ("6.1.0", "abcdef")
    assert found.sites == {0xFFFFFFFF81000000: {Way("nmi", False, False, False): Entered(9, 5)}}
    assert found.traceable == {"vfs_read"}
    (told,) = found.runs
    assert (told.nmis, told.machine_checks, told.lost) == (116, 6, 2)


def test_machine_checks_are_asked_of_qemu(story: Tell, tmp_path: Path) -> None:
    story(answers=ANSWERS, asked=str(tmp_path / "asked"))
    run(tmp_path, machine_checks=2)
    asked = (tmp_path / "asked").read_text().split()
    assert asked.count("human-monitor-command") == 2


def test_a_module_that_does_not_fit(story: Tell, tmp_path: Path) -> None:
    story(answers={"insmod": "1:insmod: can't insert: invalid module format"})
    with pytest.raises(BadInput, match="invalid module format"):
        run(tmp_path)


def test_a_kernel_that_dies_under_load_is_lost(story: Tell, tmp_path: Path) -> None:
    story(answers=ANSWERS, dies="/steps/3")
    with pytest.raises(Lost, match="while it ran: timeout -s KILL 60 sh /steps/3"):
        run(tmp_path)


def test_no_build_id() -> None:
    assert build_id(b"") == "" and build_id(NOTES[:44]) == ""


def test_the_plan_can_be_run(tmp_path: Path) -> None:
    it = plan()
    assert len({machine["model"] for machine in it.machines}) >= 2
    names = [step["name"] for step in it.steps]
    assert len(set(names)) == len(names)
    for step in it.steps:
        subprocess.run(["sh", "-n", "-c", step["run"]], check=True)


def test_the_plan_asks_load_for_what_it_has() -> None:
    asked = {word for step in plan().steps for word in re.findall(r"\bload (\w+)", step["run"])}
    has = set(re.findall(r'\{ "(\w+)", \w+ \}', (GUEST / "load.c").read_text()))
    assert asked == has


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_load_compiles_without_a_warning(tmp_path: Path) -> None:
    words = ["-O1", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-pthread"]
    out = tmp_path / "load"
    subprocess.run(["gcc", *words, "-o", str(out), str(GUEST / "load.c")], check=True)
    assert subprocess.run([out], capture_output=True, check=False).returncode == 2
    assert subprocess.run([out, "threads"], check=False).returncode == 0


def test_init_is_shell() -> None:
    subprocess.run(["sh", "-n", str(GUEST / "init")], check=True)
