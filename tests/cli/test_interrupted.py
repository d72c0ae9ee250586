"""Ctrl-C where Python can raise nothing, and while modules are loaded."""

import subprocess
import sys

FINALISER = """
import signal, sys, time
from klprove.source.interrupts import keep_interrupts

class Finalised:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
        if OTHERS: raise ValueError("of another kind")

if KEPT: keep_interrupts()
try:
    Finalised()
    time.sleep(LONG)
    print("lost")
except KeyboardInterrupt:
    print("raised")
"""
LOADING = """
import sys
from importlib.abc import MetaPathFinder

class Interrupted(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "klprove.cli.main":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
from klprove.__main__ import main
main()
"""


def ran(program: str, **names: object) -> subprocess.CompletedProcess[str]:
    """The end of `program`, in which `names` have these values."""
    head = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    command = [sys.executable, "-c", head + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_an_interrupt_in_a_finaliser_is_not_lost() -> None:
    done = ran(FINALISER, KEPT=True, OTHERS=False, LONG=60)
    assert (done.stdout, done.stderr) == ("raised\n", "")


def test_without_that_it_would_be() -> None:
    done = ran(FINALISER, KEPT=False, OTHERS=False, LONG=0)
    assert done.stdout == "lost\n" and "KeyboardInterrupt" in done.stderr


def test_what_else_is_raised_there_is_told_as_before() -> None:
    program = FINALISER.replace("        signal.raise_signal(signal.SIGINT)\n", "")
    done = ran(program, KEPT=True, OTHERS=True, LONG=0)
    assert done.stdout == "lost\n" and "of another kind" in done.stderr


def test_an_interrupt_while_modules_are_loaded() -> None:
    done = ran(LOADING)
    told = (done.returncode, done.stdout, done.stderr)
    assert told == (3, "", "klprove: interrupted: there is no answer\n")
