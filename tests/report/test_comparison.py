"""One handler on several kernels: marks, and what changes between neighbours."""

from pathlib import Path

from klprove.check import Question, check
from klprove.cli.main import run
from klprove.report import comparison
from klprove.report.wrapping import WIDTH

HANDLER = "handlers/2017/B.c"
SITES = ("default_do_nmi", "rcu_eqs_exit_common")
ONCE = {"irq": 1, "nmi": 1, "exception": 1}


def test_what_v4_14_and_v4_16_change_for_handler_b() -> None:
    answers = {
        kernel: check(
            Question(
                files=(HANDLER,),
                kernel=kernel,
                patch=tuple(site for site in SITES if kernel != "v4.16" or "common" not in site),
                arrivals=ONCE,
                defines={"KLP_WAIT_RCU": "1"},
            ),
            jobs=1,
        )
        for kernel in ("v4.12rc", "v4.14", "v4.16")
    }
    text = comparison(answers)
    lines = text.splitlines()
    # Inside an NMI, v4.12rc's rcu_irq_enter() switches RCU off; v4.14's returns at once.
    row = next(line.split() for line in lines if line.startswith("default_do_nmi"))
    assert "N" in row[1]
    assert row[2:] == [".", "."]
    gone = lines[lines.index("v4.12rc -> v4.14:") + 1 : lines.index("v4.14 -> v4.16:")]
    assert "  gone nested-unwatched: default_do_nmi" in gone
    # An exception in the middle of rcu_irq_enter() is left to v4.16, which has no such function.
    row = next(line.split() for line in lines if line.startswith("rcu_eqs_exit_common"))
    assert row[1:] == ["U", "U", "-"]
    assert "  no such function any more: rcu_eqs_exit_common" in lines
    assert all(len(line) <= WIDTH for line in lines if not line.startswith("$"))


def test_the_page_names_the_command_that_wrote_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    words = ["compare", HANDLER, "--kernels", "v4.12rc", "--arrivals", "0", "-o", str(page)]
    assert run(words) == 0
    text = page.read_text()
    assert f"klprove compare {HANDLER} --kernels v4.12rc" in text
    assert "tick_broadcast_enter" in text
    assert run(["compare", HANDLER, "--kernels", "v9.9", "-o", str(page)]) == 2
