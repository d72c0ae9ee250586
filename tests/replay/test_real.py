"""Debian's kernels led along traces. `make test-kernels`, minutes each."""

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from klprove.cli.main import run
from tests.lab.debian import headers, images, lacking
from tests.scan.kernels import HOME

ASKED = "KLPROVE_LAB"
SEEN = {
    ("idle-handler", "6.1"): "klp_ftrace_handler() for arch_cpu_idle(): RCU is NOT watching",
    ("idle-handler", "6.12"): "failed to find location for function 'arch_cpu_idle'",
}
PAGE = Path(__file__).parents[2] / "docs" / "fidelity-6.1.md"
TRACED = {"6.1": ["traced"], "6.12": []}
"""Where a tracepoint tells RCU."""
pytestmark = pytest.mark.skipif(
    ASKED not in os.environ, reason=f"{ASKED} is not set (make test-kernels)"
)


def _image(series: str) -> Path:
    if lacking():
        pytest.skip(f"not installed: {', '.join(lacking())} (make kernel-lab)")
    if not images(series) or not headers(images(series)[-1]).exists():
        pytest.skip(f"no kernel {series} with headers in {HOME} (make kernel-lab)")
    return images(series)[-1]


@pytest.mark.parametrize("series", ["6.1", "6.12"])
@pytest.mark.parametrize("name", ["idle-handler", "nmi-everywhere", "removal-waits", "stalled"])
def test_a_stock_kernel_does_as_promised(
    name: str, series: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = _image(series)
    words = ["replay", "--stock", name, "--vmlinux", str(image), "--headers", str(headers(image))]
    assert run(words) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "HELD" in said and SEEN.get((name, series), "") in said


@pytest.mark.parametrize(
    ("series", "site", "macros"),
    [
        ("6.1", "vfs_read", []),
        ("6.12", "vfs_read", []),
        ("6.1", "arch_cpu_idle", ["-D", "KLP_WAIT_RCU=1"]),
    ],
)
def test_handler_a_goes_wrong_in_the_kernel_as_in_its_model(
    series: str, site: str, macros: list[str], tmp_path: Path
) -> None:
    image, trace, found = _image(series), tmp_path / "trace.json", tmp_path / "found.json"
    checked = ["check", "handlers/2017/A.c", "--kernel", str(image), "--patch", site, *macros]
    assert run([*checked, "--json", str(trace), "--traces", "none"]) == 1
    words = ["replay", str(trace), "--vmlinux", str(image), "--headers", str(headers(image))]
    assert run([*words, "--times", "20", "--json", str(found)]) == 0
    said = json.loads(found.read_text())
    assert [each["result"] for each in said["replays"]] == ["agreed"] * 20
    last = said["replays"][-1]["steps"][-1]["words"]
    watches = last["context_tracking.state.counter"]["kernel"]
    assert watches == ("4" if site == "vfs_read" else "1")


@pytest.mark.parametrize(
    ("series", "site", "code", "macros"),
    [
        ("6.1", "vfs_read", "warned", []),
        ("6.1", "vfs_read", "use-after-free", []),
        ("6.1", "arch_cpu_idle", "use-after-free", ["-D", "KLP_WAIT_RCU=1", "--arrivals", "0"]),
        ("6.12", "vfs_read", "use-after-free", []),
    ],
)
def test_what_the_updater_frees_is_used_in_the_kernel_as_in_its_model(
    series: str, site: str, code: str, macros: list[str], tmp_path: Path
) -> None:
    image, trace, found = _image(series), tmp_path / "trace.json", tmp_path / "found.json"
    checked = ["check", "handlers/2017/A.c", "--kernel", str(image), "--patch", site, *macros]
    assert run([*checked, "--cpus", "2", "--json", str(trace), "--traces", "none"]) == 1
    words = ["replay", str(trace), "--vmlinux", str(image), "--headers", str(headers(image))]
    assert run([*words, "--code", code, "--json", str(found)]) == 0
    (replayed,) = json.loads(found.read_text())["replays"]
    last = replayed["steps"][-1]
    assert last["do"] == ("look" if code == "warned" else "fault")
    unlinked = [each for each in replayed["steps"] if each["at"].startswith("__klp_unpatch")]
    assert unlinked and {each["result"] for each in unlinked} == {"agreed"}


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_a_forced_transition_goes_wrong_in_the_kernel_as_in_its_model(
    series: str, tmp_path: Path
) -> None:
    image, trace, found = _image(series), tmp_path / "trace.json", tmp_path / "found.json"
    checked = ["check", "--kernel", str(image), "--scene", "transition", "--action", "force"]
    assert run([*checked, "--json", str(trace), "--traces", "none"]) == 1
    words = ["replay", str(trace), "--vmlinux", str(image), "--headers", str(headers(image))]
    for code in ("stale-frame", "mixed-versions"):
        assert run([*words, "--code", code, "--json", str(found)]) == 0
        (replayed,) = json.loads(found.read_text())["replays"]
        agreed = {each["at"].partition("+")[0] for each in replayed["steps"] if each["at"]}
        assert {"klp_ftrace_handler", "klp_init_transition", "klp_force_transition"} <= agreed


NMI, MCE = "tests/replay/handlers/nmi.c", "tests/replay/handlers/mce.c"
"""A handler that warns in_nmi(), and the same with what mce_log() calls."""
ARRIVALS = ("--arrivals", "irq=0,nmi=0,exception=1")


def _excepted(
    kernel: str, image: Path, handler: str, site: str, folder: Path
) -> tuple[int, list[dict[str, Any]]]:
    """Status and steps of the replay of a trace that `handler` warns at the end of."""
    trace, found = folder / "trace.json", folder / "found.json"
    checked = ["check", handler, "--kernel", kernel, "--patch", site]
    assert run([*checked, "--json", str(trace), "--traces", "none"]) == 1
    words = ["replay", str(trace), "--vmlinux", str(image), "--headers", str(headers(image))]
    status = run([*words, "--code", "warned", "--json", str(found)])
    (replayed,) = json.loads(found.read_text())["replays"]
    return status, replayed["steps"]


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_a_machine_check_goes_wrong_in_the_kernel_as_in_its_model(
    series: str, tmp_path: Path
) -> None:
    """At the first function that do_machine_check() has a real call of, by way of mce_log()."""
    image = _image(series)
    status, steps = _excepted(str(image), image, MCE, "mce_gen_pool_add", tmp_path)
    assert {each["result"] for each in steps} == {"agreed", "not mapped"}
    assert (status, steps[1]["at"]) == (0, "asm_exc_machine_check+0x0")
    entered = next(each for each in steps if each["at"].startswith("klp_ftrace_handler"))
    assert int(entered["words"]["__preempt_count"]["kernel"], 0) & 0xF00000  # in_nmi()
    assert steps[-1]["at"].startswith("klp_ftrace_handler")


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_the_check_says_that_no_patch_of_mce_log_runs_in_a_machine_check(
    series: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image = str(_image(series))
    assert run(["check", NMI, "--kernel", image, "--patch", "mce_log", *ARRIVALS]) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "mce_log: its call in do_machine_check is inlined in this image" in said


def test_a_debug_exception_calls_its_notifiers_in_a_read_side_section(tmp_path: Path) -> None:
    image = _image("6.1")
    status, steps = _excepted(str(image), image, NMI, "hw_breakpoint_exceptions_notify", tmp_path)
    assert (status, {each["result"] for each in steps}) == (0, {"agreed", "not mapped"})
    assert steps[1]["at"] == "asm_exc_debug+0x0"
    assert any(each["at"].startswith("__rcu_read_lock") for each in steps)
    assert steps[-1]["at"] == "klp_ftrace_handler+0x0"
    assert steps[-1]["words"]["cpu_task.rcu_read_lock_nesting"]["kernel"] == "1"


def test_a_model_by_its_name_does_not_know_that_a_call_is_inlined(tmp_path: Path) -> None:
    status, (*before, last) = _excepted("v6.0", _image("6.1"), NMI, "mce_log", tmp_path)
    assert {each["result"] for each in before} == {"agreed", "not mapped"}
    assert before[1]["at"] == "asm_exc_machine_check+0x0"
    assert any(each["at"].startswith("ct_nmi_enter") for each in before)
    assert (status, last["step"]) == (1, 11)
    assert last["text"] == "klp_ftrace_handler is not entered"


def test_a_kernel_that_does_otherwise_is_told_at_that_step(tmp_path: Path) -> None:
    image, trace, found = _image("6.1"), tmp_path / "trace.json", tmp_path / "found.json"
    checked = ["check", "handlers/2017/A.c", "--kernel", str(image), "--patch", "vfs_read"]
    assert run([*checked, "--json", str(trace), "--traces", "none"]) == 1
    said = json.loads(trace.read_text())
    said["findings"][0]["trace"][6]["accesses"][0]["after"] = 3  # rcu_read_lock() in the handler
    trace.write_text(json.dumps(said))
    words = ["replay", str(trace), "--vmlinux", str(image), "--headers", str(headers(image))]
    assert run([*words, "--json", str(found)]) == 1
    (replayed,) = json.loads(found.read_text())["replays"]
    assert replayed["steps"][-1]["step"] == 7
    assert replayed["steps"][-1]["text"].startswith("reader does not become 3")


def _packed(words: list[str], folder: Path) -> Path:
    """The folder that a bundle unpacks to; it is written twice, and both are the same."""
    for name in ("one.tar", "two.tar"):
        assert run([*words, "--bundle", str(folder / name)]) == 0
    assert (folder / "one.tar").read_bytes() == (folder / "two.tar").read_bytes()
    with tarfile.open(folder / "one.tar") as archive:
        archive.extractall(folder, filter="data")
    return folder / "reproducer"


def _alone(home: Path, image: Path, *options: str) -> tuple[int, str]:
    """What the bundle in `home` comes to where no module of klprove can be found."""
    given = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    given["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    command = ["sh", str(home / "run.sh"), str(image), *options]
    ran = subprocess.run(
        command, cwd=home, env=given, capture_output=True, text=True, timeout=300, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_a_bundle_does_the_same_without_klprove(series: str, tmp_path: Path) -> None:
    image, trace = _image(series), tmp_path / "trace.json"
    checked = ["check", "handlers/2017/A.c", "--kernel", str(image), "--patch", "vfs_read"]
    assert run([*checked, "--json", str(trace), "--traces", "none"]) == 1
    words = ["replay", str(trace), "--vmlinux", str(image), "--headers", str(headers(image))]
    home = _packed(words, tmp_path)
    status, said = _alone(home, image)
    assert (status, "replay 1 of 1: agreed" in said) == (0, True), said
    content = json.loads((home / "replay.json").read_text())
    content["resting"]["nmi_state"] += 1  # no kernel agrees with that
    (home / "replay.json").write_text(json.dumps(content))
    status, said = _alone(home, image)
    assert (status, "replay 1 of 1: differs" in said) == (1, True), said


def _reproducer(name: str, series: str, folder: Path) -> tuple[Path, Path]:
    image = _image(series)
    words = ["replay", "--stock", name, "--vmlinux", str(image), "--headers", str(headers(image))]
    return _packed(words, folder), image


@pytest.mark.parametrize("name", ["idle-handler", "removal-waits", "stalled"])
def test_a_reproducer_is_seen_without_klprove(name: str, tmp_path: Path) -> None:
    status, said = _alone(*_reproducer(name, "6.1", tmp_path))
    assert (status, "it happened as promised" in said) == (0, True), said


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_a_reproducer_says_what_it_would_boot(series: str, tmp_path: Path) -> None:
    """The one that takes longest: an NMI at each of 150 instructions."""
    home, image = _reproducer("nmi-everywhere", series, tmp_path)
    status, said = _alone(home, image, "--dry-run")
    assert (status, "qemu-system-x86_64" in said, str(image) in said) == (0, True, True), said
    assert "it happened" not in said


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_the_hooks_of_rcu_are_as_the_model_has_them(series: str, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    assert run(["fidelity", "--kernel", str(_image(series)), "--json", str(found)]) == 0
    said = json.loads(found.read_text())
    assert {each["result"] for each in said["walks"]} == {"agreed", "merged"}
    merged = [each["name"] for each in said["walks"] if each["result"] == "merged"]
    assert all(each.endswith("in rcu_preempt_read_exit 2") for each in merged)
    scenes = {each["scene"] for each in said["walks"]}
    assert scenes == {"idle", "task", "user", *TRACED[series]}
    assert all(each["compared"] > 3 and not each["differing"] for each in said["hooks"])
    assert ("ct_irq_enter_irqson" in said["uncalled"]) is (not TRACED[series])
    assert "ct_user_enter" in said["uncalled"]
    if said["release"] in PAGE.read_text():  # of that build; Debian's next may have others
        counted = ("places", "agreed", "merged", "compared", "differing")
        found_now = {(e["scene"], e["name"]): [e[c] for c in counted] for e in said["hooks"]}
        assert _of_the_page() == found_now


def _of_the_page() -> dict[tuple[str, str], list[int]]:
    """By scene and hook: the numbers in the table of docs/fidelity-6.1.md."""
    rows, scene = {}, ""
    for line in PAGE.read_text().splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 7 and cells[1].startswith("`"):
            scene = cells[0] or scene
            numbers = [int(each.replace("-", "0") or "0") for each in cells[2:]]
            rows[scene, cells[1].split("`")[1]] = numbers
    return rows
