"""What is shown beside a trace, and what must not be."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from klprove.kernels import load
from klprove.report.picture.sources import sources
from tests.report.picture.pages import Seen, documented, finding, shown
from tests.report.specimens import event, short_trace

TEXT = b"int x;\n\tx = 1;\n"


def found(folder: Path, name: str, sha: str, **members: Any) -> tuple[tuple[str, ...], str]:
    """Lines and the reason why there are none, of the file `name` with this digest."""
    listed = {"files": [{"path": name, "sha256": sha}], "kernel": None, "model": "", **members}
    (source,) = sources(listed, [name], folder)
    return source.lines, source.why


def digest(data: bytes) -> str:
    """Its SHA-256."""
    return hashlib.sha256(data).hexdigest()


def test_an_unchanged_file_is_shown(tmp_path: Path) -> None:
    (tmp_path / "F.c").write_bytes(TEXT)
    assert found(tmp_path, "F.c", digest(TEXT)) == (("int x;", "\tx = 1;", ""), "")


@pytest.mark.parametrize(("data", "why"), [(None, "it is gone"), (b"int y;", "it has changed")])
def test_another_is_not(tmp_path: Path, data: bytes | None, why: str) -> None:
    if data is not None:
        (tmp_path / "F.c").write_bytes(data)
    lines, said = found(tmp_path, "F.c", digest(TEXT))
    assert lines == () and said.startswith(why)


def test_a_pipe_or_a_large_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (1 << 21))
    for name in ("pipe", "large"):
        assert found(tmp_path, name, digest(b"x" * (1 << 21)))[0] == ()


def test_a_trace_cannot_have_other_files_embedded(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(TEXT)
    name = str(tmp_path / "secret")
    assert found(tmp_path, name, "0" * 64)[0] == ()
    listed = {"files": [], "kernel": None, "model": ""}
    assert sources(listed, [name], tmp_path)[0].lines == ()


def test_the_model_is_shown_while_it_is_the_same(tmp_path: Path) -> None:
    name = "v4.12rc/ftrace.c"
    same = load("v4.12rc").digest
    lines, why = found(tmp_path, name, "", kernel="v4.12rc", model=same)
    assert lines[0].startswith("/* ftrace.c") and why == ""
    lines, why = found(tmp_path, name, "0" * 64, kernel="v4.12rc", model="00")
    assert lines == ()
    other = {"files": [], "kernel": "v4.12rc", "model": "00"}
    assert "has changed" in sources(other, [name], tmp_path)[0].why
    other["kernel"] = "v9"
    assert sources(other, [name], tmp_path)[0].why == "there is no model 'v9' here"


def test_an_included_file_is_found_under_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.h").write_bytes(TEXT)
    listed = {"kernel": None, "files": [{"path": "a.h", "sha256": digest(TEXT)}]}
    assert sources(listed, ["/elsewhere/a.h"], tmp_path)[0].lines == ("int x;", "\tx = 1;", "")
    assert sources(listed, ["/elsewhere/ba.h"], tmp_path)[0].lines == ()
    listed["files"] = [{"path": each, "sha256": digest(TEXT)} for each in ("a.h", "b/a.h")]
    assert sources(listed, ["/elsewhere/b/a.h"], tmp_path)[0].lines == ()


def beside(seen: Seen, name: str) -> Any:
    """What the script has of the file `name`."""
    told = seen.data()
    return told["sources"][told["answers"][0]["sources"][name]]


def test_the_page_says_what_it_lacks() -> None:
    seen = shown(finding())
    assert "Shown without their source:" in seen.all("p")
    assert beside(seen, "model/rcu.c")["lines"] == []


def test_a_row_holds_its_line(tmp_path: Path) -> None:
    (tmp_path / "F.c").write_bytes(TEXT)
    trace = short_trace()
    events = (*trace.events[:3], event(file="F.c", line=2))
    content = documented(
        finding(trace=type(trace)(trace.initial, events)),
        files=[{"path": "F.c", "sha256": digest(TEXT)}],
    )
    seen = shown(path=str(tmp_path / "trace.json"), **content)
    assert "x = 1;" in seen.all("code")
    assert beside(seen, "F.c")["lines"] == ["int x;", "\tx = 1;", ""]
