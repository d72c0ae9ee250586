"""Rules about a real kernel's tables, on an extract that is cut out of it here (make kernels)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.lint import Case, Finding, Kernel, lint, read_livepatch
from klprove.lint.livepatch import Livepatch
from tests.lint.extract import extract
from tests.scan.kernels import kernel as fetched

TWINS = (
    *("h02_bad", "h02_copy_bad", "h02_mode_bad", "h02_mode_good", "h02_path_bad", "h04_below_bad"),
    *("h04_old_bad", "h04_quiet_good", "h05_bad", "h07_bad", "h07_late_bad", "h08_bad", "h11_bad"),
    *("h12_bad", "h12_good", "h22_bad", "h22_good", "h23_bad", "h24_bad", "h27_bad"),
)
"""Bad and good ones of every rule that asks the kernel and not its map."""
SMALL = 1 << 23


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def real(request: pytest.FixtureRequest) -> Kernel:
    """A kernel of Debian's."""
    return Kernel(str(fetched(request.param)))


def test_an_extract_gives_the_same_answers(
    real: Kernel, built: Callable[[str], Path], tmp_path: Path
) -> None:
    patches = {name: read_livepatch(str(built(name))) for name in TWINS}
    names = {each.name for patch in patches.values() for each in patch.functions}
    path = tmp_path / "vmlinux"
    path.write_bytes(extract(real, sorted(names)))
    assert path.stat().st_size < SMALL
    small = Kernel(str(path))
    assert small.release == real.release
    for name in sorted(names):
        assert facts(small, name) == facts(real, name)
    for name, patch in patches.items():
        assert said(patch, small) == said(patch, real), name


def facts(kernel: Kernel, name: str) -> list[tuple[object, ...]]:
    """Symbols in the order of `old_sympos`, each with its section and whether it has a site."""
    return [(*each[:4], kernel.patchable(each)) for each in kernel.named(name)]


def said(patch: Livepatch, kernel: Kernel) -> set[Finding]:
    return {each for each in lint(Case(patch, kernel)).findings if not _about_the_build(each)}


def _about_the_build(finding: Finding) -> bool:
    """Names near a wrong one, and symbols that our own header lets the module use."""
    return finding.rule in ("H25", "H28") or "is used and not exported" in finding.text
