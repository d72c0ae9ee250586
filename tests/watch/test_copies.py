"""What is said about the copies of a real machine: Debian's 6.1 whose kswapd is patched."""

import pytest

from tests.watch.copies import guest
from tests.watch.machines import kinds


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
