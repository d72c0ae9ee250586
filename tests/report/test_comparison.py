"""One handler on several kernels: marks, and what changes between neighbours."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from klprove.check import Answer, Question, asking, check
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


def test_a_handler_does_not_apply_where_its_functions_are_not(tmp_path: Path) -> None:
    """D calls rcu_nmi_enter(), which v6.0 has under another name."""
    page = tmp_path / "page.md"
    words = ["compare", "handlers/2017/D.c", "--arrivals", "0", "-D", "KLP_WAIT_RCU=1"]
    words += ["-o", str(page), "--kernels"]
    assert run([*words, "v5.11,v6.0"]) == 0
    text = page.read_text()
    assert "does not apply on v6.0: no such function there: rcu_nmi_enter()," in text
    assert "| handler | v5.11 | v6.0 |\n|---|---|---|\n| D | . | - |" in text
    assert "--kernel v5.11" in text and "--kernel v6.0" not in text
    assert run([*words, "v6.0"]) == 2, "it applies nowhere"


def test_a_handler_that_is_wrong_otherwise_is_bad_input(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.c"
    wrong.write_text("static void f(void) { rcu_nmi_enter(); int x = ; }\n")
    assert run(["compare", str(wrong), "--arrivals", "0", "--kernels", "v5.11,v6.0"]) == 2


def test_kernels_that_do_not_fit_into_one_table_are_in_several() -> None:
    answer = check(
        Question(files=("handlers/own.c",), kernel="v6.0", patch=("vfs_read",), arrivals={"irq": 0})
    )
    text = comparison({f"v{number}.18": answer for number in range(12, 24)})
    assert text.count("\nsite ") + text.startswith("site ") == 2
    assert text.count("\nvfs_read ") == 2
    assert all(len(line) <= WIDTH for line in text.splitlines() if not line.startswith("$"))


HANDLERS = ("handlers/2017/A.c", "handlers/2017/B.c")


def interrupted(answers: int, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Has Ctrl-C come when so many questions have been answered; the kernels that were asked."""
    kernels: list[str | None] = []

    def asked(question: Question, *_: object) -> Answer:
        kernels.append(question.kernel)
        if len(kernels) > answers:
            raise KeyboardInterrupt
        return check(replace(question, patch=("vfs_read",)), jobs=1)

    monkeypatch.setattr(asking, "check", asked)
    return kernels


def test_ctrl_c_ends_a_comparison_with_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kernels = interrupted(1, monkeypatch)
    page, data = tmp_path / "page.md", tmp_path / "c.json"
    page.write_text("as it was")
    words = ["compare", *HANDLERS, "--kernels", "v4.12rc,v5.8"]
    assert run([*words, "-o", str(page), "--as", f"json={data}"]) == 3
    assert kernels == ["v4.12rc", "v5.8"], "nothing is asked after Ctrl-C"
    assert page.read_text() == "as it was"
    said = capsys.readouterr().out
    assert re.search(r"^vfs_read +\. +\?$", said, re.MULTILINE)
    assert said.endswith(f"what was not searched is not known; {page} is not written\n")
    answers = json.loads(data.read_text())["answers"]
    known = [each["answer"]["complete"] for each in answers]
    assert known == [True, False, False, False]
    assert {r for each in answers[1:] for r in each["answer"]["reasons"]} == {
        "not searched: interrupted"
    }


def test_ctrl_c_before_the_first_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(0, monkeypatch)
    assert run(["compare", *HANDLERS, "--kernels", "v4.12rc,v5.8"]) == 3
    told = capsys.readouterr()
    assert (told.out, told.err.strip()) == ("", "klprove: interrupted: there is no answer")
