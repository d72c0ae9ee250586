"""What can be livepatched on other machines than x86-64."""

from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.scan import QUESTIONS, Map, scan
from tests.image.elves import TEXT, kernel

FUNCTIONS = {"patched": (TEXT + 0x40, 0x40), "bare": (TEXT + 0x80, 0x40), "last": (TEXT + 0xC0, 64)}
SITES = {
    # Behind `bti c`; two instructions behind the global entry; at the start.
    "arm64": [TEXT + 0x44, TEXT + 0xC4],
    "ppc64le": [TEXT + 0x48, TEXT + 0xD0],
    "s390x": [TEXT + 0x40, TEXT + 0xC0],
}


def written(tmp_path: Path, machine: str, relocated: bool) -> str:
    path = tmp_path / "vmlinux"
    path.write_bytes(kernel(machine, FUNCTIONS, SITES[machine], relocated))
    return str(path)


def able(found: Map) -> set[str]:
    return {found.names[i] for i, each in enumerate(found.patch) if each == "site"}


@pytest.mark.parametrize("relocated", [False, True])
@pytest.mark.parametrize("machine", SITES)
def test_sites_are_found(machine: str, relocated: bool, tmp_path: Path) -> None:
    found = scan(written(tmp_path, machine, relocated))
    assert found.machine == machine
    assert able(found) == {"patched", "last"}


def test_the_site_of_the_next_function_is_not_its_own(tmp_path: Path) -> None:
    path = tmp_path / "vmlinux"
    functions = {"short": (TEXT + 0x40, 16), "next": (TEXT + 0x50, 0x40)}
    path.write_bytes(kernel("arm64", functions, [TEXT + 0x50]))
    assert able(scan(str(path))) == {"next"}


@pytest.mark.parametrize("machine", SITES)
def test_the_rest_cannot_be_told(
    machine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, machine, False)
    assert set(scan(path).open) == set(QUESTIONS)
    assert run(["scan", path, "--patchable"]) == 0
    assert run(["scan", path, "--rcu-off"]) == 3
    assert f"code of {machine} is not followed" in capsys.readouterr().out


def test_x86_asks_for_the_exact_place(tmp_path: Path) -> None:
    path = tmp_path / "vmlinux"
    # +4 counts behind endbr64 only, and there is none; +8 is nowhere.
    sites = [TEXT + 0x44, TEXT + 0x88, TEXT + 0xC0]
    path.write_bytes(kernel("x86_64", FUNCTIONS, sites))
    assert able(scan(str(path))) == {"last"}
