"""Every model of the corpus, through every engine that can, against its first line."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from klprove import engine, ir
from klprove.check import Question, program
from klprove.corpus import Expectation, pin, read
from klprove.engine import nested, pushdown
from klprove.source import BadInput
from klprove.verdict import Verdict
from tests.corpus.pins import updating

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "corpus"
FILES = sorted(CORPUS.glob("*/*.c"))
TWINS = sorted(path.parent for path in CORPUS.glob("*/buggy.c"))
SECONDS = 60.0


def named(path: Path) -> str:
    """`entry-twin` of a model."""
    return f"{path.parent.name}-{path.stem}"


each_file = pytest.mark.parametrize("path", FILES, ids=named)


@cache
def lowered(path: Path) -> ir.Program:
    """The program of `path`."""
    return program(Question(files=(str(path),)))


def explored(path: Path, expected: Expectation, name: str) -> Verdict:
    """What the engine called `name` says about `path`."""
    limits = engine.Limits(
        arrivals=expected.arrivals, nest=expected.nest, seconds=SECONDS, engine=name
    )
    return engine.explore(lowered(path), limits)


def said(verdict: Verdict) -> tuple[str, frozenset[str], tuple[str, ...]]:
    """What must not depend on the engine."""
    codes = frozenset(each.code for each in verdict.findings)
    return verdict.word, codes, verdict.reasons


def test_the_corpus_is_there() -> None:
    assert len(TWINS) >= 27
    assert len(FILES) >= 2 * len(TWINS)


@each_file
def test_the_reference_engine_says_what_is_expected(path: Path) -> None:
    expected = read(path)
    verdict = explored(path, expected, "reference")
    assert said(verdict) == (expected.verdict, expected.codes, ())
    assert verdict.complete
    if updating():
        pin(path, verdict.statistics.states)
    else:
        assert verdict.statistics.states == expected.states
    for finding in verdict.findings:
        assert finding.trace.events
        assert Path(finding.span.file).samefile(path)


@pytest.mark.parametrize("name", [name for name in engine.ENGINES if name != "reference"])
@each_file
def test_every_engine_agrees(path: Path, name: str) -> None:
    takes = {"nested": nested.applicable, "pushdown": pushdown.applicable}
    if name in takes and not takes[name](lowered(path)):
        with pytest.raises(BadInput, match="one CPU"):
            explored(path, read(path), name)
        return
    expected = read(path)
    assert said(explored(path, expected, name)) == (expected.verdict, expected.codes, ())


@each_file
def test_the_program_is_sound_and_reads_back(path: Path) -> None:
    lowered_program = lowered(path)
    assert ir.verify(lowered_program) == []
    back = ir.parse_ir(ir.render(lowered_program))
    assert back == lowered_program
    assert repr(back.contexts) == repr(lowered_program.contexts)


@pytest.mark.parametrize("folder", TWINS, ids=lambda path: path.name)
def test_twins_differ_in_their_verdict(folder: Path) -> None:
    buggy, fixed = read(folder / "buggy.c"), read(folder / "fixed.c")
    assert (buggy.verdict, fixed.verdict) == ("violated", "holds")
    assert (buggy.arrivals, buggy.nest) == (fixed.arrivals, fixed.nest)
    assert (folder / "notes.md").is_file()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@each_file
def test_gcc_accepts_it(path: Path) -> None:
    header = ROOT / "src" / "klprove" / "include"
    command = ["gcc", "-std=gnu11", "-fsyntax-only", "-Werror", f"-I{header}", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
