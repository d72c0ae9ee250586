"""`klprove watch`: what it prints, what it writes, and how it ends."""

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from click import Command
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from klprove.cli.following import Changes, Sight, follow, rate
from klprove.cli.main import run
from klprove.cli.watching import Watcher, until, watch_command
from klprove.report.watch import watch_document, watch_text
from klprove.source import BadInput
from klprove.watch import Answer, Look, Snapshot, metrics
from klprove.watch.trees import refused
from tests.scan.toy import toy
from tests.schemas.law import obey
from tests.watch.copies import HOME, guest
from tests.watch.machines import Machine

NAMES = {
    "info", "enabled", "transition", "transition_start_seconds", "blocked_threads",
    "object_patched", "functions", "functions_overridden", "forced", "scrape_duration_seconds",
    "last_success_seconds",
}  # fmt: skip
ROOT = Path(__file__).parents[2]
COPIES = sorted(each.stem for each in HOME.glob("*.json"))

Said = pytest.CaptureFixture[str]


def busy() -> Machine:
    """Something of everything, with names that a machine should not have."""
    machine = Machine().module("nfs").patch("old").patch("fix", {"nfs_read": "nfs", "a\x1b": "nfs"})
    machine.moving("moving", functions={"kswapd": "vmlinux", "vfs_read": "vmlinux"}, replace=1)
    machine.thread(7, 0, "kswapd kthread ret_from_fork", comm='a) "\\\x1b\n', kernel=True)
    machine.thread(8, 0, "vfs_read", state="R").thread(9, 0).thread(10, 1)
    return machine.log(999, "signaling remaining tasks").log(3, "forcing remaining tasks")


MACHINES = {"busy": busy, "blind": lambda: Machine(denied=lambda p: "patch_state" in p).moving()}


@pytest.mark.parametrize("name", [*COPIES, *MACHINES])
def test_the_schema_is_kept(name: str) -> None:
    found = (MACHINES[name]() if name in MACHINES else guest(name)).look()
    obey(watch_document(found))


@pytest.mark.parametrize("name", [*COPIES, *MACHINES])
def test_text_is_dead_and_narrow(name: str) -> None:
    text = watch_text((MACHINES[name]() if name in MACHINES else guest(name)).look())
    assert all(len(each) <= 79 for each in text.splitlines())
    assert text.isascii() and text.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", [*COPIES, *MACHINES])
def test_metrics_are_of_the_format(name: str) -> None:
    found = (MACHINES[name]() if name in MACHINES else guest(name)).look()
    families = list(text_string_to_metric_families(metrics(found, 0.25, 1.7e9)))
    assert {each.name for each in families} <= {f"livepatch_{each}" for each in NAMES}
    for family in families:
        assert family.type == "gauge" and family.documentation
        assert all(each.timestamp is None for each in family.samples)
        labels = [tuple(sorted(each.labels.items())) for each in family.samples]
        assert len(labels) == len(set(labels))
        assert all(set(each.labels) <= LABELS for each in family.samples)


LABELS = {"patch", "srcversion", "replace", "reason", "kind", "object"}


def values(found: Answer) -> dict[str, dict[tuple[str, ...], float]]:
    """Samples that are not 0, by name and labels."""
    said: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(metrics(found, 0.25, 1.7e9)):
        rows = {tuple(each.labels.values()): each.value for each in family.samples if each.value}
        said[family.name.removeprefix("livepatch_")] = rows
    return said


def test_what_the_metrics_say() -> None:
    said = values(busy().look())
    assert set(said) == NAMES
    assert said["info"] == {("old", "", ""): 1, ("fix", "", ""): 1, ("moving", "", "1"): 1}
    assert said["transition"] == {("moving",): 1}
    assert said["transition_start_seconds"] == {("moving",): 1_700_000_990}
    assert said["blocked_threads"] == {
        ("moving", "sleeping_on_function", "kthread"): 1,
        ("moving", "running", "user"): 1,
        ("moving", "unreliable", "user"): 1,
    }
    assert said["functions"] == {("old",): 1, ("fix",): 2, ("moving",): 2}
    assert said["forced"] == {(): 1} and said["functions_overridden"] == {}
    assert said["scrape_duration_seconds"] == {(): 0.25}


def test_an_override_is_counted() -> None:
    machine = Machine().patch().hook("vfs_read", to="kill_switch+0x0/0x10")
    assert values(machine.look())["functions_overridden"] == {("fix",): 1}


def test_what_cannot_be_told_has_no_sample() -> None:
    hidden = ("/patch_state", "/enabled_functions", "/dmesg")
    found = Machine(denied=lambda path: path.endswith(hidden)).moving().thread(7, 0).look()
    missing = {"blocked_threads", "functions_overridden", "forced", "transition_start_seconds"}
    assert not missing & set(values(found))


