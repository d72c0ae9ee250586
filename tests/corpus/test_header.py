"""The head of a model: what it can say, what is refused and where, how a pin is written."""

from pathlib import Path

import pytest

from klprove.corpus import Expectation, parse, pin, read, read_own
from klprove.source import BadInput, Diagnostic
from tests.corpus.pins import updating

LINE = "/* klprove: expect violated assert deadlock; arrivals irq=1,nmi=2; nest nmi=1; states 7 */"
KERNEL = """\
/* klprove: expect violated use-after-free; kernel v4.12; patch vfs_read,do_IRQ+irq_enter;
 *   cpus 2; recursion 3; define A,B=2; memory-model tso; store-buffer 2; engine native */
int x;
"""


def complaints(text: str) -> list[Diagnostic]:
    """What is wrong with the head of `text`."""
    with pytest.raises(BadInput) as caught:
        parse(text)
    return list(caught.value.diagnostics)


def test_a_line_says_everything() -> None:
    assert parse(LINE) == Expectation(
        "violated", frozenset({"assert", "deadlock"}), 7, {"irq": 1, "nmi": 2}, {"nmi": 1}
    )


def test_a_model_on_a_kernel() -> None:
    assert parse(KERNEL) == Expectation(
        "violated",
        frozenset({"use-after-free"}),
        kernel="v4.12",
        patch=("vfs_read", "do_IRQ+irq_enter"),
        cpus=2,
        recursion=3,
        defines={"A": "1", "B": "2"},
        memory_model="tso",
        store_buffer=2,
        engine="native",
    )


def test_a_model_in_a_scene(tmp_path: Path) -> None:
    line = "/* klprove: expect holds; kernel v5.1; scene transition; action replace */"
    question = parse(line).question(tmp_path / "mutant.c")
    assert (question.kernel, question.scene, question.action) == ("v5.1", "transition", "replace")


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("", True),
        ("/* nothing */ // int x;\n", True),
        ("#include <klprove.h>\n#define X \\\n  int x;\n", True),
        ("int x;\n", False),
        ('#include "handler.c"\n', False),
    ],
)
def test_a_file_of_ones_own_holds_code(rest: str, told: bool, tmp_path: Path) -> None:
    head = "/* klprove: expect holds; kernel v6.18; patch vfs_read */\n"
    complaint = "x.klp.c:1:1: error: the file holds no code: nothing of its own would be checked"
    for name, text in (("x.klp.c", head + rest), ("other.klp.c", rest)):
        path = tmp_path / name
        path.write_text(text)
        if not told:
            assert read_own(path).verdict == "holds"
            continue
        with pytest.raises(BadInput) as caught:
            read_own(path)
        assert name != "x.klp.c" or complaint in str(caught.value)
    (tmp_path / "twin.c").write_text(head + rest)
    assert read(tmp_path / "twin.c").verdict == "holds"  # of the corpus: the kernel's own


def test_a_head_alone_may_name_the_file_that_has_the_code(tmp_path: Path) -> None:
    (tmp_path / "handler.c").write_text("int x;\n")
    path = tmp_path / "x.klp.c"
    path.write_text("/* klprove: expect holds; with handler.c */\n")
    assert read(path).further == ("handler.c",)


def test_files_behind_the_model_are_found_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "handler.c").write_text("int x;\n")
    model = tmp_path / "twin" / "buggy.c"
    model.parent.mkdir()
    model.write_text("/* klprove: expect holds; with ../handler.c */\nint y;\n")
    files = read(model).question(model).files
    assert files == (str(model), str(tmp_path / "handler.c"))


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("int x;", 1, "does not begin"),
        ("", 1, "does not begin"),
        ("/* klprove: expect holds\n", 1, "no end"),
        ("/* klprove: states 7 */", 1, "no part"),
        ("/* klprove: expect fails; states 7 */", 20, "'fails' is no verdict"),
        ("/* klprove: expect */", 20, "'nothing' is no verdict"),
        ("/* klprove: expect violated; states 7 */", 28, "violated by what?"),
        ("/* klprove: expect violated Assert */", 29, "'Assert' is no code"),
        ("/* klprove: expect holds; states many */", 34, "'many' is not a number"),
        ("/* klprove: expect holds; states 7; states 8 */", 37, "stands here twice"),
        ("/* klprove: expect holds; mood good */", 27, "nothing is called 'mood'"),
        ("/* klprove: expect holds; arrivals irq */", 36, "'irq' is no bound"),
        ("/* klprove: expect holds; arrivals irq=1,task=2 */", 42, "'task=2' is no bound"),
        ("/* klprove: expect holds; arrivals irq=1,irq=1 */", 42, "'irq=1' is no bound"),
        ("/* klprove: expect holds; nest nmi=0 */", 32, "0 is not within 1 .. 200"),
        ("/* klprove: expect holds; kernel v9 */", 34, "'v9' is no kernel"),
        ("/* klprove: expect holds; patch f,,g */", 33, "a name is missing"),
        ("/* klprove: expect holds; cpus 0 */", 32, "'0' is not a number of 1 .. 8"),
        ("/* klprove: expect holds; define 3x */", 34, "not the name of a macro"),
        ("/* klprove: expect holds; memory-model pso */", 40, "'pso' is no memory-model"),
        ("/* klprove: expect holds; engine spin */", 34, "'spin' is no engine"),
        ("/* klprove: expect holds; store-buffer 2 */", 27, "only tso has store buffers"),
        ("/* klprove: expect holds; with no/such.c */", 32, "there is no file no/such.c"),
        ("/* klprove: expect holds; with a\n * b */", 27, "there is no file a"),
    ],
)
def test_anything_else_is_refused_where_it_stands(text: str, column: int, said: str) -> None:
    (found,) = complaints(text)
    assert (found.span.line, found.span.column) == (1, column)
    assert said in found.text


def test_everything_wrong_is_told_at_once_with_what_to_write() -> None:
    found = complaints("/* klprove: expect holds; kernl v4.12;\n *   states x;\n * nest nmi=a */")
    assert [(each.span.line, each.span.column) for each in found] == [(1, 27), (2, 13), (3, 9)]
    assert found[0].hint == "is it kernel?"
    assert found[1].hint == "states N"


def test_a_pin_changes_the_number_only(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text(f"{LINE}\nint x; /* states 7 */\n")
    pin(path, 8)
    assert read(path).states == 8
    assert path.read_text() == f"{LINE.replace('states 7', 'states 8')}\nint x; /* states 7 */\n"


def test_pins_are_not_written_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLPROVE_UPDATE", raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert not updating()
    monkeypatch.setenv("KLPROVE_UPDATE", "1")
    assert updating()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(RuntimeError, match="refused under CI"):
        updating()
