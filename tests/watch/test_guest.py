"""A real kernel whose transition never ends: kswapd is patched. With KLPROVE_LAB=1 only."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from klprove.cli.main import run
from klprove.lab import Machine, Setup, module
from klprove.watch import COLLECTOR
from tests.lab.debian import headers, lacking
from tests.scan.kernels import kernel
from tests.watch.debian import driver

if os.environ.get("KLPROVE_LAB") != "1":
    pytest.skip("boots kernels; KLPROVE_LAB=1 (make test-kernels) runs it", allow_module_level=True)

MODULES = Path(__file__).parent / "modules"
COPY = "sh /collect.sh /tmp/copy.tar"


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def image(request: pytest.FixtureRequest) -> Path:
    return kernel(request.param)


@pytest.fixture(scope="module")
def socket(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the QMP that drgn has for itself."""
    return tmp_path_factory.mktemp("guest") / "qmp"


@pytest.fixture(scope="module")
def guest(image: Path, socket: Path) -> Iterator[Machine]:
    """The guest, its transition under way for some seconds."""
    if lacking() or not headers(image).exists():
        pytest.skip("no headers, or no QEMU (make kernel-lab)")
    files = {
        "collect.sh": COLLECTOR.read_bytes(),
        "klp_stall.ko": module(headers(image), MODULES, "klp_stall"),
    }
    if driver(image).exists():
        files["driver.ko"] = driver(image).read_bytes()
    arguments = ("-device", "vmcoreinfo", "-qmp", f"unix:{socket},server=on,wait=off")
    with Machine(Setup(image, files, cpus=1, arguments=arguments)) as machine:
        machine.run("insmod /driver.ko")
        assert machine.run("insmod /klp_stall.ko").status == 0
        machine.run("sleep 5")
        yield machine


def copied(guest: Machine, folder: Path) -> str:
    assert guest.run(COPY).status == 0
    (folder / "copy.tar").write_bytes(guest.read("/tmp/copy.tar"))
    return str(folder / "copy.tar")


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = run(["watch", "--once", "--json", "-", *words])
    return status, json.loads(capsys.readouterr().out)


def stalled(said: dict[str, Any]) -> None:
    """It is kswapd0, a kernel thread, in kswapd; for ever."""
    assert said["word"] == "stalled" and said["transition"]["patch"] == "klp_stall"
    (each,) = said["blockers"]
    assert (each["comm"], each["kind"], each["function"]) == ("kswapd0", "kthread", "kswapd")
    assert (each["reason"], each["ends"]) == ("sleeping_on_function", "never")
    assert each["action"]["kind"] == "reverse" and each["seconds"] > 4
    assert [(one["name"], one["state"]) for one in said["functions"]] == [("kswapd", "effective")]


def test_a_copy_of_its_files(
    guest: Machine, image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied(guest, tmp_path)
    status, said = asked(capsys, "--root", path, "--vmlinux", str(image))
    assert status == 1
    stalled(said)
    assert "certain" in said["blockers"][0]["why"]  # the map of klprove scan knows it, too


def test_its_memory_live(
    guest: Machine, image: Path, socket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("drgn")
    if not driver(image).exists():
        pytest.skip(f"no {driver(image)} (make kernel-lab)")
    status, said = asked(capsys, "--qmp", str(socket), "--vmlinux", str(image))
    assert status == 1
    stalled(said)
    assert said["threads"]["seen"] > 40


def test_a_dump_of_its_memory(
    guest: Machine, image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("drgn")
    if not driver(image).exists():
        pytest.skip(f"no {driver(image)} (make kernel-lab)")
    core = tmp_path / "core"
    guest.qmp.ask("dump-guest-memory", paging=False, protocol=f"file:{core}")
    status, said = asked(capsys, "--core", str(core), "--vmlinux", str(image))
    core.unlink()
    assert status == 1
    stalled(said)


def test_turned_round_it_ends(
    guest: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The action that is advised helps."""
    guest.run("echo 0 > /sys/kernel/livepatch/klp_stall/enabled; sleep 3")
    status, said = asked(capsys, "--root", copied(guest, tmp_path))
    assert (status, said["word"]) == (0, "none")
    assert [each["kind"] for each in said["findings"]] == ["replaced"]