def test_once(tmp_path: Path, capsys: Said) -> None:
    copy = guest("stalled").archive(tmp_path / "copy.tar")
    out = {each: str(tmp_path / f"out.{each}") for each in ("json", "prom", "tar")}
    words = ["--json", out["json"], "--metrics", out["prom"], "--bundle", out["tar"]]
    assert run(["watch", "--once", "--root", copy, *words]) == 1
    said = capsys.readouterr().out
    assert "STALLED  klp_stall" in said and "kswapd0" in said and "main function" in said
    assert json.loads(Path(out["json"]).read_text())["blockers"][0]["comm"] == "kswapd0"
    assert 'kind="kthread"} 1.0' in Path(out["prom"]).read_text()
    assert not list(tmp_path.glob(".out*"))


def test_the_bundle_is_judged_the_same(tmp_path: Path, capsys: Said) -> None:
    copy = busy()
    copy.add("/dmesg", "[    5.0] usb: secret\n").thread(99, 1, "vfs_read", comm="secret")
    path, out = copy.archive(tmp_path / "copy.tar"), str(tmp_path / "out.tar")
    assert run(["watch", "--once", "--root", path, "--bundle", out, "--json", "-"]) == 1
    first = json.loads(capsys.readouterr().out)
    assert run(["watch", "--once", "--root", out, "--json", "-"]) == 1
    second = json.loads(capsys.readouterr().out)
    for each in (first, second):
        del each["source"], each["threads"]
    assert first == second
    with tarfile.open(out) as archive:
        names = archive.getnames()
        held = b"".join(archive.extractfile(each).read() for each in archive if each.isreg())
    assert {"answer.json", "answer.txt", "versions.txt"} <= set(names)
    assert not [each for each in names if each.startswith("proc/99")]
    assert b"secret" not in held


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--root", "no-such-place"], "no-such-place: error: cannot read"),
        (["--root", "a", "--core", "b", "--vmlinux", "c"], "exclude each other"),
        (["--qmp", "a"], "need --vmlinux"),
        (["--json", "-"], "go with --once"),
        (["--bundle", "a.tar"], "goes with --once"),
        (["--once", "--threads", "0"], "threads"),
        (["--wait", "soon"], "not a duration"),
    ],
)
def test_bad_input(words: list[str], said: str, capsys: Said) -> None:
    assert run(["watch", *words]) == 2
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08damage"])
def test_no_archive(content: bytes, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "a.tar").write_bytes(content)
    assert run(["watch", "--root", str(tmp_path / "a.tar")]) == 2
    assert "--collector" in capsys.readouterr().err


def test_a_folder_that_is_no_copy(tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "proc").mkdir()
    assert run(["watch", "--root", str(tmp_path)]) == 2
    assert "no copy of /proc and /sys" in capsys.readouterr().err


def test_no_support(tmp_path: Path) -> None:
    machine = Machine()
    del machine.files["/sys/kernel/livepatch"]
    assert run(["watch", "--root", machine.archive(tmp_path / "a.tar")]) == 4


def test_without_root_it_cannot_tell(tmp_path: Path, capsys: Said) -> None:
    machine = Machine(denied=lambda path: path.endswith("enabled_functions")).patch()
    assert run(["watch", "--root", machine.archive(tmp_path / "a.tar")]) == 3
    assert "unseen  : /sys/kernel/tracing/enabled_functions" in capsys.readouterr().out


def test_another_vmlinux_is_not_used_and_the_rest_is_said(tmp_path: Path, capsys: Said) -> None:
    copy = guest("stalled").archive(tmp_path / "copy.tar")
    assert run(["watch", "--once", "--root", copy, "--vmlinux", str(toy())]) == 2
    said = capsys.readouterr()
    assert "another kernel" in said.err and "kswapd0" in said.out


def test_a_vmlinux_that_is_none(tmp_path: Path, capsys: Said) -> None:
    copy = guest("stalled").archive(tmp_path / "copy.tar")
    assert run(["watch", "--once", "--root", copy, "--vmlinux", __file__]) == 2
    said = capsys.readouterr()
    assert "[image]" in said.err and "kswapd0" in said.out


def test_drgn_says_what_it_cannot_use(tmp_path: Path, capsys: Said) -> None:
    pytest.importorskip("drgn")
    (tmp_path / "core").write_bytes(b"no core")
    for words in (["--core", str(tmp_path / "core")], ["--qmp", str(tmp_path / "socket")]):
        assert run(["watch", "--once", *words, "--vmlinux", "vmlinux"]) == 2
        assert "drgn cannot use it" in capsys.readouterr().err


def test_the_collector_is_a_script(capsys: Said) -> None:
    assert run(["watch", "--collector"]) == 0
    assert capsys.readouterr().out.startswith("#!/bin/sh\n")


def test_help_has_every_status() -> None:
    assert isinstance(watch_command, Command) and watch_command.help
    assert all(f"{each} " in watch_command.help for each in range(5))


def test_the_rate_is_of_one_transition() -> None:
    machine = Machine().moving().thread(7, 0).thread(8, 0).thread(9, 0)
    before = machine.look()
    machine.thread(8, 1).thread(9, 1)
    after = machine.look()
    assert rate((10.0, before), (12.0, after)) == 1.0
    assert rate(None, (12.0, after)) is None
    machine.files["/sys/kernel/livepatch/fix/enabled"] = "0\n"
    assert rate((10.0, before), (12.0, machine.look())) is None
    assert "1.0 a second" in watch_text(after.with_rate(1.0))


