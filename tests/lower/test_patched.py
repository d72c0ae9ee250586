"""Where a livepatch is entered: at every call of what it replaces that is not inlined."""

from pathlib import Path

from klprove.c import parse
from klprove.lower import Options, lower

TEXT = """
int x;
void __fentry__(unsigned long ip) { x = 7; }
void target(void) { x = 1; }
void one(void) { target(); }
static inline void other(void) { target(); one(); }
__task(0) void task(void) { one(); other(); target(); }
"""


def entered(folder: Path, *inlined: str) -> list[tuple[str, ...]]:
    """The chains of calls through which target() enters the livepatch, in order."""
    path = folder / "model.c"
    path.write_text(TEXT)
    options = Options(patched=frozenset(["target"]), inlined=frozenset(inlined))
    (context,) = lower(parse([], user=path), options).contexts
    every = (each.at.calls for each in context.code.instrs)
    return [each[1:-2] for each in dict.fromkeys(every) if each[-1:] == ("__fentry__",)]


def test_every_call(tmp_path: Path) -> None:
    assert entered(tmp_path) == [("one",), ("other",), ("other", "one"), ()]


def test_a_call_that_is_inlined_enters_nothing(tmp_path: Path) -> None:
    assert entered(tmp_path, "one:target") == [("other",), ()]
    assert entered(tmp_path, "other:target") == [("one",), ("other", "one"), ()]
    assert entered(tmp_path, "task:target") == [("one",), ("other",), ("other", "one")]
    assert entered(tmp_path, "one:target", "other:target", "task:target") == []


def test_it_is_the_caller_that_counts_and_the_callee(tmp_path: Path) -> None:
    for other in ("task:one", "target:target", "other:one", ":target", "one:"):
        assert len(entered(tmp_path, other)) == 4
