"""Where a proposal is put, and what is added to it."""

from functools import cache
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.kernels import Kernel, load
from klprove.mail import Taken, take
from klprove.source import BadInput, Span
from tests.mail.letters import PATCH, PROSE, WHOLE, mail


@cache
def kernel() -> Kernel:
    """The model that the thread of 2017 is about."""
    return load("v4.12rc")


def taken(data: bytes, number: int | None = None, where: str | None = None) -> Taken:
    """What is taken from a mail."""
    return take(data, "m", kernel(), number=number, where=where)


def text(found: Taken) -> str:
    """The C without blanks at the ends of lines; it is C, in front of the kernel model."""
    return "\n".join(line.strip() for line in found.placed.composed.text.split("\n"))


def refused(data: bytes, where: str | None = None, number: int | None = None) -> str:
    """Why a mail is refused."""
    with pytest.raises(BadInput) as why:
        taken(data, number, where)
    return str(why.value)


def test_statements_are_placed_by_what_the_mail_says(tmp_path: Path) -> None:
    found = taken(PROSE.encode())
    assert found.placed.target == "entry of klp_ftrace_handler"
    assert found.placed.because.startswith('m:16 says "livepatch ftrace handler"')
    body = text(found)
    begin = body.index("int patch_state;")
    assert begin < body.index("if (in_nmi())") < body.index("rcu_read_lock();")
    assert body.index("unlock:\nrcu_read_unlock();") < body.index("rcu_irq_exit_irqson();")
    (tmp_path / "m.c").write_text(found.placed.composed.text)
    assert "klp_ftrace_handler" in parse(kernel().files, user=tmp_path / "m.c").replaced


def test_what_is_entered_is_left_and_that_is_said() -> None:
    found = taken(PROSE.encode())
    assert found.placed.added == [
        "at the end of klp_ftrace_handler, where the first was taken: rcu_nmi_exit() for "
        "rcu_nmi_enter(), rcu_irq_exit_irqson() for rcu_irq_enter_irqson()",
        "static bool klp_block_patch_removal: the mail sets it, and does not say who reads it",
    ]
    assert text(found).startswith("static bool klp_block_patch_removal;\n")
    assert text(found).endswith(
        "if (klprove_rcu_irq_enter_irqson)\nrcu_irq_exit_irqson();\n"
        "if (klprove_rcu_nmi_enter)\nrcu_nmi_exit();\n}\n"
    )
    flags = mail("one_flag = true;\nf(other_flag);\n")
    found = taken(flags, where="klp_ftrace_handler:entry")
    assert [each.split(":")[0] for each in found.placed.added] == ["static bool one_flag"]
    both = mail("rcu_irq_enter();\n...\nrcu_irq_exit();\n")
    found = taken(both, where="klp_ftrace_handler:entry")
    assert found.placed.added == []
    assert text(found).endswith("rcu_read_unlock();\n\nrcu_irq_exit();\n}\n")
    assert "..." not in text(found)


def test_every_line_knows_its_origin() -> None:
    found = taken(PROSE.encode()).placed.composed
    rows = dict(found.lines)
    assert rows["klp_block_patch_removal = true;"] == Span("m", 27, 1)
    assert rows["static bool klp_block_patch_removal;"] is None
    lines = [each for each, _ in found.lines]
    at = lines.index("\trcu_read_unlock();") + 1
    assert found.origin(Span("c", at, 2), "c", "m") == Span("v4.12rc/klp_handler.c", 42, 2)
    assert found.origin(Span("c", at + 2, 5), "c", "m").line == 43  # ours: the line above
    assert found.origin(Span("c", 1, 1), "c", "m") == Span("m", 0, 0)
    assert found.origin(Span("other.c", 3, 4), "c", "m") == Span("other.c", 3, 4)


