"""`--compact`, `--checkpoint`, `--resume`, `--memory` and `-j` from outside."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONE = ["check", "bench/dynticks_nest.c", "-DNCPU=1", "--arrivals", "1", "--no-reduce", "all"]
MANY = ["check", "bench/dynticks_nest.c", "-DNCPU=2", "-DNFULL=1", "--arrivals", "1"]


def klprove(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    command = [sys.executable, "-m", "klprove", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def plain(text: str) -> str:
    """A report without its seconds, in one line."""
    return " ".join(re.sub(r"[\d.]+s, ", "", text).split())


def test_a_compact_answer_says_what_it_leaves_to_chance() -> None:
    done = klprove(*ONE, "--engine", "native", "--compact")
    assert done.returncode == 0
    assert "the same fingerprint of 64 bits (chance of a miss 4.4e-09)" in plain(done.stdout)
    assert "402,168 states" in done.stdout


@pytest.mark.parametrize("store", [[], ["--compact"]])
def test_a_search_that_needs_more_memory_ends_and_says_so(store: list[str]) -> None:
    done = klprove(*MANY, "--engine", "native", "--no-reduce", "all", "--memory", "150M", *store)
    assert done.returncode == 3
    assert "stopped : memory limit of 150 MiB reached" in done.stdout
    assert "NOT complete" in done.stdout
    covered = re.search(r"([\d,]+) states", done.stdout)
    assert covered is not None
    assert 100_000 < int(covered[1].replace(",", "")) < 17_749_400


def test_a_stopped_search_is_resumed_to_the_same_answer(tmp_path: Path) -> None:
    folder = str(tmp_path / "kept")
    whole = klprove(*ONE, "--engine", "native")
    stopped = klprove(*ONE, "--checkpoint", folder, "--memory", "1M")
    assert stopped.returncode == 3
    assert f"--resume{folder}" in "".join(stopped.stdout.split()), "folded or not"
    again = klprove(*ONE, "--resume", folder)
    assert again.returncode == 0
    assert plain(again.stdout) == plain(whole.stdout)


def test_threads_do_not_change_a_word() -> None:
    buggy = ["check", "corpus/klp-func-stack-rcu/buggy.c", "--engine", "native"]
    for command in ([*ONE, "--engine", "native"], buggy):
        told = {plain(klprove(*command, "-j", jobs).stdout) for jobs in ("1", "2", "4")}
        assert len(told) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--resume", "/nonexistent"], "/nonexistent: error: holds no checkpoint [checkpoint]"),
        (["--checkpoint", "a", "--resume", "b"], "give one of the two"),
        (["--checkpoint", "a", "--engine", "nested"], "writes no checkpoints"),
        (["--compact", "--engine", "reference"], "keeps no fingerprints"),
        (["--checkpoint", "README.md/x"], "README.md/x"),
    ],
)
def test_what_cannot_be_asked(options: list[str], said: str) -> None:
    done = klprove(*ONE, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
