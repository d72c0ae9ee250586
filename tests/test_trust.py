"""The page on trust is what its parts say, and its checks can be run."""

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

import trust.__main__ as command
from trust.page import page
from trust.sample import Mutant, put

ROOT = Path(__file__).parent.parent


def test_the_page_is_of_today() -> None:
    written = page(ROOT, command.checks(), command.results())
    assert (ROOT / "docs" / "trust.md").read_text() == written, "make trust writes it again"


def test_every_check_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {each["command"].split()[1] for each in command.checks()} <= targets
    assert len(command.checks()) > 5


def test_what_a_run_said_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = [
        {"name": "good", "command": "echo a; echo 12 things; echo b", "closing": "things"},
        {"name": "bad", "command": "echo 3 things; exit 4", "closing": "things"},
    ]
    monkeypatch.setattr(command, "checks", lambda: fake)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.toml")
    assert command.main(["run"]) == 1
    kept = command.results()
    assert (kept["good"]["said"], kept["good"]["status"]) == ("12 things", 0)
    assert (kept["bad"]["said"], kept["bad"]["status"]) == ("3 things", 4)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", kept["good"]["date"])
    shown = page(ROOT, [each | {"what": "x", "judge": "y"} for each in fake], kept)
    assert "| 12 things |" in shown and "**failed (4)**: 3 things" in shown
    assert command.main(["run", "worse"]) == 2


def test_gaps_are_listed() -> None:
    shown = page(ROOT, [], {})
    assert "`test_breakpoints_arrive` in [tests/test_gaps.py]" in shown
    assert "| `make" not in shown
    assert "`nmi.c`: the entry assembly" in shown, "what the models leave out"


def test_the_score_counts_what_never_ends_as_killed() -> None:
    counted = {"total": 9, "killed": 3, "timeout": 2, "segfault": 1, "survived": 2, "no_tests": 1}
    assert command.score(counted) == (
        "9 mutants of the checker: 6 killed (2 of them by the clock), 2 survive, 1 without a test"
    )


def test_a_mutant_is_put_in_place() -> None:
    text = "def f(a, b=1):\n    return a + b\n"
    text += "class C:\n    @property\n    def g(self):\n        return 1\n"
    module = ModuleType("some")
    exec(text, vars(module))
    kept = module.f
    changed = text.replace("a + b", "a - b").replace("b=1", "b=2").replace("return 1", "return 3")
    f, g = (node for node in ast.walk(ast.parse(changed)) if isinstance(node, ast.FunctionDef))
    original = ast.parse(text).body[0]
    assert isinstance(original, ast.FunctionDef)
    mutant = Mutant("", "f", "1", f, original)
    put(mutant, module)
    put(Mutant("C", "g", "2", g, g), module)
    assert (kept(5), module.C().g) == (3, 3)
    assert (mutant.name, mutant.difference()) == ("f #1", "-    return a + b\n+    return a - b")