def test_a_place_can_be_said() -> None:
    code = mail("smp_rmb();\n")
    assert "where does this belong?" in refused(code)
    assert "say --place klp_ftrace_handler:entry" in refused(code)
    found = taken(code, where="klp_update_patch_state:exit")
    assert found.placed.target == "exit of klp_update_patch_state"
    assert text(found).endswith("smp_rmb();\n}\n")
    assert "--place ist_enter:entry" in refused(mail("ist_enter() is wrong:\n\nsmp_rmb();\n"))
    assert "'ist_entr:entry' is no place in v4.12rc" in refused(code, "ist_entr:entry")
    assert "say ist_enter:entry" in refused(code, "ist_entr:entry")
    assert "is no place" in refused(code, "ist_enter:middle")
    assert "is no place" in refused(code, "ist_enter")


def test_prose_that_means_two_functions_is_asked_about() -> None:
    two = mail("klp_update_patch_state and the livepatch handler need\n\nsmp_rmb();\n")
    why = refused(two)
    assert "several functions" in why
    assert 'm:4:1: note: "livepatch handler" is klp_ftrace_handler' in why
    assert "--place klp_ftrace_handler:entry, or klp_update_patch_state:entry" in why


def test_a_function_that_returns_early() -> None:
    found = taken(mail("rcu_nmi_enter();\n"), where="klp_ftrace_handler:entry")
    assert "klprove_end" not in text(found)
    early = taken(mail("preempt_disable();\n"), where="ftrace_ops_assist_func:entry")
    assert "return;" not in text(early)
    assert "goto klprove_end;" in text(early)
    assert text(early).endswith(
        "klprove_end:;\nif (klprove_preempt_disable)\npreempt_enable();\n}\n"
    )
    assert "returns a value in its middle" in refused(
        mail("preempt_disable();\n"), "trace_test_and_set_recursion:entry"
    )


def test_a_whole_function_stands_for_itself() -> None:
    code = "static notrace void klp_release_module(struct klp_patch *patch)\n{\n\tsmp_rmb();\n}\n"
    found = taken(mail(code))
    assert found.placed.target == "in place of klp_release_module"
    assert found.placed.composed.text == code
    assert "--place is for statements" in refused(mail(code), "ist_enter:entry")
    assert taken(mail("static void f(void)\n{\n\tg();\n}\n")).placed.target == "in place of nothing"


def test_a_patch_fits_however_lines_are_broken(tmp_path: Path) -> None:
    found = taken(mail(PATCH))
    assert found.placed.target == "in place of klp_ftrace_handler"
    body = text(found)
    assert (
        "int patch_state;\n\nrcu_irq_enter_irqson();\nrcu_read_lock();\t/* as before */\n" in body
    )
    assert body.count("rcu_read_lock();") == 1
    assert body.endswith("rcu_read_unlock();\nrcu_irq_exit_irqson();\n}\n")
    original = next(path for path in kernel().files if path.name == "klp_handler.c").read_text()
    kept = original[original.index("static void notrace") :]
    (tmp_path / "m.c").write_text(found.placed.composed.text)
    added = [line for line, at in found.placed.composed.lines if at and at.file == "m"]
    assert len(added) == 3
    left = [line for line, at in found.placed.composed.lines if at and at.file != "m"]
    assert "\n".join(left) + "\n" == kept.replace("\trcu_read_lock();\n", "")


def test_context_that_the_model_lacks_is_left_out_and_told() -> None:
    found = taken(mail(PATCH.replace("\tint patch_state;", "\tops = other(fops);")))
    assert (
        found.placed.because == "it fits v4.12rc/klp_handler.c:9:1 without 1 lines of its context"
    )
    assert text(found) == text(taken(mail(PATCH)))
    part = (
        "@@ -1,3 +1,4 @@ f\n patch_state;\n \trcu_read_lock();\n \tfunc = list_first_or_null_rcu("
        "&ops->func_stack, struct klp_func, stack_node);\n+\tsmp_mb();\n"
    )
    assert taken(mail(part)).placed.because.endswith("without 1 lines of its context")
    # All of it, and the change is not clear.
    vague = "@@ -1,2 +1,3 @@\n \tnothing();\n \tsmp_rmb();\n+\tsmp_mb();\n"
    assert "these lines stand" in refused(mail(vague))
    assert "the patch does not fit" in refused(mail("@@ -1,1 +1,2 @@\n \tnothing();\n+\tf();\n"))


