"""The words that are supplied, and where they count."""

import re
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.kernels import SCENES, load, names
from klprove.lift.composition import words_of
from klprove.lift.vocabulary import family, vocabulary, word_for

EVERY = [word for words in vocabulary().values() for word in words]


def test_every_word_has_a_reason_and_a_line() -> None:
    assert len(EVERY) > 150
    for word in EVERY:
        assert word.reason
        assert re.match(rf"#define {re.escape(word.name)}\b|(struct|static) ", word.line) or (
            word.name.endswith("*")
        )


def test_a_group_for_some_models_counts_beside_those_only() -> None:
    plain = word_for("idle_task", set())
    scene = word_for("idle_task", {"for_each_task"})
    assert plain and scene and plain.line != scene.line
    assert word_for("read_lock", set()) is None
    assert word_for("no_such_word", {"for_each_task"}) is None


def test_models_that_groups_are_for_exist() -> None:
    asked = {word.model for word in EVERY if word.model}
    texts = [
        path.read_text()
        for scene in SCENES
        for name in names(scene=scene)
        for path in load(name, scene=scene).files
    ]
    known = frozenset().union(*map(words_of, texts))
    assert asked <= known


@pytest.mark.parametrize(
    ("name", "found"),
    [("trace_anything", True), ("kasan_x", True), ("retrace", False), ("trace", False)],
)
def test_families(name: str, found: bool) -> None:
    assert (family(name) is not None) == found


def test_the_words_that_need_no_model_are_c(tmp_path: Path) -> None:
    lines = [word.line for word in EVERY if not word.name.endswith("*") and not word.model]
    use = """
    static unsigned long flags;
    __task(0) asmlinkage void task(void)
    {
        lockdep_off();
        flags = BIT(3) | IS_ENABLED(CONFIG_NO) | user_mode(&flags) | (LONG_MAX > 0);
        assert(ARRAY_SIZE("abc") == 4);
        RCU_LOCKDEP_WARN(flags, "text");
        if (!lockdep_hardirqs_enabled())
            flags++;
    }
    """
    path = tmp_path / "words.c"
    path.write_text("\n".join(lines) + "\n" + use)
    assert "task" in parse([], user=path).functions
