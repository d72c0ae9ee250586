"""Threads that a transition waits for: who, why, for how long, what to do."""

import pytest

from klprove.scan import Map
from klprove.scan.answers import CERTAIN, LIKELY, NOBODY, Step
from klprove.watch import Answer, Blocker, Look, judge
from tests.watch.machines import Machine, kinds

BOTTOM = "do_syscall_64 entry_SYSCALL_64_after_hwframe"


def only(found: Answer) -> Blocker:
    assert len(found.blockers) == 1
    return found.blockers[0]


def test_no_patch() -> None:
    found = Machine().look()
    assert (found.word, found.status, found.findings) == ("NONE", 0, ())


def test_no_support() -> None:
    machine = Machine()
    del machine.files["/sys/kernel/livepatch"]
    found = machine.look()
    assert (found.word, found.status) == ("UNSUPPORTED", 4)


def test_a_user_thread_in_a_patched_function() -> None:
    machine = Machine().moving(since=10).thread(7, 0, f"pipe_read vfs_read ksys_read {BOTTOM}")
    found = machine.thread(8, 1, f"pipe_read vfs_read ksys_read {BOTTOM}").look()
    each = only(found)
    assert (each.thread.tid, each.thread.comm, each.thread.kernel) == (7, "worker", False)
    assert each.reason == "sleeping_on_function"
    assert each.culprit is not None and each.culprit.function.name == "vfs_read"
    assert (each.ends, each.action.kind, each.seconds) == ("signal", "wait", 10)
    assert (found.word, found.status) == ("MOVING", 1)
    assert found.transition is not None and found.transition.left == 1


def test_after_the_kernel_has_signalled_somebody_else_must() -> None:
    machine = Machine().moving(since=45).thread(7, 0, f"pipe_read vfs_read {BOTTOM}")
    machine.log(970, "signaling remaining tasks")
    found = machine.look()
    assert found.transition is not None and found.transition.signals == 1
    assert only(found).action.kind == "signal" and "kill -STOP 7" in only(found).action.text


def test_a_kernel_before_5_1_is_told_to_signal() -> None:
    machine = Machine().moving(since=5, signal=0).thread(7, 0, f"vfs_read {BOTTOM}")
    assert "fix/signal" in only(machine.look()).action.text


def test_uninterruptible_sleep_takes_no_signal() -> None:
    stack = f"nfs_wait vfs_read {BOTTOM}"
    found = Machine().moving(since=45).thread(7, 0, stack, state="D", wchan="nfs_wait").look()
    assert only(found).ends == "event" and "nfs_wait" in only(found).why
    assert only(found).action.kind == "exercise"


@pytest.mark.parametrize(("state", "word"), [("T", "CONT"), ("t", "debugger")])
def test_stopped(state: str, word: str) -> None:
    stack = f"do_signal_stop vfs_read {BOTTOM}"
    found = Machine().moving(since=45).thread(7, 0, stack, state=state).look()
    assert only(found).action.kind == "signal" and word in only(found).action.text
    assert ("by a debugger" in only(found).why) == (state == "t")


def test_a_zombie_waits_for_its_parent() -> None:
    machine = Machine().patch("fix", {"do_exit": "vmlinux"}, transition=1)
    found = machine.thread(7, 0, f"do_task_dead do_exit {BOTTOM}", state="Z").look()
    assert only(found).action.kind == "restart"


def test_the_main_function_of_a_kernel_thread_never_ends() -> None:
    machine = Machine().patch("fix", {"kswapd": "vmlinux"}, transition=1)
    machine.thread(38, 0, "kswapd kthread ret_from_fork", comm="kswapd0", kernel=True)
    found = machine.look()
    each = only(found)
    assert each.thread.kernel and each.ends == "never" and "main function" in each.why
    assert each.action.kind == "reverse" and "echo 0 >" in each.action.text
    assert found.word == "STALLED" and "never-ends" in kinds(found)
    assert found.transition is not None
    assert any("kswapd" in reason for reason in found.transition.against_force)


def test_deeper_in_a_kernel_thread_it_may_end() -> None:
    machine = Machine().patch("fix", {"vhost_work": "vmlinux"}, transition=1)
    stack = "schedule vhost_work vhost_worker kthread ret_from_fork"
    found = machine.thread(38, 0, stack, comm="vhost-1", kernel=True).look()
    assert only(found).ends == "event" and only(found).action.kind == "exercise"
    assert found.word == "MOVING"