def test_a_hunk_that_names_its_function_is_not_put_into_another() -> None:
    hunk = "@@ -1,2 +1,2 @@ void {}(int x)\n \tnothing();\n-\tpatch->mod.refcnt--;\n+\tsmp_mb();\n"
    data = mail(hunk.format("f"))
    found = take(data, "m", kernel(), defines={"NR_CPUS": "2"})
    assert found.placed.target == "in place of klp_release_module"
    assert "does not fit" in refused(data)  # no updater on one CPU
    data = mail(hunk.format("klp_ftrace_handler"))
    with pytest.raises(BadInput, match="does not fit"):
        take(data, "m", kernel(), defines={"NR_CPUS": "2"})


def test_the_fix_of_2017_makes_the_fixed_handler() -> None:
    """The change of 842c08846420, with context as in the kernel, where it is not the model's."""
    fix = (Path(__file__).parent / "fix-2017.patch").read_text()
    fixed = (Path(__file__).parents[2] / "handlers" / "2017" / "G.c").read_text()
    made = taken(mail(fix)).placed.composed.text
    assert made.strip() == fixed[fixed.index("static void notrace") :].strip()


def test_a_patch_that_has_the_function_whole() -> None:
    found = taken(mail(WHOLE))
    assert found.placed.because == "whole in the patch"
    assert text(found).startswith("\nstatic bool seen;\n\nstatic void notrace klp_ftrace_handler(")
    assert "return NULL" not in text(found) and "struct x" not in text(found)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-\trcu_read_lock();", "-\tgrab();", "m:16:2: error: the patch does not fit"),
        ("-\trcu_read_lock();", "-\tsmp_rmb();", "these lines stand 2 times"),
        ("-59,7", "-59,9", "m:12:1: error: the hunk is damaged: it announces 9 old"),
        ("-\trcu_read_lock();", "-\tgrab();", "v4.12rc/klp_handler.c:9:1: note: the model's"),
        (" \trcu_read_unlock();", " \tother();", "these lines stand"),
        ("-\trcu_read_lock();", "-\tsmp_rmb();\n+\n-\tint patch_state;", "not one behind"),
        (",8 @@", ",9 @@", "has 7 and 8"),
    ],
)
def test_a_patch_that_does_not_fit(old: str, new: str, complaint: str) -> None:
    assert old in PATCH
    assert complaint in refused(mail(PATCH.replace(old, new, 1)))


def test_a_change_inside_of_a_line() -> None:
    patch = PATCH.replace("-59,7 +59,8", "-59,8 +59,9")
    patch = patch.replace("-\trcu_read_lock();\n+", "-\trcu_read_\n+\n-lock();\n+", 1)
    assert "m:16:2: error: the change is inside of what is one line" in refused(mail(patch))


def test_lines_that_stand_in_several_places() -> None:
    patch = "@@ -1,1 +1,2 @@\n \tsmp_rmb();\n+\tsmp_mb();\n"
    assert "these lines stand" in refused(mail(patch))
    assert "--place is for statements; this is a patch" in refused(mail(patch), "f:entry")


def test_without_a_kernel_model() -> None:
    with pytest.raises(BadInput, match="of which kernel model"):
        take(PROSE.encode(), "m", None)
    model = "static int x;\n__task(0) void t(void)\n{\n\tx = 1;\n}\n"
    assert take(mail(model), "m", None).placed.target == "a model of its own"


def test_what_is_no_text() -> None:
    assert "m:5:1: error: a character that is no text" in refused(
        mail("f();\n").replace(b"f();", b"f();\ng(\xff);"), "ist_enter:entry"
    )
