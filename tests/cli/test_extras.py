"""Without the packages of an extra, commands that need them say so, and all others work."""

import subprocess
import sys

import pytest

_WITHOUT = """
import sys
for each in ("numpy", "iced_x86", "elftools", "llvmlite", "ray"):
    sys.modules[each] = None
from klprove.cli import main
sys.exit(main())
"""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT, *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("command", ["lint", "scan"])
def test_a_command_names_the_extra_that_it_needs(command: str) -> None:
    done = _run(command, sys.executable)
    assert done.returncode == 2
    assert "pip install 'klprove[scan]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_needs_no_extra() -> None:
    done = _run("--help")
    assert done.returncode == 0
    assert " lint " in done.stdout
