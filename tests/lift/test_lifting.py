"""Lifted text in a model's place: what is asked, what is refused, what is found."""

from pathlib import Path

import pytest

from klprove import check
from klprove.check import Answer
from klprove.source import BadInput
from tests.lift.trees import FILES, changed, plant

SITE = "default_do_nmi"
ENTER = "kernel/rcu/tree.c:rcu_nmi_enter"
EXIT = "kernel/rcu/tree.c:rcu_nmi_exit"
NEEDED = ("include/linux/nesting.h:still_to_come", "include/linux/nesting.h:NOTHING_LEFT")
HANDLER = "handlers/2017/G.c"


def ask(tree: Path, *lift: str, files: str = HANDLER, **options: str) -> Answer:
    """The answer at one site, with little arriving."""
    return check(
        files,
        kernel="v4.12",
        patch=SITE,
        arrivals=1,
        tree=tree,
        lift=lift,
        defines=options,
        jobs=1,
    )


def refused(tree: Path, *lift: str, **options: str) -> str:
    """What is said of a question that cannot be asked."""
    with pytest.raises(BadInput) as said:
        ask(tree, *lift, **options)
    return str(said.value)


def codes(answer: Answer) -> set[str]:
    return {each.code for each in answer.findings}


def test_lifted_text_that_says_the_same_finds_the_same(tmp_path: Path) -> None:
    plain = check(HANDLER, kernel="v4.12", patch=SITE, arrivals=1, jobs=1)
    answer = ask(plant(tmp_path), ENTER, EXIT, *NEEDED, "include/linux/hardirq.h:nmi_enter")
    assert answer.complete and plain.complete
    assert codes(answer) == codes(plain)
    said = "\n".join(answer.assumptions)
    assert f"text of {tmp_path}, unmodified: rcu_nmi_enter, rcu_nmi_exit" in said
    assert "do nothing: instrumentation_begin, instrumentation_end, lockdep_off" in said
    assert "off in that text: CONFIG_STRANGE, CONFIG_TINY_RCU" in said
    assert answer.fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int incby = 2;", "int incby = 1;"),
        ("rdtp->dynticks_nmi_nesting -= 2;", "rdtp->dynticks_nmi_nesting -= 1;"),
        (
            "\tbarrier();\n}",
            "\tif (incby == 1)\n\t\treturn;\n\trdtp->dynticks_nmi_nesting += 2;\n}",
        ),
    ],
)
def test_a_changed_line_is_found_where_the_tree_has_it(tmp_path: Path, old: str, new: str) -> None:
    tree = plant(tmp_path, changed("kernel/rcu/tree.c", old, new))
    answer = ask(tree, ENTER, EXIT, *NEEDED)
    assert "state-corrupted" in codes(answer)
    files = {each.span.file for found in answer.findings for each in found.trace.events}
    assert str(tree / "kernel/rcu/tree.c") in files
    lines = (tree / "kernel/rcu/tree.c").read_text().splitlines()
    places = {
        event.span.line
        for found in answer.findings
        for event in found.trace.events
        if event.span.file.endswith("rcu/tree.c")
    }
    assert any("dynticks_nmi_nesting" in lines[line - 1] for line in places)


def test_a_changed_macro_is_found(tmp_path: Path) -> None:
    old = "preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);"
    tree = plant(tmp_path, changed("include/linux/hardirq.h", old, old.replace("HARD", "SOFT")))
    assert "state-corrupted" in codes(ask(tree, "include/linux/hardirq.h:nmi_enter"))


def test_an_unknown_name_is_told_at_its_place_with_what_to_add(tmp_path: Path) -> None:
    said = refused(plant(tmp_path), EXIT)
    line = FILES["kernel/rcu/tree.c"].split("still_to_come()")[0].count("\n") + 1
    assert f"{tmp_path}/kernel/rcu/tree.c:{line}:31: error:" in said
    assert "add --lift include/linux/nesting.h:still_to_come" in said
    said = refused(tmp_path, "kernel/rcu/tree.c:rcu_irq_exit_irqson")
    assert "define unheard_of in a file of yours" in said


def test_an_option_changes_what_is_read(tmp_path: Path) -> None:
    said = refused(plant(tmp_path), EXIT, *NEEDED, CONFIG_STRANGE="1")
    assert "no_such_word" in said


@pytest.mark.parametrize(
    ("lift", "words"),
    [
        ("rcu_nmi_enter", "is not FILE:FUNCTION"),
        ("kernel/rcu/tree.c:", "is not FILE:FUNCTION"),
        ("kernel/none.c:rcu_nmi_enter", "none.c: error: cannot read"),
        ("kernel/rcu/tree.c:nowhere", "no definition of nowhere() in it"),
        ("include/linux/hardirq.h:rcu_nmi_exit", "= it is in kernel/rcu/tree.c"),
        ("kernel/rcu/tree.c:rcu_dynticks_task_enter", "inline assembly"),
        ("kernel/rcu/tree.c:preempt_count", "is a macro of the model"),
        ("kernel/rcu/tree.c:__do_softirq", "__do_softirq() reports to its properties: body_needs"),
    ],
)
def test_what_cannot_be_lifted_is_refused(tmp_path: Path, lift: str, words: str) -> None:
    assert words in refused(plant(tmp_path), lift)


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    text = FILES["kernel/rcu/tree.c"]
    inside = text[: text.index("\tbarrier();")]
    tree = plant(tmp_path, {**FILES, "kernel/rcu/tree.c": inside})
    assert "truncated" in refused(tree, ENTER)
    plant(tmp_path, {**FILES, "kernel/rcu/tree.c": text[: text.index("void rcu_nmi_enter")]})
    assert f"{tmp_path}/kernel/rcu/tree.c:6:1: error: the file ends inside this #if" in refused(
        tree, ENTER
    )


def test_a_function_asked_for_twice_is_refused(tmp_path: Path) -> None:
    assert "asked for twice" in refused(plant(tmp_path), EXIT, "kernel/rcu/tiny.c:rcu_nmi_exit")


def test_the_users_own_text_beats_both(tmp_path: Path) -> None:
    tree = plant(tmp_path, changed("kernel/rcu/tree.c", "int incby = 2;", "int incby = 1;"))
    own = tmp_path / "own.c"
    own.write_text(
        Path(HANDLER).read_text()
        + FILES["kernel/rcu/tree.c"]
        .split("#else\n")[1]
        .split("EXPORT")[0]
        .replace('\ttrace_rcu_dyntick("++=", incby);\n', "")
    )
    assert "state-corrupted" not in codes(ask(tree, ENTER, files=str(own)))
    assert "state-corrupted" in codes(ask(tree, ENTER))


def test_a_file_outside_of_a_tree_will_do(tmp_path: Path) -> None:
    plant(tmp_path)
    answer = check(
        HANDLER,
        kernel="v4.12",
        patch=SITE,
        arrivals=1,
        lift=[f"{tmp_path}/kernel/rcu/tree.c:rcu_nmi_enter"],
        jobs=1,
    )
    assert answer.complete and "state-corrupted" not in codes(answer)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lift": [ENTER]}, "of which kernel model"),
        ({"tree": "x", "kernel": "v4.12"}, "`lift` says what"),
    ],
)
def test_options_that_lack_another_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        check(HANDLER, **options)  # type: ignore[arg-type]
