"""Every word that an answer can hold is explained, and every example finds what it says."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from klprove import kernels
from klprove.cli.main import commands, run
from klprove.engine.image import FAULTS
from klprove.engine.reduction.names import REDUCTIONS
from klprove.explain import KINDS, MODELS, Entry, called, entries, entry
from klprove.ir.program import PROPERTIES
from klprove.replay import outcome
from klprove.scan import GRADES, QUESTIONS
from klprove.watch import blocking, effect
from tests.schemas.law import obey

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


def test_a_finding_has_a_title_of_one_line_and_says_more_below() -> None:
    found = [each for each in entries().values() if each.kind == "finding"]
    assert len({each.title for each in found}) == len(found)
    for each in found:
        assert len(f"  {each.word}: {each.title}") <= 77
        assert each.why and each.title not in each.why


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


def test_no_two_words_have_a_name_in_common() -> None:
    assert len(set(called())) == len(called())
    assert entry("") is None
    texts = tomllib.loads((MODELS.parent / "words.toml").read_text())
    written = [word for words in texts.values() for word in words]
    others = [each for kind in ("finding", "rule", "generation") for each in words(kind)]
    assert sorted(written + others) == sorted(entries())


def kinds_of_watch() -> set[str]:
    """The second argument of every Finding that `watch` makes, where the text has it."""
    tree = ast.parse((SOURCE / "watch" / "judging.py").read_text())
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    made = [each.args[1] for each in calls if getattr(each.func, "id", "") == "Finding"]
    return {each.value for each in made if isinstance(each, ast.Constant)}


def test_what_watch_finds() -> None:
    named = {*effect.BROKEN, effect.CONTESTED, effect.SUPERSEDED}
    assert {"in-transition", "failed", "never-ends"} <= kinds_of_watch()
    # A question of scan has the same name, and says both.
    assert words("watched") | {"never-ends"} == kinds_of_watch() | named
    for each in entries().values():
        assert each.kind != "watched" or re.match("(problem|open|note): ", each.title)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("eqs", "extended-quiescent-state"), ("Exit status 3", "incomplete"), ("ist", "exception")],
)
def test_other_names(word: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", word]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{meant}: ") and "also    : " in told


def test_everything_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["explain", "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    obey(told)
    assert [each["word"] for each in told["words"]] == list(entries())
    assert run(["explain", "h04", "--json", str(tmp_path / "h04.json")]) == 0
    (one,) = json.loads((tmp_path / "h04.json").read_text())["words"]
    assert one["kind"] == "rule" and one["shows"] == "use-after-free"
    assert run(["explain", "nothing-such", "--json", "-"]) == 2
    assert run(["explain", "deadlock", "--example", "--json", "-"]) == 2


@pytest.mark.parametrize("each", entries().values(), ids=lambda each: each.word)
def test_every_option_that_it_names_exists(each: Entry) -> None:
    context = click.Context(commands)
    texts = " ; ".join((each.title, *each.what, each.why, each.wrong_if, each.remedy, each.example))
    for name, rest in re.findall(r"klprove ([a-z]+)((?: [^\s;,:()`]+)*)", texts):
        if "--" in rest:
            command = commands.get_command(context, name)
            assert command is not None
            options = {one for param in command.params for one in param.opts}
            assert {*re.findall(r"--[a-z-]+", rest)} <= options


def test_it_needs_none_of_the_extras() -> None:
    absent = ("numpy", "elftools", "iced_x86", "zstandard", "lz4", "llvmlite", "drgn", "pyarrow")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
        "from klprove.cli.main import run; sys.exit(run(['explain', 'H04']))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    assert "cold part" in told.stdout
