"""A small part of `make gcc`, and that it would notice."""

from pathlib import Path

import pytest

from tests.lower.judge.compare import INSTALLED, compare
from tests.lower.judge.csmith import INSTALLED as CSMITH
from tests.lower.judge.csmith import csmith
from tests.lower.judge.objects import Objects

pytestmark = pytest.mark.skipif(not INSTALLED, reason="gcc is not installed")


@pytest.mark.parametrize("seed", range(10))
def test_objects(seed: int, tmp_path: Path) -> None:
    result = compare(Objects(seed).text(), tmp_path, ("-O2",))
    assert result.kind == "equal", result.why


@pytest.mark.skipif(not CSMITH, reason="Csmith is not installed (make csmith)")
@pytest.mark.parametrize("seed", range(4))
def test_csmith(seed: int, tmp_path: Path) -> None:
    result = compare(csmith(seed), tmp_path, ("-O2",))
    assert result.kind in ("equal", "too long"), result.why


def test_the_judge_notices(tmp_path: Path) -> None:
    """gcc leaves what follows out, and so computes something else than klprove."""
    text = "long long out[1];\n__task(0) void run(void)\n{\n\tout[0] = 3;\n"
    text += "#ifdef __clang__\n\tout[0]++;\n#endif\n}\n"
    result = compare(text, tmp_path)
    assert (result.kind, result.why.count("[3]"), result.why.count("[4]")) == ("different", 2, 1)


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        ("out[0] = 1.5;", "refused", "float"),
        ("while (out[0] < 1000000) out[0]++;", "too long", ""),
        ("int *p = 0; if (out[0]) out[0] = *p;", "equal", ""),
    ],
)
def test_what_is_not_compared(body: str, kind: str, why: str, tmp_path: Path) -> None:
    text = f"long long out[1];\n__task(0) void run(void)\n{{\n\t{body}\n\tout[0]++;\n}}\n"
    assert (compare(text, tmp_path).kind, compare(text, tmp_path).why) == (kind, why)
