"""Functions and macros found in text as kernels write it."""

import pytest

from klprove.lift.conditionals import decide
from klprove.lift.definitions import Definition, definitions


def found(text: str, name: str = "f", **macros: str) -> list[Definition]:
    """The definitions of `name` in `text`."""
    return definitions(decide(text, macros), [name])


def words(text: str, name: str = "f", **macros: str) -> str:
    """The text of the only definition."""
    (each,) = found(text, name, **macros)
    assert not each.wrong
    return text[each.start : each.end]


@pytest.mark.parametrize(
    "text",
    [
        "void f(void)\n{\n}",
        "static __always_inline notrace bool f(int a, void (*g)(int))\n{\n\tif (a) { g(a); }\n}",
        "struct s *f(struct s *p)\n{\n\treturn p;\n}",
        "int __weak\nf(int a,\n  int b)\n\t__acquires(lock)\n{\n\treturn a + b;\n}",
        "static noinstr int f(void) __attribute__((cold))\n{\n\treturn '}' + \"}\"[0]; /* } */\n}",
        "asmlinkage __visible void f(void) {}",
    ],
)
def test_a_function_is_found_whole(text: str) -> None:
    around = f"int g(void);\n\n/* a comment about f() */\n{text}\nEXPORT_SYMBOL(f);\nint h;\n"
    assert words(around) == text


@pytest.mark.parametrize(
    "text",
    [
        "void f(void);\n",
        "extern int f(int);\nstatic int (*g)(int) = f;\n",
        "void g(void)\n{\n\tf();\n}\n",
        "EXPORT_SYMBOL(f);\nvoid g(void) { }\n",
        "struct ops o = { .call = f };\n",
        "/* void f(void) { } */\n",
        "#define f f\n",
        "#if 0\nvoid f(void) { }\n#endif\n",
    ],
)
def test_a_mention_is_no_definition(text: str) -> None:
    assert found(text) == []


def test_the_configuration_decides_between_two() -> None:
    text = "#ifdef CONFIG_A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n"
    assert "return 1" in words(text, CONFIG_A="1")
    assert "return 2" in words(text)


def test_conditionals_may_cut_a_function_in_two() -> None:
    head = "#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n"
    text = head + "{\n#ifdef A\n\tif (a) {\n#else\n\t{\n#endif\n\t}\n}\nint g;\n"
    for macros in ({}, {"A": "1"}):
        decided = decide(text, macros)
        (each,) = definitions(decided, ["f"])
        assert decided.text[each.start : each.end].count("{") == 2
        assert text[each.end :] == "\nint g;\n"


def test_a_macro_is_found_as_a_macro() -> None:
    text = "#define f(x)\t\\\n\tdo { g(x); } while (0)\nint f;\n"
    (each,) = found(text)
    assert each.is_macro
    assert text[each.start : each.end].endswith("while (0)")


def test_what_a_macro_makes_is_told() -> None:
    (each,) = found("DEFINE_IDTENTRY_RAW(f)\n{\n\tg();\n}\n")
    assert each.wrong == "defined by the macro DEFINE_IDTENTRY_RAW"


def test_a_truncated_function_is_told() -> None:
    (each,) = found("int g(void)\n{\n}\nint f(void)\n{\n\tif (1) {\n\t}\n")
    assert "truncated" in each.wrong


@pytest.mark.parametrize(
    "text",
    ['void f(void)\n{\n\tasm volatile("nop");\n}\n', '#define f() __asm__("nop")\n'],
)
def test_inline_assembly_is_told_with_its_place(text: str) -> None:
    (each,) = found(text)
    assert each.wrong == "inline assembly"
    assert text[each.wrong_at :].lstrip("_").startswith("asm")