def test_running() -> None:
    found = Machine().moving(since=5).thread(7, 0, state="R").look()
    each = only(found)
    assert (each.reason, each.ends, each.action.kind) == ("running", "soon", "wait")


def test_running_for_long() -> None:
    machine = Machine().moving(since=300).thread(7, 0, state="R")
    found = machine.thread(8, 0, state="R", kernel=True).look()
    assert [each.action.kind for each in found.blockers] == ["signal", "exercise"]


def test_nothing_on_the_stack() -> None:
    early = Machine().moving(since=1).thread(7, 0, f"do_wait {BOTTOM}").look()
    assert (only(early).reason, only(early).ends) == ("unknown", "soon")
    late = Machine().moving(since=30).thread(7, 0, f"do_wait {BOTTOM}").look()
    assert (only(late).reason, only(late).ends) == ("unreliable", "unknown")


def test_a_function_of_that_name_in_a_module_is_another_one() -> None:
    found = Machine().moving(since=30).thread(7, 0, f"vfs_read@nfs {BOTTOM}").look()
    assert only(found).reason == "unreliable"


def test_a_patched_module() -> None:
    machine = Machine().module("nfs").patch("fix", {"nfs_read": "nfs"}, transition=1)
    found = machine.thread(7, 0, f"nfs_read@nfs {BOTTOM}").look()
    assert only(found).reason == "sleeping_on_function"


def test_on_the_way_back_the_new_code_counts() -> None:
    machine = Machine().moving(to="unpatching", since=30)
    machine.thread(7, 1, f"new_vfs_read@fix {BOTTOM}").thread(8, 1, f"vfs_read {BOTTOM}")
    found = machine.thread(9, 0, f"vfs_read {BOTTOM}").look()
    assert [each.reason for each in found.blockers] == ["sleeping_on_function", "unreliable"]
    assert found.transition is not None and not found.transition.forward
    assert "module fix could never be removed" in found.transition.against_force


def test_what_an_older_patch_put_there_counts() -> None:
    machine = Machine().patch("old").moving("new", since=30, replace=1)
    machine.thread(7, 0, f"livepatch_vfs_read@old {BOTTOM}").thread(8, 0, f"vfs_read {BOTTOM}")
    found = machine.look()
    assert [each.reason for each in found.blockers] == ["sleeping_on_function", "unreliable"]
    assert found.transition is not None and found.transition.patch.name == "new"
    assert any("replaces" in each for each in found.transition.against_force)


def test_turned_round() -> None:
    machine = Machine().patch("fix", enabled=0, transition=1)
    machine.log(900, "enabling patch 'fix'").log(900, "'fix': starting patching transition")
    machine.log(990, "'fix': starting unpatching transition")
    found = machine.thread(7, 1, f"vfs_read@fix {BOTTOM}").look()
    assert "reversed" in kinds(found)
    assert found.transition is not None
    assert (found.transition.reversed, found.transition.seconds) == (True, 10)
    assert "echo 1 >" in _reverse(found)


def _reverse(found: Answer) -> str:
    machine = Machine().patch("fix", {"kswapd": "vmlinux"}, enabled=0, transition=1)
    machine.thread(7, 1, "kswapd@fix kthread ret_from_fork", kernel=True)
    return only(machine.look()).action.text


def test_a_transition_that_ended_and_another_one() -> None:
    machine = Machine().patch("fix", enabled=0, transition=1)
    machine.log(100, "enabling patch 'fix'").log(100, "'fix': starting patching transition")
    machine.log(101, "'fix': patching complete").log(995, "'fix': starting unpatching transition")
    found = machine.look()
    assert found.transition is not None and not found.transition.reversed
    assert found.transition.seconds == 5


def test_only_idle_tasks_are_left() -> None:
    found = Machine().moving().thread(7, 1).look()
    assert "idle-tasks" in kinds(found) and found.status == 1


def test_a_thread_is_no_older_than_itself() -> None:
    found = Machine().moving(since=500).thread(7, 0, f"vfs_read {BOTTOM}", started=900).look()
    assert only(found).seconds == 100


def test_threads_of_a_process() -> None:
    machine = Machine().moving().thread(7, 1).thread(9, 0, f"vfs_read {BOTTOM}", pid=7)
    each = only(machine.look())
    assert (each.thread.tid, each.thread.pid) == (9, 7)


def test_running_in_the_patched_function() -> None:
    found = Machine().moving(since=5).thread(7, 0, f"vfs_read {BOTTOM}", state="R").look()
    each = only(found)
    assert (each.reason, each.ends, each.action.kind) == ("running", "soon", "wait")
    assert each.culprit is not None and "vfs_read" in each.why


