"""The command on the handlers of 2017 and the kernel models, from outside."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cli.test_bad_input import klprove
from tests.schemas.law import obey

ROOT = Path(__file__).parents[2]
F = ("check", "handlers/2017/F.c", "--kernel", "v4.12rc")


def untimed(text: str) -> str:
    """`text` without what depends on the clock, on one line."""
    return re.sub(r" [\d.]+s,", "", " ".join(text.split()))


def test_a_site_that_holds_and_one_that_does_not(tmp_path: Path) -> None:
    done = klprove(*F, "--patch", "vfs_read,rcu_irq_enter", "--json", tmp_path / "f.json", cwd=ROOT)
    assert done.returncode == 1, done.stderr
    content = json.loads((tmp_path / "f.json").read_text())
    obey(content)
    assert content["sites"]["vfs_read"]["verdict"] == "holds"
    assert content["sites"]["rcu_irq_enter"]["findings"] == ["redirect-lost"]
    assert content["complete"] is True
    assert {each["at"]["file"][0] for each in content["findings"][0]["trace"]} != {"/"}
    assert re.search(r"^vfs_read +[. ]+ holds", done.stdout, re.MULTILINE)
    assert all(len(line) <= 79 and line.isascii() for line in done.stdout.splitlines())
    assert str(ROOT) not in done.stdout


def test_the_replay_line_finds_the_same(tmp_path: Path) -> None:
    done = klprove(*F, "--patch", "vfs_read,rcu_irq_enter", "--traces", "one", cwd=ROOT)
    command = re.search(r"replay  : klprove ((?:.*\\\n)*.*)\n", done.stdout)
    assert command
    again = klprove(*command[1].replace("\\\n", " ").split(), cwd=ROOT)
    picture = re.compile(r"\n\n( +CPU 0 .*?)\n\nwhy", re.DOTALL)
    first, second = picture.search(done.stdout), picture.search(again.stdout)
    assert first and second and first[1] == second[1]


def test_nothing_depends_on_processes_or_on_hashing() -> None:
    outputs = set()
    for seed, jobs in (("1", "1"), ("2", "2"), ("3", "3")):
        command = [sys.executable, "-m", "klprove", *F, "--patch", "irq_enter,rcu_irq_exit,do_IRQ"]
        done = subprocess.run(
            [*command, "-j", jobs],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        outputs.add(untimed(done.stdout))
    assert len(outputs) == 1


def test_kernels_are_listed_and_shown() -> None:
    listed = klprove("kernels")
    assert listed.returncode == 0
    for name in re.findall(r"^(v[\w.]+) *:", listed.stdout, re.MULTILINE):
        shown = klprove("kernels", "show", name)
        assert shown.returncode == 0
        assert shown.stdout.startswith(f"kernel  : {name}:")
        assert "\n  vfs_read" in shown.stdout
    refused = klprove("kernels", "show", "v4.13")
    assert refused.returncode == 2 and "[kernel]" in refused.stderr


def test_lower_prints_what_check_searches() -> None:
    done = klprove("lower", *F[1:], "--patch", "vfs_read", cwd=ROOT)
    assert done.returncode == 0
    assert "klp_ftrace_handler" in done.stdout
    bare = klprove("lower", *F[1:], cwd=ROOT)
    assert "klp_ftrace_handler" not in bare.stdout
