"""Parsing: what a unit knows of its functions and variables, and what it says of bad text."""

from pathlib import Path

import pytest

from klprove.c import Unit, parse
from klprove.source import BadInput, Diagnostic


def write(folder: Path, text: str | bytes, name: str = "model.c") -> Path:
    """A file with `text`."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def unit(folder: Path, text: str) -> Unit:
    """The unit of one file."""
    return parse([], user=write(folder, text))


def complaints(*files: Path, user: Path | None = None) -> tuple[Diagnostic, ...]:
    """What is said about files that cannot be parsed."""
    with pytest.raises(BadInput) as caught:
        parse(files, user=user)
    return caught.value.diagnostics


FUNCTIONS = """
#include <klprove.h>
static int prototype(void);
static int plain(void) { return 1; }
static inline int small(void) { return 2; }
static __always_inline int always(void) { return 3; }
notrace void hidden(void) { }
noinstr void entry(void);
void entry(void) { }
__ghost void ghost(void) { }
__on_warn void warned(void) { }
__task(0) void task(void) { }
__irq(0) notrace void irq(void) { }
invariant(fine, 1)
void __fentry__(unsigned long ip) { }
inline void declared_inline(void);
void declared_inline(void) { }
"""


def test_traceable(tmp_path: Path) -> None:
    found = unit(tmp_path, FUNCTIONS)
    assert found.traceable() == ("plain", "task")
    assert "prototype" not in found.functions
    assert {"small", "hidden", "entry", "__fentry__"} <= set(found.functions)
    assert found.declared["plain"].is_traceable(inlined=frozenset(["plain"])) is False
    assert found.declared["small"].is_traceable(outlined=frozenset(["small"])) is True
    assert found.declared["hidden"].is_traceable(outlined=frozenset(["hidden"])) is False


def test_annotations_of_all_declarations(tmp_path: Path) -> None:
    text = "DECLARE_PER_CPU(int, x);\nint x;\n__task(0) void f(void);\n__irq(1) void f(void) { }\n"
    found = unit(tmp_path, text)
    assert found.declared["f"].annotations == ("context:task:0", "context:irq:1")
    (variable,) = found.variables.values()
    assert variable.annotations == ("percpu",)
    assert variable.is_defined


def test_spans_name_the_file_as_the_user_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "int x;\nvoid f(void) { x = 1; }\n")
    monkeypatch.chdir(tmp_path)
    found = parse([], user="./model.c")
    assert str(found.declared["f"].node.span) == "./model.c:2:6"
    assert str(found.declared["f"].node.end) == "./model.c:2:23"


def test_a_macro_is_where_it_is_used_and_its_argument_where_it_stands(tmp_path: Path) -> None:
    found = unit(tmp_path, "int x;\nvoid f(void)\n{\n\tassert(1 &&\n\t       x);\n}\n")
    body = found.declared["f"].body
    assert body is not None
    call = body.children[0]
    assert (call.kind, call.span.line, call.span.column) == ("CALL_EXPR", 4, 2)

    def names(node: object) -> list[object]:
        children = node.children  # type: ignore[attr-defined]
        return [node, *(each for child in children for each in names(child))]

    (x,) = [each for each in names(call) if each.name == "x" and each.kind == "DECL_REF_EXPR"]  # type: ignore[attr-defined]
    assert (x.span.line, x.span.column) == (5, 9)  # type: ignore[attr-defined]


def test_names_that_clang_cannot_include(tmp_path: Path) -> None:
    path = write(tmp_path, "int x = y;\n", 'a "strange" \\ name.c')
    (found,) = complaints(user=path)
    assert (found.code, found.span.file, found.span.line) == ("unknown", str(path), 1)


def test_includes(tmp_path: Path) -> None:
    write(tmp_path, "#define LIMIT 5\n", "limit.h")
    path = write(tmp_path, '#include "limit.h"\nint x = LIMIT + EXTRA;\n')
    assert parse([], user=path, defines={"EXTRA": "2"}).variables
    (found,) = complaints(user=write(tmp_path, '#include "nowhere.h"\n', "b.c"))
    assert (found.code, found.span.line) == ("file", 1)


def test_pragmas(tmp_path: Path) -> None:
    found = unit(tmp_path, "#pragma klprove preempt\n #  pragma klprove hardware_nmi\nint x;\n")
    assert found.pragmas == {"preempt", "hardware_nmi"}
    (complaint,) = complaints(user=write(tmp_path, "int x;\n#pragma klprove prempt\n"))
    assert (complaint.code, complaint.span.line, complaint.span.column) == ("unknown", 2, 17)


SIMPLE = "int x;\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"", "file", 0),
        (b" \n\t\n", "file", 0),
        (b"int x;\n\0int y;\n", "file", 0),
        (b"int x;\n\xff\xfe\n", "file", 0),
        (bytes(range(256)) * 4000, "file", 0),
        (b"int x;\n" * 20_001, "large", 0),
        (b"int x = " + b"1+" * 50_000 + b"1;\n", "large", 1),
        (b"int x\nint y;\n", "syntax", 1),
        (b"int x = ;\n", "syntax", 1),
        (b"int x;\nvoid f(void) {\n", "syntax", 2),
        (b"/* never closed\n", "syntax", 1),
        (b"int f(void) { return y; }\n", "unknown", 1),
        (b"int x;\nint f(void) { return g(x); }\n", "unknown", 2),
        (b"struct s *p;\nint f(void) { return p->x; }\n", "unknown", 2),
        (b"nonsense_t x;\n", "unknown", 1),
        (b"int x;\nint *p;\nvoid f(void) { p = x; }\n", "syntax", 3),
        (b'#error "no"\nint x;\n', "syntax", 1),
    ],
)
def test_bad_text(tmp_path: Path, text: bytes, code: str, line: int) -> None:
    path = write(tmp_path, text)
    found = complaints(user=path)
    assert (found[0].code, found[0].span.file, found[0].span.line) == (code, str(path), line)
    assert found[0].text


def test_all_unknown_names_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "void f(void)\n{\n\tone();\n\ttwo = 3;\n\tthree(four);\n}\n")
    found = complaints(user=path)
    assert [(each.code, each.span.line) for each in found] == [("unknown", n) for n in (3, 4, 5, 5)]
    assert all(each.hint for each in found if "function" in each.text)


def test_a_misspelt_name_gets_a_hint(tmp_path: Path) -> None:
    (found,) = complaints(user=write(tmp_path, "int counter;\nvoid f(void) { countr = 1; }\n"))
    assert "did you mean 'counter'" in found.hint
    assert "did you mean" not in found.text


def test_files_that_are_not_there(tmp_path: Path) -> None:
    found = complaints(tmp_path / "a.c", tmp_path / "b.c", user=tmp_path)
    assert [each.code for each in found] == ["file"] * 3