def test_a_main_function_that_runs_never_ends_either() -> None:
    machine = Machine().patch("fix", {"ksoftirqd": "vmlinux"}, transition=1)
    stack = "ksoftirqd kthread ret_from_fork"
    assert only(machine.thread(7, 0, stack, kernel=True, state="R").look()).ends == "never"


def kernel_map(**grades: int) -> Map:
    """A map that holds these functions for staying on a stack, and `vfs_read` for nothing."""
    names = [*grades, "vfs_read"]
    zeros = [0] * len(names)
    steps = {
        place: Step(grade, 0, NOBODY, "waits in a loop", 0)
        for place, grade in enumerate(grades.values())
    }
    return Map(
        "vmlinux", "x86_64", "", "", (), names, {}, zeros, zeros, [""] * len(names),
        ["site"] * len(names), zeros, frozenset(), {}, {}, {"never-ends": steps},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("function", "kernel", "ends"),
    [
        ("sure", True, "never"),
        ("likely", True, "unknown"),
        ("vfs_read", True, "event"),
        ("sure", False, "signal"),  # a signal takes a user task out of any loop
    ],
)
def test_what_the_map_says_of_kernel_threads(function: str, kernel: bool, ends: str) -> None:
    machine = Machine().patch("fix", {function: "vmlinux"}, transition=1)
    machine.thread(7, 0, f"schedule {function} worker kthread ret_from_fork", kernel=kernel)
    found = judge(Look(machine)(), kernel_map(sure=CERTAIN, likely=LIKELY))
    assert only(found).ends == ends
    assert ("may stay for ever" in only(found).why) == (ends in ("never", "unknown"))


def test_what_to_do_about_an_unreliable_stack() -> None:
    machine = Machine().moving(since=30).thread(7, 0, "do_wait").thread(8, 0, "poll", kernel=True)
    assert [each.action.kind for each in machine.look().blockers] == ["signal", "wait"]
    machine = Machine().moving(since=300).thread(8, 0, "poll", kernel=True)
    assert only(machine.look()).action.kind == "reverse"


def test_an_age_that_nobody_knows() -> None:
    machine = Machine().patch(transition=1).thread(7, 0, "vfs_read", started=900)
    found = machine.look()
    assert only(found).seconds is None and only(found).action.kind == "wait"
    assert found.transition is not None and found.transition.started is None


def test_what_moves_is_taken_for_the_newest_where_nobody_knows() -> None:
    machine = Machine(denied=lambda path: path == "/proc/modules").moving("a", since=30).patch("b")
    found = machine.thread(7, 0, f"livepatch_vfs_read@b {BOTTOM}").look()
    assert only(found).reason == "sleeping_on_function"
    machine = Machine().moving("a", since=30).patch("b")  # b is newer: nobody waits for its code
    found = machine.thread(7, 0, f"livepatch_vfs_read@b {BOTTOM}").look()
    assert only(found).reason == "unreliable"


def test_threads_that_run_in_the_function_are_a_reason_against_force() -> None:
    found = Machine().moving().thread(7, 0, "vfs_read", state="R").thread(8, 0, "poll").look()
    assert found.transition is not None
    assert [each.partition(":")[0] for each in found.transition.against_force[:2]] == [
        "threads inside vfs_read",
        "threads of which it is not known what they are in",
    ]


def test_other_code_of_an_older_patch_does_not_count() -> None:
    machine = Machine().patch("old", {"vfs_read": "vmlinux", "vfs_readv": "vmlinux"})
    machine.moving("new", since=30).thread(7, 0, "new_vfs_readv@old").thread(8, 0, "code@old")
    found = machine.look()  # a name that says nothing may be that of anything
    assert [each.reason for each in found.blockers] == ["unreliable", "sleeping_on_function"]


def test_a_large_patch_and_many_threads() -> None:
    """A thousand functions, each replaced before: frames are looked up by name and module."""
    names = {f"function_{each}": "vmlinux" for each in range(1000)}
    machine = Machine().patch("old", names).patch("new", names, transition=1)
    for tid in range(1000, 1300):
        machine.thread(tid, 0, "function_7@nfs " * 20 + "livepatch_function_7@old")
    found = machine.look()
    assert {each.culprit.function.name for each in found.blockers if each.culprit} == {"function_7"}
    assert len(found.blockers) == 300
