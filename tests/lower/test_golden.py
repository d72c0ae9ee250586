"""Each file in golden/ is lowered to the text beside it.

KLPROVE_REGOLD=1 rewrites the texts; in CI that is refused.
"""

import os
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.ir.printer import render
from klprove.ir.verify import verify
from klprove.lower import Options, lower

FILES = sorted((Path(__file__).parent / "golden").glob("*.c"))
OPTIONS = {"patched": Options(patched=frozenset(["helper"]), recursion=2)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    program = lower(parse([], user=path), OPTIONS.get(path.stem, Options()))
    assert verify(program) == []
    text = render(program).replace(str(path), path.name)
    golden = path.with_suffix(".ir")
    if os.environ.get("KLPROVE_REGOLD"):
        assert not os.environ.get("CI"), "goldens are not rewritten in CI"
        golden.write_text(text)
    assert text == golden.read_text()
