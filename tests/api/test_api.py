"""`klprove.check` from Python: its options, its complaints, and that the command line uses it."""

import doctest
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import klprove
from klprove.cli import checking
from klprove.cli.main import run

ROOT = Path(__file__).parents[2]
TINY = "int x;\n__task(0) void t(void) { x = 1; }\n__irq(0) void i(void) { assert(!x); }\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "tiny.c").write_text(TINY)
    return tmp_path / "tiny.c"


def test_the_page_says_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "api.md").read_text()
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", page, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "api.md", "docs/api.md", 0)
    assert len(test.examples) > 10
    assert not doctest.DocTestRunner().run(test).failed


def test_every_option_is_on_the_page() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    assert [each for each in klprove.Options.__annotations__ if f"`{each}`" not in page] == []


def test_a_verdict_and_its_trace(tiny: Path) -> None:
    answer = klprove.check(tiny, jobs=1)
    assert isinstance(answer, klprove.Answer)
    assert (answer.word, answer.codes()) == ("violated", ("assert",))
    assert isinstance(answer.findings[0].trace.events[0], klprove.Event)
    assert klprove.check([tiny], arrivals=0, jobs=1).word == "holds"
    assert klprove.check(str(tiny), arrivals={"irq": 0}, engine="reference", jobs=1).complete


def test_the_name_is_the_function_whatever_is_imported_first() -> None:
    program = (
        "import klprove.check.checking\nimport klprove\nfrom klprove.check import Question\n"
        "import klprove.check\nfrom klprove import check\n"
        "assert check is klprove.check and callable(check), check\n"
        "assert all(hasattr(klprove, each) for each in klprove.__all__)\n"
        "assert not hasattr(klprove, 'checks')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_package_alone_loads_no_room() -> None:
    program = "import klprove, sys; print([m for m in sys.modules if m.startswith('klprove.')])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"cpus": 0}, "cpus: error: 0 is not a number of 1 .. 8"),
        ({"cpus": True}, "True is not a number"),
        ({"recursion": "2"}, "'2' is not a number of 1 .. 64"),
        ({"arrivals": {"irq": 201}}, "201 is not a number of 0 .. 200"),
        ({"nest": {"irq": 0}}, "0 is not a number of 1 .. 200"),
        ({"nest": {"task": 1}}, "'task' is none of softirq"),
        ({"engine": "quick"}, "'quick' is none of auto"),
        ({"memory_model": "arm"}, "'arm' is none of sc, tso"),
        ({"store_buffer": 2}, "only memory model tso"),
        ({"no_reduce": "nothing"}, "'nothing' is none of"),
        ({"seconds": 0}, "0 is no time to search in"),
        ({"jobs": 0}, "jobs: error: 0 is not a number of 1 .. 1024"),
        ({"resume": True}, "from where"),
        ({"kernel": "v1"}, "no kernel generation is called 'v1'"),
    ],
)
def test_what_cannot_be_asked(tiny: Path, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(klprove.BadInput) as refused:
        klprove.check(tiny, **options)
    assert complaint in str(refused.value)


def test_no_file_and_no_such_option(tiny: Path) -> None:
    with pytest.raises(klprove.BadInput, match="no file to check"):
        klprove.check([])
    with pytest.raises(klprove.BadInput, match="No such file"):
        klprove.check(tiny.parent / "none.c")
    with pytest.raises(TypeError, match="kernels"):
        klprove.check(tiny, kernels="v4.12rc")  # type: ignore[call-arg]


def test_sites_as_on_the_command_line() -> None:
    assert klprove.question("m.c").patch == klprove.question("m.c", patch="none").patch == ()
    assert klprove.question("m.c", patch="each").patch == ("each",)
    assert klprove.question("m.c", patch=" a, b+c,").patch == ("a", "b+c")
    assert klprove.question("m.c", patch=["a", "b+c"]).patch == ("a", "b+c")
    assert klprove.question("m.c", no_reduce="all").no_reduce >= {"symmetry"}


def test_the_command_line_asks_the_same_function(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[Any, Any]] = []

    def spy(files: Any, **options: Any) -> Any:
        asked.append((files, options))
        return klprove.check(files, **options)

    assert checking.check is klprove.check
    monkeypatch.setattr(checking, "check", spy)
    assert run(["check", str(tiny), "--arrivals", "irq=2", "--no-reduce", "all", "-j", "1"]) == 1
    ((files, options),) = asked
    assert files == (str(tiny),)
    assert (options["arrivals"], options["no_reduce"]) == ({"irq": 2}, ("all",))
    assert "VIOLATION assert" in capsys.readouterr().out
