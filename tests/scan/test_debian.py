"""The map of Debian's own kernels against what is known of them.

Numbers of one build are compared with each other, not with constants: Debian's next build has
others. What must stay is what follows from the source of the series.
"""

from functools import cache

import pytest

from klprove.scan import Map, scan
from klprove.scan.answers import CERTAIN, LIKELY
from tests.scan.kernels import kernel

KNOWN_OFF = {
    # Seen at run time with RCU off (an ftrace_ops of ours under QEMU, several machines).
    *("arch_cpu_idle", "amd_e400_idle", "default_idle", "tick_broadcast_oneshot_control"),
    # By reading drivers/cpuidle, drivers/idle and drivers/acpi/processor_idle.c of v6.1.
    *("mwait_idle", "poll_idle", "cpuidle_poll_time", "tick_check_broadcast_expired"),
    *("intel_idle", "intel_idle_irq", "intel_idle_ibrs", "intel_idle_xstate", "intel_idle_s2idle"),
    *("acpi_idle_enter", "acpi_idle_enter_s2idle", "acpi_idle_do_entry", "default_enter_idle"),
}
NOT_OFF = {
    # It calls ct_idle_enter() itself, and is reached where the core has not.
    "acpi_idle_enter_bm",
    *("cpuidle_enter_state", "default_idle_call", "do_idle", "schedule", "vfs_read"),
}


@cache
def map_of(series: str) -> Map:
    return scan(str(kernel(series)), cache=False)


def patchable(found: Map, question: str, grade: int) -> set[str]:
    return {found.names[i] for i in found.list(question, grade) if found.patch[i] == "site"}


def test_the_idle_functions_of_6_1_are_entered_with_rcu_off() -> None:
    said = patchable(map_of("6.1"), "rcu-off", LIKELY)
    assert said >= KNOWN_OFF
    assert not said & NOT_OFF
    assert len(said) <= 30


def test_no_patchable_function_of_6_12_is() -> None:
    assert patchable(map_of("6.12"), "rcu-off", LIKELY) == set()


@pytest.mark.parametrize(("series", "idle"), [("6.1", True), ("6.12", False)])
def test_sections(series: str, idle: bool) -> None:
    found = map_of(series)
    able = {found.regions[i] for i, word in enumerate(found.patch) if word == "site"}
    assert "noinstr" not in able and "init" not in able
    assert ("cpuidle" in able) == idle
    assert found.patch.count("site") > 30_000
    words = {name: found.patch[found.find(name)[0]] for name in ("schedule", "__schedule")}
    assert words == {"schedule": "site", "__schedule": "no-site"}


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_threads_and_nmi(series: str) -> None:
    found = map_of(series)
    stays = patchable(found, "never-ends", CERTAIN)
    assert stays >= {"kthread", "schedule", "kswapd", "khugepaged", "worker_thread", "irq_thread"}
    assert "vfs_read" not in stays
    nmi = patchable(found, "nmi", LIKELY)
    assert "nmi_handle" in nmi and "do_sys_open" not in nmi
