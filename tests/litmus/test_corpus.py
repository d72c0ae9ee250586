"""The corpus under x86-TSO: its models were written for sequential consistency."""

from pathlib import Path

import pytest

from klprove import engine
from klprove.check import Question, program
from klprove.corpus import read

CORPUS = Path(__file__).parents[2] / "corpus"
SEVERAL = [
    path
    for path in sorted(CORPUS.glob("*/*.c"))
    if "__task(1)" in path.read_text() or "(ALL)" in path.read_text()
]
UNFENCED = {
    "klp-force-unload",
    "klp-func-stack-rcu",
    "klp-immediate-mix",
    "rcuidle-tracepoint-srcu",
}
"""Entries whose fixed twin lets a flag stand for a full barrier (docs/memory-model.md)."""


@pytest.mark.parametrize("path", SEVERAL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_model_of_the_corpus(path: Path) -> None:
    expected = read(path)
    made = program(Question((str(path),), memory_model="tso"))
    limits = engine.Limits(arrivals=expected.arrivals, nest=expected.nest)
    verdict = engine.explore(made, limits)
    assert verdict.complete
    codes = {each.code for each in verdict.findings}
    if path.parent.name in UNFENCED:
        assert (verdict.word, codes) == ("violated", {"assert"})
    else:
        assert (verdict.word, codes) == (expected.verdict, expected.codes)


def test_the_ones_with_several_cpus_are_there() -> None:
    assert len(SEVERAL) >= 22
