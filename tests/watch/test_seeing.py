"""What cannot be read, what changes while it is read, and what a look costs."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from klprove.report.watch import watch_document, watch_text
from klprove.watch import Look, Walker, judge, metrics
from klprove.watch.log import read_kmsg
from klprove.watch.sysfs import build_id
from klprove.watch.trees import Archive, Folder, Recorder
from tests.watch.machines import Machine, kinds

ROOT_ONLY = ("/sys/kernel/tracing", "/sys/kernel/debug", "/dmesg")


def without_root(path: str) -> bool:
    last = path.rpartition("/")[2]
    return path.startswith(ROOT_ONLY) or last in ("patch_state", "stack")


def test_without_root_nothing_moving() -> None:
    machine = Machine(denied=without_root).patch()
    found = machine.look()
    assert (found.word, found.status) == ("UNKNOWN", 3) and "effect-unknown" in kinds(found)
    assert {each.partition(":")[0] for each in found.snapshot.blind} == {
        "/sys/kernel/tracing/enabled_functions",
        "/sys/kernel/debug/kprobes/list",
        "/dmesg",
    }
    assert all("Permission denied" in each for each in found.snapshot.blind)


def test_without_root_in_transition() -> None:
    machine = Machine(denied=without_root).patch(transition=1).thread(7, 0).thread(8, 1)
    found = machine.look()
    assert found.status == 1 and found.transition is not None
    assert (found.transition.left, found.transition.ends) == (0, "unknown")
    assert found.snapshot.walk is not None and found.snapshot.walk.denied == 2
    assert any("patch_state of 2 threads" in each for each in found.snapshot.blind)
    assert "idle-tasks" not in kinds(found)


def test_own_threads_are_seen_without_root() -> None:
    machine = Machine(
        denied=lambda path: without_root(path) and path != "/proc/7/task/7/patch_state"
    )
    found = machine.patch(transition=1).thread(7, 0, wchan="vfs_read").thread(8, 0).look()
    assert [each.thread.tid for each in found.blockers] == [7]
    assert (
        found.blockers[0].reason == "sleeping_on_function" and found.blockers[0].ends == "unknown"
    )


def test_a_thread_that_ends_in_the_middle() -> None:
    def reading(machine: Machine, path: str) -> None:
        if path == "/proc/7/task/7/stat":
            machine.files = {k: v for k, v in machine.files.items() if not k.startswith("/proc/7/")}

    machine = Machine(reading=reading).moving().thread(7, 0, "vfs_read").thread(8, 0, "vfs_read")
    found = machine.look()
    assert [each.thread.tid for each in found.blockers] == [8]
    assert found.snapshot.walk is not None and found.snapshot.walk.gone == 1


def test_a_patch_that_goes_while_it_is_read() -> None:
    def reading(machine: Machine, path: str) -> None:
        if path.endswith("fix/vmlinux/patched"):
            machine.files = {k: v for k, v in machine.files.items() if "/fix" not in k}

    found = Machine(reading=reading).patch("fix").patch("new", {"vfs_open": "vmlinux"}).look()
    assert [each.name for each in found.snapshot.patches] == ["new"]
    assert not found.snapshot.changed and found.status == 0


def test_a_transition_that_ends_while_threads_are_read() -> None:
    def reading(machine: Machine, path: str) -> None:
        if path.endswith("/task/7/patch_state"):
            machine.files["/sys/kernel/livepatch/fix/transition"] = "0\n"

    found = Machine(reading=reading).moving().thread(7, 0, "vfs_read").look()
    assert found.transition is None and found.blockers == () and found.status == 0


def test_what_never_stands_still() -> None:
    def reading(machine: Machine, path: str) -> None:
        if path.endswith("/enabled"):
            now = machine.files["/sys/kernel/livepatch/fix/transition"]
            machine.files["/sys/kernel/livepatch/fix/transition"] = "0\n" if now == "1\n" else "1\n"

    found = Machine(reading=reading).patch().look()
    assert found.snapshot.changed and "changed" in kinds(found)


@pytest.mark.parametrize("text", ["", "x\n", "-7\n", "1 1\n"])
def test_sysfs_that_says_nothing_usable(text: str) -> None:
    machine = Machine().patch()
    machine.files["/sys/kernel/livepatch/fix/enabled"] = text
    found = machine.look()
    assert "unreadable" in kinds(found) and found.status == 3


def test_a_bounded_look_goes_on_where_it_stopped() -> None:
    machine = Machine().moving()
    for tid in range(100, 200):
        machine.thread(tid, int(tid != 150), "vfs_read" if tid == 150 else "")
    look = Look(machine, Walker(machine, most=40))
    left, found = [], []
    for _ in range(4):
        seen = look()
        assert seen.walk is not None and seen.walk.seen <= 41
        left.append(seen.walk.left)
        found.append([each.tid for each in seen.pending])
    assert found == [[], [150], [150], [150]]  # once known, it is looked at every time
    assert left[0] == 60


def test_what_was_not_looked_at_is_said() -> None:
    machine = Machine().moving()
    for tid in range(100, 200):
        machine.thread(tid, 1)
    found = judge(Look(machine, Walker(machine, most=40))())
    assert found.transition is not None and found.transition.ends == "unknown"
    assert "not every thread could be looked at" in found.transition.against_force


def test_stacks_are_read_of_so_many_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("klprove.watch.threads.CLOSELY", 3)
    machine = Machine().moving()
    for tid in range(100, 110):
        machine.thread(tid, 0, "vfs_read")
    found = machine.look()
    assert len(found.blockers) == 10
    assert sum(each.thread.stack is not None for each in found.blockers) == 3


def test_the_log_of_this_machine_ends_where_nothing_is_new() -> None:
    records = [b"6,1,2000000,-;livepatch: enabling patch 'fix'\n"]

    def read(handle: int, size: int) -> bytes:
        if not records:
            raise BlockingIOError
        if records[0] == b"lost":
            records.pop(0)
            raise BrokenPipeError
        return records.pop(0)

    records += [b"lost", b"6,2,3000000,-;other\n"]
    text = read_kmsg("/dev/null", read)
    assert text.splitlines() == [
        "6,1,2000000,-;livepatch: enabling patch 'fix'",
        "6,2,3000000,-;other",
    ]


def test_a_link_out_of_a_copy_is_not_followed(tmp_path: Path) -> None:

    home = tmp_path
    (home / "root" / "proc").mkdir(parents=True)
    (home / "secret").write_text("1")
    (home / "root" / "proc" / "modules").symlink_to(home / "secret")
    tree = Folder(str(home / "root"))
    with pytest.raises(PermissionError):
        tree.text("/proc/modules")


def test_only_blockers_are_recorded() -> None:
    machine = Machine().moving().thread(7, 0, "vfs_read").thread(8, 1, "vfs_read")
    tree = Recorder(machine)
    Look(tree)()
    threads = {each for each in tree.texts if each.startswith("/proc/") and "/task/" in each}
    assert threads == {f"/proc/7/task/7/{each}" for each in ("stat", "stack", "wchan")}


@pytest.mark.parametrize("text", ["9" * 5000, "inf", "nan", "-1", "1e999", "\x00", ""])
def test_numbers_that_no_kernel_has(text: str) -> None:
    machine = Machine().moving().thread(7, 0, "vfs_read").log(990, "signaling remaining tasks")
    machine.add("/dmesg", f"[{text}.{text}] livepatch: forcing remaining tasks\n")
    machine.files["/sys/kernel/livepatch/fix/stack_order"] = text
    machine.add("/proc/modules", f"x {text} {text} - Live 0x0\n")
    for path in ("/proc/uptime", "/proc/sys/kernel/tainted"):
        machine.files[path] = text
    machine.files["/proc/stat"] = f"btime {text}\n"
    stat = machine.files["/proc/7/task/7/stat"] or ""
    machine.thread(8, 0).files["/proc/8/task/8/stat"] = stat.replace(" 1000 ", f" {text} ")
    machine.add("/sys/kernel/tracing/enabled_functions", f"vfs_read ({text}) I\n")
    json.dumps(watch_document(machine.look()), allow_nan=False)
    assert "nan" not in metrics(machine.look(), 0.0, 0.0)


@pytest.mark.parametrize("second", ["nobody", "a user's process"])
def test_a_container_does_not_see_every_thread(second: str) -> None:
    machine = Machine(live=True).moving().thread(7, 1)
    if second != "nobody":
        machine.thread(2, 1)
        machine.files["/proc/2/stat"] = machine.files["/proc/2/task/2/stat"]
    seen = Look(machine, kmsg=lambda: machine.files["/dmesg"] or "")()
    found = judge(seen)
    assert any("container" in each for each in seen.blind)
    assert "idle-tasks" not in kinds(found)
    assert found.transition is not None and found.transition.ends == "unknown"


def test_a_whole_machine_has_kthreadd() -> None:
    machine = Machine(live=True).moving().thread(2, 1, comm="kthreadd", kernel=True)
    machine.files["/proc/2/stat"] = machine.files["/proc/2/task/2/stat"]
    found = judge(Look(machine, kmsg=lambda: "")())
    assert "idle-tasks" in kinds(found) and found.snapshot.blind == ()


_LOOKING = """
import contextlib, os, sys
from klprove.watch import Folder, Look

