"""Everything outside the language is refused at its place, all of a file at once."""

import re
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.lower import Options, lower
from klprove.source import BadInput, Diagnostic

FILES = sorted((Path(__file__).parent / "refused").glob("*.c"))
MARK = re.compile(r"/\* refused: (\w+) (\d+):(\d+) \*/")

HINTED = ("assembly", "float", "vla", "address", "spin", "recursion")


def refusals(path: Path, options: Options | None = None) -> tuple[Diagnostic, ...]:
    """What is said about a file that cannot be lowered."""
    with pytest.raises(BadInput) as caught:
        lower(parse([], user=path), options or Options())
    return caught.value.diagnostics


def program(folder: Path, text: str) -> Path:
    """A file with `text`."""
    path = folder / "model.c"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_at_its_place(path: Path) -> None:
    wanted = {
        (code, int(line), int(column)) for code, line, column in MARK.findall(path.read_text())
    }
    found = refusals(path)
    assert {(each.code, each.span.line, each.span.column) for each in found} == wanted
    assert len(found) == len(wanted)
    for each in found:
        assert each.span.file == str(path)
        assert each.hint or each.code not in HINTED


TASK = "int x;\n__task(0) void f(void) { x = 1; }\n"
FENTRY = TASK + "void __fentry__(unsigned long ip) { x = ip; }\n"


@pytest.mark.parametrize(
    ("text", "name", "line", "words"),
    [
        (FENTRY + "void rcu_nmi_enter(void) { }\n", "rcu_nmi_entr", 0, "rcu_nmi_enter"),
        (FENTRY + "notrace void g(void) { }\n", "g", 4, "notrace"),
        (FENTRY + "static inline void g(void) { }\n", "g", 4, "inlined"),
        (FENTRY + "__ghost void g(void) { }\n", "g", 4, "notrace"),
        (FENTRY + "void g(void);\n", "g", 0, "no function"),
        (FENTRY, "__fentry__", 3, "cannot be patched"),
        (TASK, "f", 0, "__fentry__"),
    ],
)
def test_patch(tmp_path: Path, text: str, name: str, line: int, words: str) -> None:
    (found,) = refusals(program(tmp_path, text), Options(patched=frozenset([name])))
    assert found.code == "patch"
    assert found.span.line == line
    assert words in found.text + found.hint


def test_no_context(tmp_path: Path) -> None:
    (found,) = refusals(program(tmp_path, "int x;\n"))
    assert found.code == "context"
    assert "__task(0)" in found.hint


def test_a_cpu_that_is_not_there(tmp_path: Path) -> None:
    text = "int x;\n__task(3) void f(void) { x = 1; }\n"
    (found,) = refusals(program(tmp_path, text), Options(cpus=2))
    assert (found.code, found.span.line) == ("context", 2)


def test_code_that_never_runs_may_contain_anything(tmp_path: Path) -> None:
    text = 'int x;\n__task(0) void f(void) { if (0) asm("hlt"); else x = 1; }\n'
    text += "void g(double d) { d = 2; }\n"
    assert lower(parse([], user=program(tmp_path, text))).contexts


def test_too_deep(tmp_path: Path) -> None:
    """Deep expressions are refused before anything that recurses over them runs out of stack."""
    for terms in (400, 50_000):
        text = "int x;\n__task(0) void f(void) { x = " + "x + " * terms + "x; }\n"
        (found,) = refusals(program(tmp_path, text))
        assert (found.code, found.span.line) == ("large", 2)
        assert found.hint


def test_too_much(tmp_path: Path) -> None:
    text = "int x;\nstatic void f0(void) { x++; x++; x++; x++; }\n"
    for number in range(1, 12):
        calls = f"f{number - 1}(); " * 4
        text += f"static void f{number}(void) {{ {calls} }}\n"
    text += "__task(0) void f(void) { f11(); }\n"
    (found,) = refusals(program(tmp_path, text))
    assert found.code == "large"
