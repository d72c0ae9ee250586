"""Maps of the kernel in miniature."""

from pathlib import Path

import pytest

from klprove.scan import Map, scan
from tests.scan.toy import toy


@pytest.fixture(scope="session", name="found")
def _found() -> Map:
    return scan(str(toy()), cache=False)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
