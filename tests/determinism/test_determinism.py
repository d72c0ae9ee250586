"""The quick part of `make same`, and that it would notice."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.determinism.runs import FIRST, OTHERS, QUICK, differing, said


@pytest.mark.parametrize("command", QUICK, ids=lambda command: " ".join(command[::2])[-40:])
def test_the_same_bytes(command: Sequence[str]) -> None:
    status, out, _ = said(command, FIRST)
    assert status in (0, 1) and out
    assert differing(command, OTHERS[:1]) == []


def test_a_difference_is_seen() -> None:
    """A command that says where it is run."""
    away = replace(FIRST, away=True)
    assert differing(("check", "corpus/x86-nmi-cr2/buggy.c"), [away]) == [away]
