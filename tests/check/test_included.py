"""A question's fingerprint covers what its files include, whoever includes it."""

from pathlib import Path

from klprove.c import included
from klprove.check import Question, check, fingerprint


def _model(folder: Path, value: int) -> str:
    (folder / "more").mkdir(exist_ok=True)
    (folder / "more" / "inner.h").write_text(f"enum {{ VALUE = {value} }};\n")
    (folder / "outer.h").write_text('#pragma once\n#include "outer.h"\n#include "more/inner.h"\n')
    model = folder / "model.c"
    model.write_text('#include "outer.h"\nint x; __task(0) void f(void) { x = VALUE; await(0); }\n')
    return str(model)


def test_a_change_of_an_included_file_is_another_question(tmp_path: Path) -> None:
    question = Question(files=(_model(tmp_path, 1),))
    first, again = fingerprint(question), fingerprint(question)
    assert first == again == check(question, jobs=1).fingerprint
    _model(tmp_path, 2)
    assert fingerprint(question) != first


def test_every_included_file_is_listed_once(tmp_path: Path) -> None:
    model = _model(tmp_path, 1)
    found = [Path(each).relative_to(tmp_path).as_posix() for each in included(model)]
    assert found == ["outer.h", "more/inner.h"]
    assert [Path(each.path).name for each in check(Question(files=(model,)), jobs=1).files] == [
        "model.c",
        "outer.h",
        "inner.h",
    ]


def test_what_cannot_be_read_is_left_to_the_compiler(tmp_path: Path) -> None:
    model = tmp_path / "model.c"
    model.write_text('#include "nobody.h"\n#include "/dev/zero"\n#include <klprove.h>\n')
    assert included(str(model)) == []
