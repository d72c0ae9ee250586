"""`klprove corpus`: what it prints, writes and returns, on small corpora."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from klprove.check import Progress
from klprove.cli import progress as module
from klprove.cli.main import run as command
from klprove.corpus import Effort, corpus_results, find, run, table
from klprove.formats.ktap import ktap
from klprove.source import BadInput
from tests.schemas.law import obey

ROOT = Path(__file__).parents[2]
TASK = "__task(0) void task(void)\n{{\n\tx = 1;\n\tassert(x == {});\n}}\n"
LONG = """\
__percpu int a, b;
__task(ALL) void task(void)
{
	for (;;) {
		this_cpu(a) = choose(200);
		this_cpu(b) = choose(200);
	}
}
"""


def model(folder: Path, name: str, head: str, value: int = 1, text: str = "") -> Path:
    """A model in `folder` that holds for 1 and is violated for any other value."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.c"
    path.write_text(f"{head}\nint x;\n{text or TASK.format(value)}")
    return path


class Told(NamedTuple):
    """What a command gave."""

    returncode: int
    stdout: str
    stderr: str


Klprove: TypeAlias = Callable[..., Told]


@pytest.fixture
def klprove(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Klprove:
    """Runs `klprove corpus` at the root of the project."""

    def klprove(*words: str | Path) -> Told:
        status = command(["corpus", *map(str, words)])
        return Told(status, *capsys.readouterr())

    monkeypatch.chdir(ROOT)
    return klprove


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    """A corpus of one twin, both right."""
    folder = tmp_path / "some" / "twin"
    model(folder, "fixed", "/* klprove: expect holds; states 4 */")
    model(folder, "buggy", "/* klprove: expect violated assert; states 2 */", 2)
    (folder / "notes.md").write_text("| fix | 0123456789ab (in v1) |\n")
    return tmp_path / "some"


def test_the_table(klprove: Klprove, twin: Path) -> None:
    done = klprove(twin)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == [
        "twin                         model          answer                 states steps",
        "twin                         buggy          violated assert             2     2",
        "  0123456789ab               fixed          holds                       4",
        "",
        "klprove: 1 twin, 2 models: 2 right",
    ]


def test_the_page_shows_what_is_printed(klprove: Klprove) -> None:
    page = (ROOT / "docs" / "corpus.md").read_text()
    shown = page.partition("$ klprove corpus klp-force-unload K09-fork\n")[2].partition("```")[0]
    assert klprove("klp-force-unload", "K09-fork").stdout == shown
    indented = re.search(r"(?:^    .*\n)+(?=\nA model that is not judged)", page, re.MULTILINE)
    assert indented
    told = klprove("x86-nmi-cr2", "--as", "ktap").stdout
    assert re.sub("^    ", "", indented[0], flags=re.MULTILINE) == told


def test_a_wrong_pin_a_wrong_verdict_and_a_wrong_code(klprove: Klprove, twin: Path) -> None:
    model(twin / "a", "pin", "/* klprove: expect holds; states 5 */")
    model(twin / "a", "verdict", "/* klprove: expect violated assert; states 4 */")
    model(twin / "a", "code", "/* klprove: expect violated deadlock; states 2 */", 2)
    done = klprove(twin)
    assert done.returncode == 1
    for each in (
        "4 states, expected 5",
        "holds, expected violated",
        "assert was not found",
        "assert is not expected",
        "deadlock was not found",
        "klprove: 2 twins, 5 models: 2 right, 3 wrong",
    ):
        assert each in done.stdout, done.stdout


def test_what_cannot_be_checked_is_told_and_the_rest_is_run(klprove: Klprove, twin: Path) -> None:
    model(twin / "a", "bad", "/* klprove: expect holds; states 5 */", text="int f(\n")
    done = klprove(twin)
    assert done.returncode == 2
    assert "bad.c:3:" in done.stderr
    assert "2 right, 1 refused" in done.stdout


def test_unreadable_heads_are_refused_before_anything_runs(klprove: Klprove, twin: Path) -> None:
    model(twin / "a", "none", "int y;")
    model(twin / "b", "typo", "/* klprove: expect hold; states 5 */")
    done = klprove(twin)
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.c:1:1: error:" in done.stderr
    assert "typo.c:1:20: error: 'hold' is no verdict [expect]" in done.stderr


def test_a_name_a_pattern_a_file_and_what_is_none_of_them(klprove: Klprove) -> None:
    def names(*words: str) -> list[str]:
        found = find(words, ROOT / "corpus")
        return [f"{entry.name}/{each.name}" for entry in found for each in entry.models]

    assert names("x86-nmi-cr2") == ["x86-nmi-cr2/buggy", "x86-nmi-cr2/fixed"]
    assert len(names("klp-*")) == 14
    assert names("K10-exit") == ["known/K10-exit/violated", "known/K10-exit/holds"]
    one = str(ROOT / "corpus" / "x86-nmi-cr2" / "fixed.c")
    assert names(one, one) == ["x86-nmi-cr2/fixed"]
    assert names("x86-nmi-cr2", one) == ["x86-nmi-cr2/buggy", "x86-nmi-cr2/fixed"]
    done = klprove("x86-nmi-cr")
    assert done.returncode == 2
    assert "near it: x86-nmi-cr2" in done.stderr


def test_a_catalogue_speaks_for_models_without_a_head(klprove: Klprove, tmp_path: Path) -> None:
    model(tmp_path / "one", "fixed", "")
    model(tmp_path / "one", "buggy", "", 2)
    entry = {"id": "one", "year": "2011-12", "buggy": "fails", "fixed": "holds"}
    (tmp_path / "catalogue.json").write_text(json.dumps([entry]))
    done = klprove(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 models: 2 right" in done.stdout
    assert "  2011-12 " in done.stdout
    entry["fixed"] = "fails"
    (tmp_path / "catalogue.json").write_text(json.dumps([entry]))
    assert klprove(tmp_path).returncode == 1
    entry["fixed"] = "perhaps"
    (tmp_path / "catalogue.json").write_text(json.dumps([entry]))
    done = klprove(tmp_path)
    assert done.returncode == 2
    assert "catalogue.json: error: one: `fixed` is 'perhaps'" in done.stderr


def test_a_catalogue_bounds_arrivals(tmp_path: Path) -> None:
    model(tmp_path / "some", "fixed", "")
    model(tmp_path / "more", "fixed", "")
    said = [{"id": "some", "fixed": "holds"}, {"id": "more", "fixed": "holds", "min_arrivals": 4}]
    (tmp_path / "catalogue.json").write_text(json.dumps(said))
    arrivals = [entry.models[0].expected.arrivals for entry in find([str(tmp_path)], ROOT)]
    kinds = ("softirq", "irq", "nmi", "exception")
    assert arrivals == [dict.fromkeys(kinds, 4), dict.fromkeys(kinds, 3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "not a list"),
        ("[1]", "entry 1 has no `id`"),
        ('[{"id": 1}]', "entry 1 has no `id`"),
        ('[{"id": "one", "fixed": {}}]', "one: `fixed` is {}"),
        (
            '[{"id": "one", "fixed": "holds", "min_arrivals": 1e9}]',
            "`min_arrivals` is 1000000000.0",
        ),
        ('[{"id": "one", "fixed": "holds", "min_arrivals": -1}]', "`min_arrivals` is -1"),
        ('[{"id": ]', "catalogue.json:1:9: error:"),
        ("[" * 100_000, "cannot read"),
    ],
)
def test_a_catalogue_that_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    model(tmp_path / "one", "fixed", "")
    (tmp_path / "catalogue.json").write_text(text)
    with pytest.raises(BadInput, match=re.escape(said)):
        find([str(tmp_path)], ROOT)


def test_another_memory_model_is_told_and_not_judged(klprove: Klprove) -> None:
    done = klprove("klp-force-unload", "K15-store-buffers", "--memory-model", "tso")
    assert done.returncode == 0, done.stdout
    assert "under tso; holds under sc" in done.stdout
    assert "3 right, 2 not judged" in done.stdout


# -- KTAP and JSON ----------------------------------------------------------------------

_LINE = re.compile(
    r"(?P<indent>(?:  )*)(?:KTAP version 1|1\.\.(?P<plan>\d+)|#(?: .*)?"
    r"|(?:not )?ok (?P<number>\d+) [^#]+(?: # (?:SKIP|ERROR) .+)?)"
)


def followed(text: str) -> list[str]:
    """The result lines of KTAP `text`, checked: indents, versions, plans, numbers."""
    plans: dict[int, list[int]] = {}
    results = []
    lines = text.splitlines()
    assert lines[0] == "KTAP version 1"
    for line in lines:
        found = _LINE.fullmatch(line)
        assert found, line
        depth = len(found["indent"]) // 2
        if "KTAP version" in line:
            assert depth not in plans
            plans[depth] = []
        elif found["plan"]:
            assert plans[depth] == []
            plans[depth] = [int(found["plan"]), 0]
        elif found["number"]:
            plans[depth][1] += 1
            assert plans[depth][1] == int(found["number"])
            results.append(line.strip())
            inner = plans.pop(depth + 1, None)
            assert inner is None or inner[0] == inner[1]
    assert plans.keys() == {0}
    assert plans[0][0] == plans[0][1]
    return results


def test_ktap(klprove: Klprove, twin: Path, tmp_path: Path) -> None:
    model(twin / "zebra", "a", "/* klprove: expect holds; states 5 */")
    model(twin / "zebra", "b", "/* klprove: expect holds */", text="int f(\n")
    model(twin / "under", "c", "/* klprove: expect holds; memory-model tso */")
    to = tmp_path / "result.ktap"
    done = klprove(twin, "--memory-model", "sc", "--as", f"ktap={to}")
    assert done.returncode == 2
    assert followed(to.read_text()) == [
        "ok 1 buggy",
        "ok 2 fixed",
        "ok 1 twin",
        "ok 1 c # SKIP asked under another memory model",
        "ok 2 under # SKIP asked under another memory model",
        "not ok 1 a",
        "not ok 2 b # ERROR cannot be checked: expected parameter declarator",
        "not ok 3 zebra",
    ]
    assert "  # a: error: expected: 4 states, expected 5 at " in to.read_text()
    assert "# Totals: pass:2 fail:1 xfail:0 xpass:0 skip:1 error:1\n" in to.read_text()
    again = klprove(twin, "--memory-model", "sc", "--as", "ktap", "-j", "1")
    assert again.stdout == to.read_text()


def test_a_name_cannot_pose_as_a_directive(tmp_path: Path) -> None:
    model(tmp_path / "evil # SKIP me\nok 9", "x", "/* klprove: expect holds; states 5 */")
    outcome = run(find([str(tmp_path)], ROOT), Effort())
    assert followed(ktap(corpus_results(outcome))) == ["not ok 1 x", "not ok 1 evil _ SKIP me ok 9"]
    assert "\nok 9" not in table(outcome)


def test_json(klprove: Klprove, twin: Path) -> None:
    done = klprove(twin, "--json", "-")
    content = json.loads(done.stdout)
    assert (content["schema"], content["interrupted"]) == ("klprove.corpus/1", False)
    assert content["counts"] == {"right": 2}
    (entry,) = content["twins"]
    assert (entry["name"], entry["cited"]) == ("twin", "0123456789ab")
    buggy = entry["models"][0]
    assert buggy["found"]["codes"] == ["assert"]
    assert (buggy["found"]["states"], buggy["found"]["steps"]) == (2, 2)
    assert "seconds" not in buggy["found"]
    obey(content)
    assert klprove(twin, "--json", "-", "-j", "1").stdout == done.stdout
    timed = json.loads(klprove(twin, "--json", "-", "--seconds").stdout)
    assert timed["twins"][0]["models"][0]["found"]["seconds"] >= 0


def test_progress_counts_models() -> None:
    progress = Progress(3, 29, 6000, 0, 0, 0, 0, 6.0, 54.0)
    assert (
        module.line(progress, 0.0, noun="models")
        == "klprove: 3/29 models, 6,000 states, 6s, 54s left"
    )


# -- early ends -------------------------------------------------------------------------


def test_out_of_time_is_no_wrong_answer(klprove: Klprove, tmp_path: Path) -> None:
    model(tmp_path / "a", "long", "/* klprove: expect holds; states 5; cpus 3 */", text=LONG)
    done = klprove(tmp_path, "--time", "0.2s", "--as", "ktap")
    assert done.returncode == 3, done.stdout
    assert "not ok 1 long # ERROR not decided: " in done.stdout
    assert re.search("time limit|no time", done.stdout), "before or after it began to search"


def test_ctrl_c_prints_what_is_known(twin: Path) -> None:
    model(twin / "zlong", "long", "/* klprove: expect holds; states 5; cpus 3 */", text=LONG)
    words = [sys.executable, "-m", "klprove", "corpus", str(twin), "-j", "1"]
    # In a session of its own, so that the signal reaches the whole group as from a terminal.
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 60
        time.sleep(0.5)
        while time.monotonic() < deadline and not _third(workers):
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert "not run" in told
    assert "klprove: 2 twins, 3 models: 2 right, 1 open; interrupted" in told


def _third(children: Path) -> bool:
    """True while the worker of the model that does not end runs for some time."""
    before = children.read_text().split()
    time.sleep(1.0)
    return bool(before) and children.read_text().split() == before
