"""Campaigns: the file, the words said of mutants, the page."""

import json
import os
import signal
from pathlib import Path

import pytest

from klprove.mutation import Report, load_campaign, mutate
from klprove.report.mutants import counts, mutants_document, render_mutants, score
from klprove.source import BadInput
from tests.cli.test_bad_input import klprove
from tests.schemas.law import obey

MODEL = """\
static int locked, inside, twice, seen;

static void enter(void)
{
	await(!xchg(&locked, 1));
	barrier();
}

static void leave(void)
{
	seen = 1;
	WRITE_ONCE(locked, 0);
}

__task(0) void one(void)
{
	enter();
	inside++;
	assert(inside == 1);
	inside--;
	leave();
}

__task(1) void two(void)
{
	enter();
	inside++;
	inside--;
	leave();
}
"""

CAMPAIGN = """\
title = "A lock"
mutate = ["model.c"]
operators = ["delete", "swap"]

[[ask]]
files = ["model.c"]
patch = "none"

[[equivalent]]
mutants = ["model.c: leave: delete `seen*", "model.c: leave: swap*"]
reason = "Nobody reads it."

[[equivalent]]
mutants = ["model.c: nowhere: *"]
reason = "An old one."
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "model.c").write_text(MODEL)
    (tmp_path / "lock.toml").write_text(CAMPAIGN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder: Path, jobs: int = 2) -> Report:
    return mutate(load_campaign(folder / "lock.toml"), jobs)


def test_every_word_is_said_of_the_right_mutants(folder: Path) -> None:
    words = {each.mutant.name.removeprefix("model.c: "): each for each in run(folder).results}
    said = {name: each.word for name, each in words.items()}
    assert said == {
        # The lock is never taken: the other one comes in.
        "enter: delete `await(!xchg(&locked, 1))`": "caught",
        "enter: swap `await(!xchg(&locked, 1))` and `barrier()`": "same",
        "enter: delete `barrier()`": "same",
        "leave: swap `seen = 1` and `WRITE_ONCE(locked, 0)`": "survived",
        "leave: delete `seen = 1`": "survived",
        # The lock is never given back: the other one waits for ever.
        "leave: delete `WRITE_ONCE(locked, 0)`": "survived",
        "one: swap `enter()` and `inside++`": "caught",
        "one: delete `enter()`": "caught",
        "one: delete `inside++`": "caught",
        "one: swap `inside--` and `leave()`": "survived",
        "one: delete `inside--`": "survived",
        "one: delete `leave()`": "survived",
        "two: swap `enter()` and `inside++`": "caught",
        "two: swap `inside++` and `inside--`": "survived",
        "two: swap `inside--` and `leave()`": "caught",
        "two: delete `enter()`": "caught",
        "two: delete `inside++`": "caught",
        "two: delete `inside--`": "caught",
        "two: delete `leave()`": "survived",
    }
    assert words["leave: delete `seen = 1`"].reason == "Nobody reads it."
    assert words["leave: delete `seen = 1`"].explained
    assert not words["one: delete `leave()`"].explained
    (seen,) = words["one: delete `inside++`"].seen
    assert (seen.code, seen.question, seen.site) == ("assert", 0, "") and seen.steps > 0


def test_what_is_not_searched_completely_is_undecided(folder: Path) -> None:
    (folder / "model.c").write_text(
        "static unsigned long n; static int stop = 1;\n"
        "__task(0) void t(void)\n{\n\tstop = 1;\n\twhile (!READ_ONCE(stop))\n\t\tn++;\n}\n"
        "__irq(0) void i(void)\n{\n\tstop = 1;\n\tn = 0;\n}\n"
    )
    text = CAMPAIGN.replace('patch = "none"', 'patch = "none"\narrivals = { irq = 1 }')
    text = text.replace("= 1;", "= 0;").replace('operators = ["delete", "swap"]', "seconds = 0.3")
    (folder / "lock.toml").write_text(text)
    (folder / "model.c").write_text(
        (folder / "model.c").read_text().replace("int stop = 1", "int stop")
    )
    words = {each.mutant.name: each for each in run(folder).results}
    endless = words["model.c: t: delete `stop = 1`"]
    assert endless.word == "undecided" and "time limit" in endless.reason


def test_the_page_is_the_same_whoever_works(folder: Path) -> None:
    reports = [run(folder, jobs) for jobs in (1, 2)]
    pages = [render_mutants(each, "klprove mutate lock.toml") for each in reports]
    documents = [mutants_document(each) for each in reports]
    obey(documents[0])
    assert documents[0] == documents[1]
    assert documents[0]["counts"] == counts(reports[0])
    seen = [row for row in documents[0]["results"] if row["outcome"] == "caught"]
    assert all(row["seen"][0]["code"] == "assert" and row["line"] > 0 for row in seen)
    assert documents[0]["questions"] == ["klprove check model.c"]
    assert pages[0] == pages[1]
    assert score(reports[0]) == "9 of 17 (53 %)"
    assert counts(reports[0]) == {
        "caught": 9,
        "same": 2,
        "survived": 8,
        "undecided": 0,
        "refused": 0,
    }
    assert "| assert | 9 | 9 |" in pages[0]
    assert "- model.c: nowhere: *" in pages[0], "a reason that fits nothing is told"
    assert "A  klprove check model.c\n" in pages[0]


def test_the_command(folder: Path) -> None:
    done = klprove("mutate", "lock.toml", "-o", "page.md", cwd=folder)
    assert done.returncode == 1, "some survive without a reason"
    assert done.stdout == (
        "page.md: 19 mutants: 9 caught, 2 same, 8 survived, 0 undecided, 0 refused; "
        "caught 9 of 17 (53 %)\n"
    )
    text = CAMPAIGN.replace('"model.c: nowhere: *"', '"model.c: *"')
    (folder / "lock.toml").write_text(text)
    done = klprove("mutate", "lock.toml", cwd=folder)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "# A lock")
    done = klprove("mutate", "lock.toml", "--json", "-", cwd=folder)
    assert done.returncode == 0 and json.loads(done.stdout)["campaign"] == "lock.toml"


def test_ctrl_c_tells_what_is_known(folder: Path) -> None:
    def interrupt(done: int, total: int, name: str) -> None:
        if done == 8:
            os.kill(os.getpid(), signal.SIGINT)

    report = mutate(load_campaign(folder / "lock.toml"), 1, interrupt)
    assert report.interrupted and 5 <= len(report.results) < report.mutants == 19
    assert {each.word for each in report.results} >= {"caught", "same"}
    assert "of 19 mutants were looked at" in render_mutants(report, "")


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('["delete", "swap"]', '["deleet"]', "no operator 'deleet': delete, swap, test"),
        ('mutate = ["model.c"]', 'mutate = ["other.c"]', "no function of other.c is in the text"),
        ('title = "A lock"', "", "`title` is missing"),
        ("[[ask]]", "[ask]", "`ask` must be [[ask]] tables"),
        ('patch = "none"', 'patch = "none"\ntime = 3', "an [[ask]] has no key `time`"),
        ('patch = "none"', 'patch = "none"\nmemory_model = "arm"', "`memory_model` is one of"),
        ('files = ["model.c"]', 'files = ["gone.c"]', "No such file"),
        ("title", "title = =", "lock.toml: error: "),
    ],
)
def test_bad_campaigns(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "lock.toml").write_text(CAMPAIGN.replace(old, new, 1))
    done = klprove("mutate", "lock.toml", cwd=folder)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_an_original_that_is_not_searched_completely_is_refused(folder: Path) -> None:
    (folder / "model.c").write_text("unsigned long n; __task(0) void t(void) { for (;;) n++; }\n")
    (folder / "lock.toml").write_text(CAMPAIGN.replace("operators", "seconds = 0.3\noperators"))
    with pytest.raises(BadInput, match="original is not searched completely"):
        run(folder)
