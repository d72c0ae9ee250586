"""What a shell completes, asked as the shell asks."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove import kernels
from klprove.cli.completing import SHELLS, script
from klprove.cli.main import VARIABLE, run
from klprove.report import EXPLANATIONS

QUESTIONS = [
    *("ch", "check --mem", "check --kernel v6", "kernels show v4.1", "explain unwatched"),
    *("check --kernel v4.12rc --patch rcu_nmi", "check --kernel v6.18 --patch rcu_nmi"),
    *("check --kernel ./vmlinux --patch ea", "compare --kernels v6.0,v6.1", "lint --explain H04"),
    *("check handlers/", "check --checkpoint h", "check --scene t", "mutate c", "kernels sh"),
    "lint --as s",
]
ASK = """
import json, sys
from click.shell_completion import BashComplete
from klprove.cli.main import VARIABLE, commands
told = {}
for question in json.load(sys.stdin):
    *words, last = question.split(" ")
    found = BashComplete(commands, {}, "klprove", VARIABLE).get_completions(words, last)
    told[question] = [each.value if each.type == "plain" else each.type for each in found]
print(json.dumps(told))
"""

Complete = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def complete() -> Complete:
    """What the last word of a question can become, or `file`, `dir`: what the shell then lists."""
    done = subprocess.run(
        ["env", f"{VARIABLE}=bash_complete", sys.executable, "-c", ASK],
        input=json.dumps(QUESTIONS),
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told.__getitem__


def test_commands_and_options(complete: Complete) -> None:
    assert complete("ch") == ["check"]
    assert complete("check --mem") == ["--memory-model", "--memory"]
    assert complete("kernels sh") == ["show"]
    assert complete("check --scene t") == ["transition"]
    assert complete("lint --as s") == ["sarif"]


def test_kernels(complete: Complete) -> None:
    def beginning(text: str) -> list[str]:
        return [each for each in kernels.names() if each.startswith(text)]

    assert complete("check --kernel v6") == beginning("v6") != []
    assert complete("kernels show v4.1") == beginning("v4.1") != []
    assert complete("compare --kernels v6.0,v6.1") == ["v6.0,v6.12", "v6.0,v6.18"]


def test_codes_and_rules(complete: Complete) -> None:
    known = [each for each in EXPLANATIONS if each.startswith("unwatched")]
    assert complete("explain unwatched") == known != []
    assert complete("lint --explain H04") == ["H04"]


def test_sites_of_the_kernel_that_was_named(complete: Complete) -> None:
    sites = [each for each in kernels.load("v4.12rc").sites if each.startswith("rcu_nmi")]
    assert complete("check --kernel v4.12rc --patch rcu_nmi") == sites != []
    assert complete("check --kernel v6.18 --patch rcu_nmi") == ["file"]
    assert complete("check --kernel ./vmlinux --patch ea") == ["each"]


def test_files_and_folders(complete: Complete) -> None:
    assert complete("check handlers/") == complete("mutate c") == ["file"]
    assert complete("check --checkpoint h") == ["dir"]


def test_bash_asks_and_takes_the_answer(tmp_path: Path) -> None:
    command = tmp_path / "klprove"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m klprove "$@"\n')
    command.chmod(0o755)
    text = (
        f"{script('bash')}\nCOMP_WORDS=(klprove check --kernel v6.1) COMP_CWORD=3\n"
        f"_klprove_completion '{command}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["v6.12", "v6.18"], "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script(shell))
    done = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_it(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert capsys.readouterr().out.strip() == script(shell).strip()