def hook(event, arguments):
    if event == "open" and isinstance(arguments[2], int):
        opened.append(arguments[2])

opened = []
sys.addaudithook(hook)
assert len(Look(Folder(sys.argv[1]))().pending) == 1
with contextlib.suppress(OSError):
    Look(Folder("/"))()
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
print(len(opened), sum(bool(each & writing) for each in opened))
"""


def test_no_file_is_opened_for_writing(tmp_path: Path) -> None:
    """A look at a made-up machine of real files, and one at this machine."""
    path = Machine().moving().thread(7, 0, "vfs_read").patch("more").archive(tmp_path / "a.tar")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "root", filter="data")
    words = [sys.executable, "-c", _LOOKING, str(tmp_path / "root")]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    opened, written = map(int, said.split())
    assert opened > 20 and written == 0


def test_records_of_the_log_of_this_machine() -> None:
    machine = Machine(live=True).patch(transition=1)
    record = "5,1,990000000,-,caller=T1;livepatch: 'fix': starting patching transition\n SUB=x\n"
    found = judge(Look(machine, kmsg=lambda: record)())
    assert found.transition is not None and found.transition.seconds == 10


def test_an_archive_is_a_tree(tmp_path: Path) -> None:
    tree = Archive(Machine().patch().archive(tmp_path / "a.tar"))
    assert tree.names("/sys/kernel/livepatch/fix/vmlinux/") == ["patched", "vfs_read,1"]
    assert tree.names("/sys/kernel/livepatch/fix/vmlinux/vfs_read,1") == []
    for path in ("/proc/uptime", "/proc/none"):
        with pytest.raises(FileNotFoundError):
            tree.names(path)
    with pytest.raises(FileNotFoundError):
        tree.text("/sys/kernel")


def test_a_build_id_behind_other_notes() -> None:
    notes = bytes.fromhex("04000000 06000000 06000000 58656e00 6c696e757800 0000")
    notes += bytes.fromhex("04000000 04000000 03000000 474e5500 01020304")
    text = notes.decode(errors="surrogateescape")
    assert build_id(text) == "01020304" and build_id(text[:-8]) == "" and build_id("") == ""


def test_threads_that_are_gone_are_counted() -> None:
    def reading(machine: Machine, path: str) -> None:
        if path.endswith("/7/patch_state"):
            machine.files.pop("/proc/7/task/7/patch_state", None)
        if path.endswith("/8/stat"):
            machine.files.pop("/proc/8/task/8/stat", None)

    machine = Machine(reading=reading).moving().thread(7, 0).thread(8, 0).thread(9, 1)
    found = machine.look()
    assert found.snapshot.walk is not None
    assert (found.snapshot.walk.gone, found.snapshot.walk.seen) == (2, 2)
    assert "2 threads ended in the middle" in watch_text(found)
