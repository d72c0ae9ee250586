"""Every command, whatever its streams are: 40 columns, no UTF-8, a reader that leaves, a full disk,
no colours wanted. The status is the documented one, nothing is a traceback."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from klprove.cli.main import commands
from tests.cli.situations import SITUATIONS
from tests.report.picture.pages import documented, finding

ROOT = Path(__file__).parents[2]
TRACE = "TRACE"
"""Stands for a file with a finding."""
CHEAP: dict[str, tuple[str, int]] = {
    "check": ("corpus/x86-nmi-cr2/buggy.c -j 1 --no-times", 1),
    "compare": ("nofile.c", 2),
    "completion": ("bash", 0),
    "corpus": ("corpus/x86-nmi-cr2 -j 1", 0),
    "examples": ("corpus", 2),
    "explain": ("false-alarm", 0),
    "export": ("--promela corpus/x86-nmi-cr2/buggy.c", 0),
    "fidelity": ("--kernel nofile", 2),
    "kernels": ("list", 0),
    "lift": ("nodir --kernel v6.0", 2),
    "lint": ("nofile.ko", 2),
    "lower": ("corpus/x86-nmi-cr2/buggy.c", 0),
    "mutate": ("nofile.toml", 2),
    "observe": ("nofile", 2),
    "replay": ("nofile.json", 2),
    "report": (f"{TRACE} --step", 0),
    "scan": ("nofile", 2),
    "schema": ("check", 0),
    "thread": ("nodir", 2),
    "watch": ("--collector", 0),
}
"""Of every command: words after its name that cost little, and the status they end with."""
ALSO = {
    "--help": 0,
    "--version": 0,
    "check --help": 0,
    "check --nonsense": 2,
    "nonsense": 2,
    f"report {TRACE}": 0,
    f"report {TRACE} --html -": 0,
    f"report {TRACE} {TRACE} --diff": 0,
    "check corpus/x86-nmi-cr2/buggy.c -j 1 --no-times --json -": 1,
}
CASES = {**{f"{name} {words}": status for name, (words, status) in CHEAP.items()}, **ALSO}
PARTS = 5
"""Processes that the commands are spread over."""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
pytestmark = needs_full


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with a finding."""
    path = tmp_path_factory.mktemp("situations") / "trace.json"
    path.write_text(json.dumps(documented(finding())))
    return str(path)


def situations(lines: list[str]) -> list[dict[str, dict[str, Any]]]:
    """How each command ended in every situation."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.situations", *lines],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, dict[str, Any]]] = json.loads(done.stdout)
    assert len(found) == len(lines) and all(each.keys() == SITUATIONS.keys() for each in found)
    return found


def steady(text: str) -> str:
    """`text` without what differs from run to run."""
    return re.sub(r"\d+\.\d+ ?s\b", "", text)


def test_no_command_is_forgotten() -> None:
    assert set(CHEAP) == set(commands.list_commands(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_command_in_every_situation(trace: str, part: int) -> None:
    cases = list(CASES)[part::PARTS]
    found = situations([each.replace(TRACE, trace) for each in cases])
    for case, each in zip(cases, found, strict=True):
        print(case)
        ends_as_documented(case, each)
        on_terminals({name: told["out"] for name, told in each.items()}, case)


def ends_as_documented(case: str, found: dict[str, dict[str, Any]]) -> None:
    """With its status, and nothing of it is lost without a word."""
    status = CASES[case]
    plain = found["plain"]
    assert plain["status"] == status, plain
    assert (plain["out"] + plain["err"]).isascii() and "\x1b" not in plain["out"] + plain["err"]
    assert bool(plain["out"]) != bool(plain["err"])
    for name, each in found.items():
        said = each["out"] + each["err"]
        assert "Traceback" not in said and "this is a bug" not in said, (name, said)
        unwritten = name == "disk full" and plain["out"]
        assert each["status"] == (2 if unwritten else status), (name, each)
    full = "klprove: error: cannot write to standard output: No space left on device\n"
    assert found["disk full"]["err"] == (full if plain["out"] else plain["err"])
    assert found["reader left"]["err"] == plain["err"], "who leaves early knows why"
    for name in ("ascii", "no reader of errors", "errors to a full disk"):
        assert steady(found[name]["out"]) == steady(plain["out"]), name


def on_terminals(out: dict[str, str], case: str) -> None:
    """On a terminal of 40 columns the text is the same, but for colours."""
    coloured = out["terminal"]
    for name in ("terminal without colours", "dumb terminal"):
        assert "\x1b" not in out[name], name
        assert steady(out[name]) == steady(ESCAPE.sub("", coloured)), name
    if "--help" in case:  # which is wrapped for the terminal
        assert max(map(len, coloured.splitlines())) <= 80
    else:
        assert steady(ESCAPE.sub("", coloured)) == steady(out["plain"])
    if case.startswith("check corpus") and "--json" not in case:
        assert "\x1b" in coloured, "there are colours where they are wanted"
