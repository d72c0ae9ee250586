"""Every word that an answer can hold is explained, and every example finds what it says."""

import json
import re
from pathlib import Path

import pytest

from klprove import kernels
from klprove.cli.main import run
from klprove.engine.image import FAULTS
from klprove.engine.reduction.names import REDUCTIONS
from klprove.explain import KINDS, MODELS, Entry, entries, entry
from klprove.ir.program import PROPERTIES
from klprove.replay import outcome
from klprove.scan import GRADES, QUESTIONS
from klprove.watch import blocking

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "klprove"
FOUND = [each for each in entries().values() if each.example and each.kind in ("finding", "rule")]
SHOWN = sorted(
    {(each.example, each.shows) for each in entries().values() if "klprove check" in each.example}
)


def words(kind: str) -> set[str]:
    return {each.word for each in entries().values() if each.kind == kind}


def test_every_code_that_the_tool_can_report() -> None:
    texts = [each.read_text() for each in SOURCE.glob("kernels/*/*.c")]
    codes = {code for text in texts for code in re.findall(r'finding\("([a-z-]+)"\)', text)}
    rooms = [each.read_text() for each in (SOURCE / "lower").glob("*.py")]
    rooms += [each.read_text() for each in (SOURCE / "engine").rglob("*.py")]
    codes |= {code for room in rooms for code in re.findall(r'Check\([^"\n]*"([a-z-]+)"', room)}
    codes |= {code for room in rooms for code in re.findall(r'Notice\(\s*"([a-z-]+)"', room)}
    codes |= {*PROPERTIES.values(), *(code for code, _ in FAULTS.values())}
    assert {"unwatched-silent", "wild-call", "deadlock", "use-after-free"} <= codes
    assert codes == words("finding")


def test_every_generation_rule_and_word_of_an_answer() -> None:
    assert words("generation") == set(kernels.names())
    assert words("rule") == {f"H{number:02}" for number in range(1, 31)}
    assert words("context") == {"task", "softirq", "irq", "nmi", "exception", "store-buffer"}
    assert words("grade") == set(GRADES)
    assert words("question") | words("context") >= set(QUESTIONS)
    assert words("reduction") == set(REDUCTIONS)
    assert words("watch") == set(blocking.ENDS)
    results = (
        outcome.AGREED,
        outcome.DIFFERS,
        outcome.NOT_REACHED,
        outcome.NOT_MAPPED,
        outcome.MERGED,
        outcome.SPOILED,
    )
    assert words("replay") == {"-".join(each.split()) for each in results}
    assert {each.kind for each in entries().values()} == set(KINDS)


@pytest.mark.parametrize("each", entries().values(), ids=lambda each: each.word)
def test_it_says_what_it_is_and_from_where(each: Entry) -> None:
    assert each.title and each.source
    assert each.kind != "finding" or (each.wrong_if and each.remedy and each.example)
    assert each.kind != "rule" or (each.what and each.why and each.seen and each.remedy)
    for page in re.findall(r"docs/[\w.-]+\.md", each.source):
        assert (ROOT / page).is_file()
    for commit in re.findall(r"\b[0-9a-f]{7,40}\b", each.source):
        assert len(commit) >= 12


def test_every_model_is_the_example_of_one() -> None:
    named = {each.example.rpartition(" ")[2] for each in entries().values() if each.model}
    assert named == {each.name for each in MODELS.iterdir()}


@pytest.mark.parametrize(("example", "code"), SHOWN)
def test_an_example_finds_what_it_says(
    example: str,
    code: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    command = example.split()[1:]
    if (MODELS / command[-1]).is_file():
        command[-1] = str(MODELS / command[-1])
    status = run([*command, "-j", "1", "--json", "-"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["complete"]
    found = {each["code"] for each in answer["findings"]}
    assert code in found if code else status == 1
    assert status == (0 if code == "warned" else 1)


def test_other_examples_are_commands_that_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    others = {each.example for each in entries().values() if each.example} - {x for x, _ in SHOWN}
    assert {each.split()[1] for each in others} == {"kernels"}
    for each in others:
        assert run(each.split()[1:]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("word", ["h04", "NMI", "grace period", "V6.0", "Deadlock"])
def test_case_and_spaces_do_not_matter(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", word]) == 0
    told = capsys.readouterr().out
    assert "source  :" in told
    assert max(len(line) for line in told.splitlines() if "klprove check" not in line) <= 79


def test_all_words_stand_in_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    told = capsys.readouterr().out
    assert re.findall(r"^  ([\w.-]+): ", told, re.M) == list(entries())
    assert max(map(len, told.splitlines())) <= 79


def test_the_model_alone_can_be_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["explain", "deadlock", "--example"]) == 0
    Path("deadlock.c").write_text(capsys.readouterr().out)
    assert run(["check", "deadlock.c", "-j", "1"]) == 1
    assert "VIOLATION deadlock" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["nim"], "near it: nmi"),
        (["\x1b[1mzzzz"], r"nothing is called \x1b[1mzzzz"),
        (["--example"], "needs a WORD"),
        (["nmi", "--example"], "no model of its own: it is `klprove check corpus/x86-nmi-cr2"),
        (["merged", "--example"], "merged has no model of its own"),
    ],
)
def test_what_is_no_word(command: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", *command]) == 2
    assert says in capsys.readouterr().err


def test_no_two_words_differ_in_case_alone() -> None:
    assert len({each.lower() for each in entries()}) == len(entries())
    assert entry("") is None
