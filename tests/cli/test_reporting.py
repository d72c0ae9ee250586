"""`klprove report`: a page, or a line that says why there is none."""

import json
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.verdict.reading import LARGEST
from tests.report.picture.pages import documented, finding


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A file as `check --json` writes it."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(documented(finding()), indent=1))
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What is said where nothing is written, in few lines."""
    assert run(["report", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "error: " in said.err and len(said.err.splitlines()) <= 4
    return said.err


def test_a_page_is_written(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = trace.with_name("out.html")
    assert run(["report", str(trace), "--html", str(out)]) == 0
    assert out.read_text(encoding="ascii").startswith("<!doctype html>")
    assert capsys.readouterr().out.startswith(f"{out}: ")


def test_without_a_page_it_is_the_text_of_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "cr2.json")
    run(["check", "corpus/x86-nmi-cr2/buggy.c", "-j", "1", "--json", path])
    said = capsys.readouterr().out
    assert run(["report", path]) == 0
    assert capsys.readouterr().out == said
    assert run(["report", path, path]) == 0
    assert capsys.readouterr().out == f"{path}:\n\n{said}\n{path}:\n\n{said}"


def test_a_real_check_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "cr2.json")
    assert run(["check", "corpus/x86-nmi-cr2/buggy.c", "-j", "1", "--json", path]) == 1
    capsys.readouterr()
    assert run(["report", path, "--html", "-"]) == 0
    page = capsys.readouterr().out
    assert "cr2: 1 -&gt; 2" in page and "<code>this_cpu(cr2) = 2;" in page
    assert "Shown without" not in page


def test_a_truncated_file_is_shown_where_it_ends(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace.write_text(trace.read_text()[:400])
    said = refused(capsys, trace, "--html", trace.with_name("out.html"))
    assert "is no JSON: it ends too early [trace]" in said
    assert said.startswith(f"{trace}:") and "^" in said
    assert not trace.with_name("out.html").exists()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is no JSON [trace]"),
        ("[1, 2", "is no JSON: it ends too early"),
        ("{'a': 1}", "1:2: error: is no JSON [trace]"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": "klprove.check/4", "states": NaN}', "NaN is no number of JSON"),
        ('{"states": ' + "9" * 5000 + "}", "is no JSON that is read here: Exceeds the limit"),
        ("\x00\x01\x02\x03", "is no JSON"),
        ('{"schema": "klprove.compare/2"}', "'klprove.compare/2'; read is 'klprove.compare/1'"),
        ("[]", "is a JSON array, no object"),
        ("null", "is a JSON value, no object"),
        ("{}", "it names no schema, not 'klprove.check/4'"),
        ('{"schema": "klprove.corpus/1"}', "its schema is 'klprove.corpus/1', not"),
        ('{"schema": "klprove.check/2"}', "read are klprove.check/3 and klprove.check/4 [trace]"),
        ('{"schema": "klprove.check/2"}', "= write it again: klprove check ... --json FILE"),
        ('{"schema": "klprove.check/5"}', "and klprove.check/4: a newer klprove wrote it"),
        ('{"schema": "klprove.check/5"}', "= read it with that one, or with this one write it"),
        ('{"schema": "klprove.check/99999999999"}', "a newer klprove wrote it"),
        ('{"schema": "klprove.check/' + "9" * 5000 + '"}', "a newer klprove wrote it"),
        ('{"schema": ["klprove.check/4"]}', "its schema is ['klprove.check/4'], not"),
        ('{"schema": "klprove.check/4"}', "is not as the schema says: KeyError 'files'"),
        ('{"schema": "klprove.check/3"}', "is not as the schema says: KeyError 'files'"),
    ],
)
def test_what_is_no_trace_is_refused(
    trace: Path, capsys: pytest.CaptureFixture[str], text: str, what: str
) -> None:
    trace.write_text(text)
    assert what in refused(capsys, trace, "--html", trace.with_name("out.html"))


@pytest.mark.parametrize(
    ("member", "value", "what"),
    [
        ("action", "jump", "'jump' is none of step, enter, exit, switch"),
        ("kind", ["nmi"], "['nmi'] is none of task"),
        ("cpu", -1, "-1 is less than nothing"),
        ("cpu", 1 << 40, "is more than a count here can be"),
        ("depth", 1 << 70, "has no room in 64 bits"),
        ("cpu", 1e3, "1000.0 is no whole number"),
        ("depth", True, "True is no whole number"),
        ("calls", [1], "1 is no text"),
        ("at", None, "TypeError"),
    ],
)
def test_a_member_that_is_not_as_it_should_be(
    trace: Path, capsys: pytest.CaptureFixture[str], member: str, value: object, what: str
) -> None:
    content = documented(finding())
    content["findings"][0]["trace"][1][member] = value
    trace.write_text(json.dumps(content))
    said = refused(capsys, trace, "--html", trace.with_name("out.html"))
    assert "is not as the schema says" in said and what in said


def test_a_huge_file_is_not_read(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.truncate(trace, 200_000_000)
    tracemalloc.start()
    said = refused(capsys, trace, "--html", trace.with_name("out.html"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < LARGEST // 2
    assert "more than 64 MiB: 200,000,000 bytes" in said
    assert "= ask about one site in one file: klprove check ... --patch NAME" in said


def test_a_pipe_that_does_not_end_is_not_read_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "more than 64 MiB" in refused(capsys, "/dev/zero", "--html", tmp_path / "out.html")


def test_an_answer_without_a_trace(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace.write_text(json.dumps(documented()))
    said = refused(capsys, trace, "--html", trace.with_name("out.html"))
    assert "no finding with a trace in it" in said and "verdict: holds" in said


def test_a_place_that_cannot_be_written(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = trace.with_name("no") / "out.html"
    assert f"cannot write {there}" in refused(capsys, trace, "--html", there)
    assert "cannot write" in refused(capsys, trace, "--html", "/proc/out.html")
    assert "cannot write" in refused(capsys, trace, "--html", trace.parent)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, trace, "--html", "/dev/full")
    assert "cannot write /dev/full: No space left on device" in said
    assert Path("/dev/full").is_char_device()  # it is written to, not replaced


def test_a_page_goes_through_a_pipe(trace: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as one:
        heard = one.submit(pipe.read_bytes)
        assert run(["report", str(trace), "--html", str(pipe)]) == 0
        assert heard.result(10).startswith(b"<!doctype html>")
    assert not pipe.is_file()


def test_several_answers_are_no_text(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace.write_text('{"schema": "klprove.compare/1"}')
    said = refused(capsys, trace)
    assert "it holds several answers" in said and "klprove report FILE --html PAGE" in said


def test_usage(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "TRACE" in refused(capsys)
    before = trace.read_bytes()
    assert "names the trace itself" in refused(capsys, trace, "--html", trace)
    assert trace.read_bytes() == before
    assert "No such file" in refused(capsys, trace.with_name("none"), "--html", "out.html")