def test_a_screen_has_its_size() -> None:
    text = "\n".join(f"line {each} {'x' * 90}" for each in range(50))
    console = Console(file=io.StringIO(), width=80, height=24)
    shown = console.render_lines(Sight(text, "12:00:00"), pad=False)
    lines = ["".join(segment.text for segment in line) for line in shown]
    assert len(lines) == 24 and all(len(each) <= 80 for each in lines)
    assert lines[-1].startswith("28 more lines") and lines[0].startswith("line 0")


def test_what_is_new_is_printed_once(capsys: Said) -> None:
    show = Changes()
    machine = Machine().moving().thread(7, 0)
    for _ in range(3):
        show(machine.look())
    assert capsys.readouterr().out.count("klprove:") == 1
    show(machine.thread(7, 1).look())
    assert capsys.readouterr().out.count("klprove:") == 1


def test_following_ends_with_the_last_answer(capsys: Said) -> None:
    machine = Machine().moving().thread(7, 0)
    left = [machine.look(), Machine().patch().look()]

    def look() -> Answer:
        if not left:
            raise KeyboardInterrupt
        return left.pop(0)

    written: list[Answer] = []
    assert follow(look, 0.001, written.append) == 0
    assert [each.word for each in written] == ["MOVING", "EFFECTIVE"]
    assert "MOVING" in capsys.readouterr().out


_ON_A_TERMINAL = """
import sys
from klprove.cli.following import follow
from tests.watch.machines import Machine
machine = Machine().moving().thread(7, 0, "vfs_read")
sys.exit(follow(machine.look, 0.05, lambda answer: print("WROTE", file=sys.stderr, flush=True)))
"""


def test_a_terminal_gets_a_screen_and_has_it_taken_away_again() -> None:
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_A_TERMINAL],
        stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, cwd=ROOT, text=True,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    assert process.stderr is not None and process.stderr.readline() == "WROTE\n"
    process.terminate()
    shown = b""
    with contextlib.suppress(OSError):  # what Linux says where the other end is closed
        while part := os.read(screen, 4096):
            shown += part
    os.close(screen)
    assert process.wait() == 1 and process.stderr.read().replace("WROTE\n", "") == ""
    process.stderr.close()
    during, _, after = shown.partition(b"\x1b[?1049l")
    assert during.startswith(b"\x1b[?1049h") and b"Ctrl-C" in during
    assert after.count(b"MOVING") == 1 and b"Ctrl-C" not in after


def test_a_kernel_without_support_is_not_followed(capsys: Said) -> None:
    machine = Machine()
    del machine.files["/sys/kernel/livepatch"]
    assert follow(machine.look, 1000.0, lambda answer: None) == 4
    assert "UNSUPPORTED" in capsys.readouterr().out


def moving_until(looks: list[Machine | BadInput]) -> Watcher:
    def source() -> Snapshot:
        now = looks.pop(0)
        if isinstance(now, BadInput):
            raise now
        return Look(now)()

    return Watcher(source, None, None)


def test_waiting_ends_with_the_transition() -> None:
    moving, done = Machine().moving().thread(7, 0, "vfs_read"), Machine().patch()
    left: list[Machine | BadInput] = [moving, moving, done, moving]
    assert until(moving_until(left), 60.0, 0.001).word == "EFFECTIVE" and left == [moving]


def test_waiting_ends_where_it_is_of_no_use(capsys: Said) -> None:
    left: list[Machine | BadInput] = [guest("stalled"), Machine()]
    assert until(moving_until(left), 60.0, 0.001).word == "STALLED" and len(left) == 1
    assert until(moving_until([Machine().moving()]), None, 1000.0).word == "MOVING"


def test_a_machine_that_goes_away_leaves_what_was_learned(capsys: Said) -> None:
    watcher = moving_until([Machine().moving(), refused("socket", "gone")])
    assert until(watcher, 60.0, 0.001).word == "MOVING" and watcher.lost
    assert "socket: error: gone" in capsys.readouterr().err


def test_many_threads_are_counted_by_function() -> None:
    machine = Machine().patch("fix", {"vfs_read": "vmlinux", "vfs_open": "vmlinux"}, transition=1)
    for tid in range(100, 140):
        stack = {0: "", 1: "vfs_open"}.get(tid % 4, "vfs_read")
        machine.thread(tid, 0, stack)
    text = watch_text(machine.look())
    assert "in      : vfs_read: 20, no patched function that is seen: 10, vfs_open: 10" in text
    assert "and 20 more threads" in text


def test_whether_it_was_forced_needs_the_log_or_a_leftover() -> None:
    assert values(Machine().patch().look())["forced"] == {}  # a sample, and it is 0
    blind = Machine(denied=lambda path: path == "/dmesg").patch()
    assert "forced" not in values(blind.look())
    assert values(blind.module("old", "(OEK)", 1).look())["forced"] == {(): 1}
