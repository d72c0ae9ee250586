"""Who calls whom, by the text."""

from pathlib import Path

from klprove.c import Unit, parse
from klprove.check.callers import calls, unentered

TEXT = """
int x;
int target(int y) { return y; }
int other(void) { return target(target(1)); }
void both(void) { if (other()) x = target(2); other(); }
__ghost void watches(void) { target(3); }
int (*pointer)(int) = target;
__task(0) void task(void) { both(); pointer(4); }
"""


def unit(folder: Path) -> Unit:
    path = folder / "model.c"
    path.write_text(TEXT)
    return parse([], user=path)


def test_each_call_once_by_callee_then_by_text(tmp_path: Path) -> None:
    """Not what a ghost calls, which takes no step, nor what a pointer leads to."""
    found = calls(unit(tmp_path), ["other", "target", "nobody"])
    assert found == (("both", "other"), ("other", "target"), ("both", "target"))


def test_a_function_is_not_entered_where_no_call_is(tmp_path: Path) -> None:
    text, names = unit(tmp_path), ("both", "other", "target", "nobody")
    assert unentered(text, {"other"}, names) == frozenset()
    assert unentered(text, {"other:target"}, names) == frozenset()
    every = {"other:target", "both:target", "both:other"}
    assert unentered(text, every, names) == {"target", "other"}
    assert unentered(text, every, ["both", "other"]) == {"other"}
