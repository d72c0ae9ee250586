"""What #if leaves of a file."""

import pytest

from klprove.lift.conditionals import decide

PIECES = """\
#ifdef CONFIG_A
a
# if CONFIG_N > 3
big
# elif CONFIG_N > 1
middle
# else
small
# endif
#else
no a
#endif
#ifndef GUARD
#define GUARD
inside
#endif
#ifdef GUARD
guarded
#endif
end
"""


def left(text: str, **macros: str) -> list[str]:
    """The words that are left of `text`."""
    return [line.strip() for line in decide(text, macros).code.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("macros", "expected"),
    [
        ({}, ["no a"]),
        ({"CONFIG_A": "1"}, ["a", "small"]),
        ({"CONFIG_A": "1", "CONFIG_N": "2"}, ["a", "middle"]),
        ({"CONFIG_A": "1", "CONFIG_N": "4"}, ["a", "big"]),
    ],
)
def test_branches(macros: dict[str, str], expected: list[str]) -> None:
    assert left(PIECES, **macros) == [*expected, "inside", "guarded", "end"]


def test_every_place_stays() -> None:
    decided = decide(PIECES, {"CONFIG_A": "1"})
    assert len(decided.text) == len(decided.code) == len(PIECES)
    assert decided.code.index("small") == PIECES.index("small")
    assert [n for n, each in enumerate(PIECES) if each == "\n"] == [
        n for n, each in enumerate(decided.text) if each == "\n"
    ]


def test_macros_are_kept_with_their_lines() -> None:
    text = "#define A(x) \\\n\tf(x) \\\n\t+ 1\nint y;\n#define B B\n#define C 1\n#undef C\n"
    decided = decide(text, {})
    assert decided.macros.keys() == {"A"}
    macro = decided.macros["A"]
    assert decided.text[macro.start : macro.end] == "#define A(x) \\\n\tf(x) \\\n\t+ 1"
    assert decided.code.split() == ["int", "y;"]


def test_a_comment_or_a_string_is_no_directive() -> None:
    assert left('/*\n#ifdef X\n*/\na\n// #endif\nb "#if 0"\n') == ["a", "b"]


def test_an_open_conditional_is_told() -> None:
    decided = decide("a\n#ifdef X\nb\n#if 1\n", {})
    assert decided.open_line == 4
    assert decide("#endif\n#else\na\n", {}).code.split() == ["a"]


def test_who_asked_is_known() -> None:
    decided = decide(PIECES, {})
    asked = {name for *_, names in decided.asked for name in names}
    assert asked == {"CONFIG_A", "CONFIG_N"}


def test_a_million_conditionals_take_no_time_to_speak_of() -> None:
    decided = decide("#if 1\n" * 50_000 + "a\n", {})
    assert decided.code.split() == ["a"]
    assert decided.open_line == 50_000
