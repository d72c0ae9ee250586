"""What a shell completes, asked as the shell asks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from klprove import kernels
from klprove.cli.completing import SHELLS, script
from klprove.report import EXPLANATIONS


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that is this tree's klprove: the script of bash calls one."""
    path = tmp_path_factory.mktemp("bin") / "klprove"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m klprove "$@"\n')
    path.chmod(0o755)
    return path


def completed(command: Path, *words: str) -> list[str]:
    """What bash makes of `words`, the last of which is half written."""
    quoted = " ".join(f"'{each}'" for each in ("klprove", *words))
    text = (
        f"compopt() {{ echo compopt $*; }}\n{script('bash')}\n"
        f"COMP_WORDS=({quoted}) COMP_CWORD={len(words)} COMPREPLY=()\n"
        f"_klprove_completion '{command}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options(command: Path) -> None:
    assert completed(command, "ch") == ["check"]
    assert completed(command, "check", "--mem") == ["--memory-model", "--memory"]


def test_kernels(command: Path) -> None:
    assert completed(command, "check", "--kernel", "v6") == [
        each for each in kernels.names() if each.startswith("v6")
    ]
    assert completed(command, "kernels", "show", "v4.1") == [
        each for each in kernels.names() if each.startswith("v4.1")
    ]
    assert completed(command, "compare", "--kernels", "v6.0,v6.1") == ["v6.0,v6.12", "v6.0,v6.18"]


def test_codes(command: Path) -> None:
    found = completed(command, "explain", "unwatched")
    assert found == [each for each in EXPLANATIONS if each.startswith("unwatched")] != []


def test_sites_of_the_kernel_that_was_named(command: Path) -> None:
    sites = kernels.load("v4.12rc").sites
    assert completed(command, "check", "--kernel", "v4.12rc", "--patch", "rcu_nmi") == [
        each for each in sites if each.startswith("rcu_nmi")
    ]
    assert completed(command, "check", "--kernel", "v6.18", "--patch", "rcu_nmi") == [
        "compopt", "-o", "default",
    ]  # fmt: skip
    assert completed(command, "check", "--kernel", "./vmlinux", "--patch", "ea") == ["each"]


def test_rules_and_files(command: Path) -> None:
    assert completed(command, "lint", "--explain", "H04") == ["H04"]
    assert completed(command, "check", "handlers/") == ["compopt", "-o", "default"]
    assert completed(command, "check", "--checkpoint", "h") == ["compopt", "-o", "dirnames"]


def test_a_choice_keeps_its_words(command: Path) -> None:
    assert completed(command, "check", "--scene", "") == ["handler", "transition"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script(shell))
    done = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_command_prints_it(command: Path) -> None:
    for shell in SHELLS:
        told = subprocess.run([command, "completion", shell], capture_output=True, text=True)
        assert told.stdout.strip() == script(shell).strip()
        assert "_KLPROVE_COMPLETE" in told.stdout
