"""What a command loads before it answers: only what it needs, so that short answers are short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from klprove.cli.main import run
status = run(sys.argv[1:])
sys.stdout.flush()
print(*sys.modules, sep="\\n", file=sys.stderr)
os._exit(status)
"""

LATE = {
    *("asyncio", "difflib", "importlib.resources", "logging", "multiprocessing", "ray", "rich"),
    *("socket", "termios"),
    *("subprocess", "tempfile", "tomllib", "traceback", "llvmlite"),
    *("klprove.check.claims", "klprove.check.clustered", "klprove.check.judging"),
    *("klprove.cli.comparing", "klprove.cli.threads", "klprove.cluster", "klprove.engine.native"),
    *("klprove.engine.partition", "klprove.ir.parser", "klprove.report.thread"),
}
"""What no short answer about a text of one file needs."""

ONE_CPU = "int x;\n__task(0) void t(void) { x = 1; }\n__irq(0) void i(void) { assert(x < 2); }\n"
TWO_CPUS = "int x;\n__task(0) void t(void) { x = 1; }\n__task(1) void u(void) { assert(x < 2); }\n"


def loaded(path: Path, *options: str) -> set[str]:
    """Modules that a check has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "check", str(path), *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("text", [ONE_CPU, TWO_CPUS], ids=["one CPU", "two CPUs"])
def test_a_short_answer_loads_nothing_that_it_does_not_need(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.c").write_text(text)
    found = loaded(tmp_path / "model.c")
    assert "klprove.engine.machine" in loaded(tmp_path / "model.c", "-j", "1")
    assert found & LATE == set()


def test_what_is_asked_for_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(TWO_CPUS)
    found = loaded(tmp_path / "model.c", "-j", "1", "--engine", "native")
    assert "klprove.engine.native" in found and "llvmlite" in found


def test_the_exit_status_and_the_text_survive_the_quick_exit(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(ONE_CPU.replace("x < 2", "x < 1"))
    with open(tmp_path / "out", "w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "klprove", "check", str(tmp_path / "model.c")], stdout=out
        )
    assert done.returncode == 1
    assert (tmp_path / "out").read_text().rstrip().splitlines()[-1].startswith("Observation")
    done = subprocess.run(
        [sys.executable, "-m", "klprove", "--help"], capture_output=True, env={**os.environ}
    )
    assert done.returncode == 0
    assert b"check" in done.stdout and b"thread" in done.stdout
