"""Definitions are cut out of a source file and put into a livepatch; no kernel is needed for it."""

from pathlib import Path

import pytest

from klprove.lint import RULES
from klprove.lint.finding import UNKNOWN, WARNING, Finding
from tests.lint.cves.judging import differences
from tests.lint.cves.module import write
from tests.lint.cves.recipe import RECIPES, Judged, Recipe, recipes
from tests.lint.cves.text import Missing, Source

OLD = """\
#include <linux/kernel.h>
#include "own.h"

#define LIMIT(x) \\
	((x) + 1)
#define TWICE 2

struct box {
	int count;
} __packed;

enum { NONE, SOME };

static DEFINE_MUTEX(box_lock);
static int boxes __read_mostly = 3;
static const struct box first = {
	.count = 1,
};

static inline int half(int x)
{
	return x / 2;
}

int open_box(struct box *box,
	int how)
{
	if (how) {
		return half(how);
	}
	return boxes;
}
EXPORT_SYMBOL(open_box);

SYSCALL_DEFINE1(box, int, how)
{
	return how;
}
"""
NEW = OLD.replace("return boxes", "return LIMIT(boxes)")


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """Two trees of one file."""
    for name, text in (("old", OLD), ("new", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "box.c").write_text(text)
    return tmp_path / "old", tmp_path / "new"


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("half", "static inline int half(int x)", "}"),
        ("open_box", "int open_box(struct box *box,", "}"),
        ("syscall box", "SYSCALL_DEFINE1(box, int, how)", "}"),
        ("struct box", "struct box {", "} __packed;"),
        ("macro LIMIT", "#define LIMIT(x) \\", "\t((x) + 1)"),
        ("macro TWICE", "#define TWICE 2", "#define TWICE 2"),
        ("enum SOME", "enum { NONE, SOME };", "enum { NONE, SOME };"),
        ("constant first", "static const struct box first = {", "};"),
    ],
)
def test_a_definition_is_found_whole(
    trees: tuple[Path, Path], wanted: str, first: str, last: str
) -> None:
    lines = Source(trees[0] / "box.c").definition(wanted).text.splitlines()
    assert (lines[0], lines[-1]) == (first, last)


def test_a_call_is_no_definition(trees: tuple[Path, Path]) -> None:
    with pytest.raises(Missing, match="no definition of EXPORT_SYMBOL"):
        Source(trees[0] / "box.c").definition("EXPORT_SYMBOL")


@pytest.mark.parametrize(
    ("name", "declaration"),
    [
        ("half", "extern int half(int x);"),
        ("open_box", "extern int open_box(struct box *box, int how);"),
        ("boxes", "extern int boxes;"),
        ("box_lock", "extern struct mutex box_lock;"),
        ("elsewhere", ""),
    ],
)
def test_what_is_looked_up_is_declared(
    trees: tuple[Path, Path], name: str, declaration: str
) -> None:
    assert Source(trees[0] / "box.c").declaration(name) == declaration


def test_the_fixed_text_and_the_old_are_put_together(trees: tuple[Path, Path]) -> None:
    recipe = Recipe(
        name="box", cve="CVE-1", title="box: stop", file="box.c", patch=["open_box,2"],
        fixed=["open_box"], take=["macro LIMIT", "struct box", "half"], lookup=["boxes"],
        without=["own.h"],
    )  # fmt: skip
    text = write(recipe, *trees)
    assert "own.h" not in text
    assert "LIMIT(boxes)" in text
    assert "#define boxes (*klpe_boxes)" in text
    assert text.index("#define LIMIT") < text.index("klpe_boxes") < text.index("int half(")
    assert text.index("int half(") < text.index("int open_box(")
    assert '.old_name = "open_box", .new_func = klpp_open_box, .old_sympos = 2' in text
    assert "klp_before" not in text


def test_a_patched_function_whose_address_is_kept_is_the_kernel_s(
    trees: tuple[Path, Path],
) -> None:
    recipe = Recipe(
        name="box", cve="CVE-1", title="box: stop", file="box.c", patch=["half"],
        fixed=["half"], take=["open_box"], lookup=["half"], object="boxes",
    )  # fmt: skip
    text = write(recipe, *trees)
    own, kernel = text.index("#define half klpp_half"), text.rindex("#define half (*klpe_half)")
    assert own < text.index("int half(int x)\n") < kernel < text.index("int open_box(")
    assert '.name = "boxes", ' in text
    assert ".pre_patch = klp_before" in text


def test_a_system_call_gets_both_entries_under_another_name(trees: tuple[Path, Path]) -> None:
    recipe = Recipe(
        name="box", cve="CVE-1", title="box: stop", file="box.c",
        patch=["__x64_sys_box", "__ia32_sys_box"], take=["syscall box"],
    )  # fmt: skip
    text = write(recipe, *trees)
    assert "__SYSCALL_DEFINEx(1, _klpp_box, int, how)" in text
    assert '"__ia32_sys_box", .new_func = __ia32_sys_klpp_box' in text


def test_what_comes_and_what_goes_is_told() -> None:
    judged = [Judged("H02 warning f", "true", "")]
    recipe = Recipe("n", "", "", "", [], judged=judged, unanswered=["H03"])
    found = [Finding(WARNING, "g", "", rule="H02"), Finding(UNKNOWN, "f", "", rule="H01")]
    assert list(differences(found, recipe)) == [
        "not judged: H02 warning g",
        "not found any more: H02 warning f",
        "cannot tell: H01",
        "answers now: H03",
    ]
    same = [Finding(WARNING, "f", "", rule="H02"), Finding(UNKNOWN, "f", "", rule="H03")]
    assert list(differences(same, recipe)) == []


def test_recipes_are_ten_and_more_and_hold_no_functions() -> None:
    known = recipes()
    assert len({each.cve for each in known if each.cve.startswith("CVE-")}) >= 10
    assert all(each.judged for each in known if each.wrong)
    assert {each.finding.split()[0] for one in known for each in one.judged} <= set(RULES)
    for path in RECIPES.glob("*.toml"):
        assert "{" not in path.read_text(), f"{path.name} has code in it"
