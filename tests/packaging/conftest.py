"""Archives that are built once."""

from pathlib import Path

import pytest

from tests.packaging.building import build, install


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sdist and a wheel of this tree."""
    sdist, wheel = sorted(build(tmp_path_factory.mktemp("dist")), key=lambda each: each.suffix)
    return sdist, wheel


@pytest.fixture(scope="session")
def wheel(archives: tuple[Path, Path]) -> Path:
    """The wheel of this tree."""
    return archives[1]


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of that wheel, in an environment of its own."""
    return install(wheel, tmp_path_factory.mktemp("installed"))
