"""What must stay the same in several texts: the handlers' body, and functions with ghost marks."""

import re
from pathlib import Path

import pytest

from klprove.kernels import load

ROOT = Path(__file__).parents[2]
HANDLERS = sorted((ROOT / "handlers" / "2017").glob("*.c"))
VARIANTS = sorted((ROOT / "claims" / "2017").glob("*.c"))

# What a claim's file replaces on purpose, not to mark a place in it.
CHANGED = {"klp_ftrace_handler", "klp_synchronize_transition", "klp_updater_waits"}


def functions(text: str) -> dict[str, str]:
    """Every function of `text` that takes steps: name to body, both as written."""
    found = re.findall(r"^static ([\w *]*?\b(\w+)\([^;{]*\))\n(\{\n.*?^\})", text, re.M | re.S)
    return {name: body for _, name, body in found}


def ghosts(text: str) -> set[str]:
    """Names of the ghost functions of `text`."""
    return set(re.findall(r"^__ghost static [\w *]*?\b(\w+)\(", text, re.M))


def unmarked(body: str, marks: set[str]) -> str:
    """`body` without calls of ghost functions, in one spacing, declarations joined again."""
    for mark in marks:
        body = re.sub(rf"^\t{mark}\(.*\);\n", "", body, flags=re.M)
    body = re.sub(r"\t(\w+) (\w+);\n\n*\t\2 = ", r"\t\1 \2 = ", body)
    return re.sub(r"\n\n+", "\n", body)


def reading_part(text: str) -> str:
    """What a handler does between its entry and its exit, with its declarations."""
    handler = text[text.index("klp_ftrace_handler(") :]
    start, end = handler.index("\tfunc = list_first"), handler.index("\nunlock:\n")
    return handler[: handler.index("{\n")] + handler[start:end]


def test_there_are_eight_handlers() -> None:
    assert [each.stem for each in HANDLERS] == ["A", "B", "C", "D", "D2", "E", "F", "G"]


@pytest.mark.parametrize("file", [*HANDLERS, *VARIANTS], ids=lambda each: each.name)
def test_all_handlers_read_the_same_way(file: Path) -> None:
    text = file.read_text()
    if "klp_ftrace_handler(" in text:
        assert reading_part(text) == reading_part(HANDLERS[0].read_text())


@pytest.mark.parametrize("file", VARIANTS, ids=lambda each: each.name)
def test_a_marked_function_is_the_models_but_for_the_marks(file: Path) -> None:
    text = file.read_text()
    kernel = load("v4.12rc")
    model = functions("".join(each.read_text() for each in kernel.files))
    replaced = functions(text).keys() & model.keys() - CHANGED
    for name in replaced:
        assert unmarked(functions(text)[name], ghosts(text)) == unmarked(model[name], set()), name


def test_the_marks_are_found() -> None:
    """The comparison above has something to compare."""
    text = (ROOT / "claims" / "2017" / "28.c").read_text()
    assert {"rcu_irq_enter", "rcu_irq_exit"} <= functions(text).keys()
    assert ghosts(text) >= {"inside_irq_enter", "inside_irq_exit"}
    assert "inside_irq_enter(" in functions(text)["rcu_irq_enter"]
