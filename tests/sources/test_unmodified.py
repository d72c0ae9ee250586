"""The text of klp_ftrace_handler as Debian ships it, not a character changed."""

import re
from pathlib import Path

import pytest

from klprove.check import Question, check
from klprove.source import BadInput
from tests.sources.fetch import HERE

PATCH = HERE / "kernel" / "livepatch" / "patch.c"
LATER = Path(__file__).with_name("later.c")

pytestmark = pytest.mark.skipif(
    not PATCH.exists(), reason="no kernel source here; `make kernel-source` takes it from Debian"
)


@pytest.fixture
def handler(tmp_path: Path) -> Path:
    """A file that holds the function and nothing else."""
    found = re.search(
        r"^static void notrace klp_ftrace_handler\(.*?^}$", PATCH.read_text(), re.S | re.M
    )
    assert found
    file = tmp_path / "handler.c"
    file.write_text(found.group() + "\n")
    return file


def line_of(file: Path, text: str) -> int:
    """The first line of `file` that holds `text` outside a comment."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if text in line and not line.lstrip().startswith("*"):
            return number
    raise AssertionError(text)


def test_what_v4_12_has_not_is_named_each_at_its_place(handler: Path) -> None:
    with pytest.raises(BadInput) as refused:
        check(Question(files=(str(handler),), kernel="v4.12"), jobs=1)
    named = {(each.span.line, each.code) for each in refused.value.diagnostics}
    for word in (
        "ftrace_test_recursion_trylock(",
        "func->nop",
        "ftrace_instruction_pointer_set(",
        "ftrace_test_recursion_unlock(",
    ):
        place = line_of(handler, word)
        assert any(line == place for line, _ in named), f"{word} at line {place}: {named}"
    assert all(each.span.file == str(handler) for each in refused.value.diagnostics)


def test_with_those_words_it_is_checked(handler: Path) -> None:
    sites = ("vfs_read", "cpuidle_reflect", "rcu_nmi_enter")
    files = (str(LATER), str(handler))
    real = check(Question(files=files, kernel="v4.12", patch=sites), jobs=1)
    ours = check(Question(files=("handlers/2017/G.c",), kernel="v4.12", patch=sites), jobs=1)
    assert real.sites.keys() == ours.sites.keys() == set(sites)
    for site in sites:
        assert real.sites[site].complete
        codes = {each.code for each in real.sites[site].findings}
        assert codes == {each.code for each in ours.sites[site].findings}, site
