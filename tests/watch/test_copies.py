"""What is said about the copies of a real machine: Debian's 6.1 whose kswapd is patched."""

from dataclasses import replace

import pytest

from klprove.report.watch import watch_text
from tests.watch.copies import guest
from tests.watch.machines import Machine, kinds


def test_nothing_loaded() -> None:
    found = guest("quiet").look()
    assert (found.word, found.status) == ("NONE", 0)
    assert found.snapshot.release == "6.1.0-56-amd64" and len(found.snapshot.build_id) == 40


def test_a_patch_that_has_effect() -> None:
    found = guest("effective").look()
    assert (found.word, found.status, found.findings) == ("EFFECTIVE", 0, ())
    assert [(each.function.name, each.state) for each in found.effects] == [
        ("cmdline_proc_show", "effective")
    ]


def test_the_stalled_one_is_kswapd() -> None:
    found = guest("stalled").look()
    assert (found.word, found.status) == ("STALLED", 1)
    (each,) = found.blockers
    assert (each.thread.comm, each.thread.kernel, each.reason) == (
        "kswapd0", True, "sleeping_on_function",
    )  # fmt: skip
    assert each.culprit is not None and each.culprit.function.name == "kswapd"
    assert (each.ends, each.action.kind) == ("never", "reverse")
    assert found.snapshot.walk is not None and found.snapshot.walk.seen > 40


def test_turned_round() -> None:
    found = guest("reversed").look()
    assert found.transition is not None and found.transition.reversed
    assert not found.transition.forward and len(found.blockers) > 10
    assert {each.ends for each in found.blockers} == {"soon"}


def test_a_transition_that_ended_while_it_was_copied() -> None:
    found = guest("ended").look()
    assert found.transition is not None and {"in-transition", "changed"} <= kinds(found)


def test_a_task_that_sleeps_waits_for_the_signal_of_the_kernel() -> None:
    (each,) = guest("asleep").look().blockers
    assert (each.thread.comm, each.ends, each.action.kind) == ("sleep", "signal", "wait")
    assert each.culprit is not None and each.culprit.function.name == "hrtimer_nanosleep"


def test_a_stopped_task_does_not_end_by_that_signal() -> None:
    found = guest("stopped").look()
    assert found.transition is not None and found.transition.signals == 1
    (each,) = found.blockers
    assert each.action.kind == "signal" and "-CONT" in each.action.text


@pytest.mark.parametrize(
    ("name", "state", "status"), [("kprobe", "contested", 3), ("tracer", "shared", 0)]
)
def test_others_at_the_entry(name: str, state: str, status: int) -> None:
    found = guest(name).look()
    assert ([each.state for each in found.effects], found.status) == ([state], status)


def test_after_it_was_turned_round() -> None:
    found = guest("after").look()
    assert found.status == 0 and kinds(found) == {"replaced"}


def test_what_is_the_same_of_many_threads_is_said_once() -> None:
    lines = watch_text(guest("reversed").look()).splitlines()
    rows = [line for line in lines if line.endswith("  soon")]
    assert len(rows) == 19 and len({line.index(" kernel ") for line in rows}) == 1
    assert any("rcu_tasks_trace_kth" in line for line in rows)
    assert sum("the next round switches it" in line for line in lines) == 1
    assert sum(line.strip().startswith("stack of 2: kthreadd") for line in lines) == 1
    assert sum(line.strip().startswith("do: wait") for line in lines) == 1


def test_threads_of_which_other_things_are_to_be_said_stand_apart() -> None:
    machine = Machine().moving().thread(7, 0, "vfs_read").thread(8, 0).thread(9, 0, "vfs_read")
    lines = [line.strip() for line in watch_text(machine.look()).splitlines()]
    heads = [line.split()[0] for line in lines if line.startswith(("7 ", "8 ", "9 "))]
    assert heads == ["8", "7", "9"]
    assert sum(line.startswith("stack:") for line in lines) == 1
    assert sum(line.startswith("do: ") for line in lines) == 2


def test_which_build_it_is_and_whether_anybody_counts() -> None:
    found = guest("effective").look()
    assert f"patch   : klp_cmdline: build-id {found.snapshot.patches[0].build_id}" in (
        watch_text(found).splitlines()
    )
    assert "called  : not known" in watch_text(found)
    counted = replace(found, snapshot=replace(found.snapshot, calls={"cmdline_proc_show": 3}))
    assert "called  : cmdline_proc_show: 3 times" in watch_text(counted)
    assert "not known" not in watch_text(counted)
