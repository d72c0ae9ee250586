"""The models in klprove's own pipeline: what is found is what the oracle finds."""

from pathlib import Path

import pytest

from klprove.check import Question, check
from tests.kernels.oracle import Bounds, available, findings
from tests.kernels.test_behaviour import ALWAYS_WARNS, COUNT_KEPT, HANDLERS, IRQ_UNTOLD, NO_REDIRECT

NOT_COMPARED = {"warned", "assert", "runs", "idle_pass_done", "redirected"}

PAIRS = [
    ("v4.12rc", "A", "rcu_dynticks_eqs_exit"),
    ("v4.12rc", "B", "default_do_nmi"),
    ("v4.12rc", "C", "printk_nmi_enter"),
    ("v4.12rc", "D", "cpuidle_reflect"),
    ("v4.12rc", "D2", "rcu_nmi_exit"),
    ("v4.12rc", "E", "hw_breakpoint_exceptions_notify"),
    ("v4.12rc", "F", "ist_exit"),
    ("v4.12", "G", "rcu_nmi_enter"),
    ("v4.14", "B", "rcu_dynticks_eqs_enter"),
    ("v4.16", "F", "do_debug"),
    ("v4.20", "B", "rcu_nmi_exit"),
    ("v5.8", "A", "mce_log"),
    ("v5.11", "G", "arch_cpu_idle"),
    ("v6.0", "A", "vfs_read"),
    ("v6.18", "G", "irq_enter_rcu"),
]


def checked(kernel: str, user: Path, site: str, bounds: Bounds) -> set[str]:
    """Codes of what klprove finds within `bounds`, in a complete search."""
    arrivals = bounds._asdict()
    del arrivals["passes"]
    question = Question(files=(str(user),), kernel=kernel, patch=(site,), arrivals=arrivals)
    verdict = check(question, jobs=1).sites[site]
    assert verdict.complete, verdict.reasons
    return {each.code for each in verdict.findings} - NOT_COMPARED


@pytest.mark.skipif(not available(), reason="no gcc and ld")
@pytest.mark.parametrize(("kernel", "letter", "site"), PAIRS)
def test_klprove_finds_what_the_oracle_finds(
    kernel: str, letter: str, site: str, tmp_path: Path
) -> None:
    user, bounds = HANDLERS / f"{letter}.c", Bounds(1, 1, 1)
    native = findings(kernel, user, site, bounds, tmp_path).keys() - NOT_COMPARED
    assert checked(kernel, user, site, bounds) == native


@pytest.mark.parametrize(
    ("text", "site", "code"),
    [
        (ALWAYS_WARNS, "vfs_read", "false-alarm"),
        (NO_REDIRECT, "vfs_read", "redirect-lost"),
        (COUNT_KEPT, "handle_irq", "state-corrupted"),
        (IRQ_UNTOLD, "vfs_read", "nested-unwatched"),
    ],
)
def test_klprove_finds_the_mutants(text: str, site: str, code: str, tmp_path: Path) -> None:
    user = tmp_path / "user.c"
    user.write_text(text)
    assert code in checked("v4.12rc", user, site, Bounds(1, 0, 0))


UPDATER = {"irq": 0, "nmi": 0, "exception": 0}


@pytest.mark.parametrize(
    ("letter", "site", "freed"),
    [
        ("A", "tick_broadcast_enter", True),
        ("A", "vfs_read", False),
        ("G", "cpuidle_reflect", False),
    ],
)
def test_the_updater_frees_what_a_handler_reads(letter: str, site: str, freed: bool) -> None:
    """Two CPUs: RCU does not wait for A in idle; G is waited for everywhere."""
    question = Question(
        files=(str(HANDLERS / f"{letter}.c"),),
        kernel="v4.12" if letter == "G" else "v4.12rc",
        patch=(site,),
        cpus=2,
        arrivals=UPDATER,
    )
    verdict = check(question, jobs=1).sites[site]
    assert verdict.complete and not verdict.unreached
    assert ("use-after-free" in {each.code for each in verdict.findings}) == freed


def test_without_a_patch_nothing_is_found_however_much_arrives() -> None:
    question = Question(files=(str(HANDLERS / "A.c"),), kernel="v4.12rc")
    (verdict,) = check(question, jobs=1).sites.values()
    assert (verdict.word, verdict.findings) == ("holds", ())
    assert not verdict.bounds.arrivals
