"""What the models do, run natively: no finding without a patch, and every finding has a mutant."""

from pathlib import Path

import pytest

from klprove.kernels import load, names
from tests.kernels.oracle import Bounds, available, findings

pytestmark = pytest.mark.skipif(not available(), reason="no gcc and ld")

HANDLERS = Path(__file__).parents[2] / "handlers" / "2017"
WITNESSES = {"runs", "idle_pass_done", "redirected"}

HANDLER_A = (HANDLERS / "A.c").read_text()
HANDLER_F = (HANDLERS / "F.c").read_text()


def bad(found: dict[str, int]) -> set[str]:
    """The findings proper."""
    return found.keys() - WITNESSES


@pytest.mark.parametrize("bounds", [(1, 1, 1), (0, 0, 2), (2, 1, 0), (1, 1, 0, 2)], ids=str)
@pytest.mark.parametrize("name", names())
def test_nothing_is_found_without_a_patch(
    name: str, bounds: tuple[int, ...], tmp_path: Path
) -> None:
    found = findings(name, None, None, Bounds(*bounds), tmp_path)
    assert not bad(found)
    assert found["runs"] > 500, "arrivals must have been tried everywhere"


@pytest.mark.parametrize("site", load("v4.12rc").sites)
def test_every_site_is_reached_within_two_arrivals(site: str, tmp_path: Path) -> None:
    bounds = Bounds(1, 0, 0) if "irq" in site.lower() else Bounds(0, 1, 1)
    assert findings("v4.12rc", None, site, bounds, tmp_path)["redirected"]


NO_EXIT = HANDLER_F.replace("\t\trcu_irq_exit_irqson();\n", "\t\tbarrier();\n")
NO_WARNING = HANDLER_F.replace("WARN_ON_ONCE(1);", "")
ALWAYS_WARNS = HANDLER_A.replace("\trcu_read_lock();", "\trcu_read_lock();\n\tWARN_ON(1);")
NO_REDIRECT = HANDLER_A.replace("\tklp_arch_set_pc(", "\tif (0) klp_arch_set_pc(")
IRQ_UNTOLD = (
    HANDLER_A + "\nstatic void rcu_irq_enter(void)\n{\n}\n\nstatic void rcu_irq_exit(void)\n{\n}\n"
)
COUNT_KEPT = HANDLER_A.replace("unlock:\n", "unlock:\n\tpreempt_disable_notrace();\n")


@pytest.mark.parametrize(
    ("text", "site", "code"),
    [
        (HANDLER_A, "tick_broadcast_enter", "unwatched-silent"),
        (HANDLER_F, "rcu_dynticks_eqs_enter", "unwatched-warned"),
        (NO_WARNING, "rcu_dynticks_eqs_enter", "unwatched-silent"),
        (ALWAYS_WARNS, "vfs_read", "false-alarm"),
        (NO_REDIRECT, "vfs_read", "redirect-lost"),
        (NO_EXIT, "tick_broadcast_enter", "state-corrupted"),
        (COUNT_KEPT, "vfs_read", "state-corrupted"),
        (COUNT_KEPT, "handle_irq", "state-corrupted"),
        (IRQ_UNTOLD, "vfs_read", "nested-unwatched"),
    ],
)
def test_every_finding_has_a_mutant(text: str, site: str, code: str, tmp_path: Path) -> None:
    user = tmp_path / "user.c"
    user.write_text(text)
    assert code in findings("v4.12rc", user, site, Bounds(1, 0, 0), tmp_path)


@pytest.mark.parametrize(
    ("letter", "site", "expected"),
    [
        ("A", "vfs_read", set()),
        ("A", "cpuidle_reflect", {"unwatched-silent"}),
        ("B", "cpuidle_reflect", set()),
        ("C", "cpuidle_reflect", {"nested-unwatched"}),
        ("D2", "cpuidle_reflect", set()),
        ("E", "rcu_eqs_exit_common", {"unwatched-silent"}),
        ("F", "rcu_eqs_exit_common", {"unwatched-warned"}),
        ("G", "rcu_eqs_exit_common", set()),
    ],
)
def test_the_handlers_of_the_thread(
    letter: str, site: str, expected: set[str], tmp_path: Path
) -> None:
    kernel = "v4.12" if letter == "G" else "v4.12rc"
    found = findings(kernel, HANDLERS / f"{letter}.c", site, Bounds(1, 0, 0), tmp_path)
    assert bad(found) == expected
