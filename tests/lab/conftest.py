"""A stand-in for QEMU on the path."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., None]


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Puts the stand-in (qemu.py) on the path; called with words, it has them as its story."""
    folder = tmp_path / "programs"
    folder.mkdir()
    qemu = folder / "qemu-system-x86_64"
    fake = Path(__file__).with_name("qemu.py")
    qemu.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}" "$@"\n')
    (folder / "busybox").write_text("#!/bin/sh\n")
    for each in folder.iterdir():
        each.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def tell(**words: Any) -> None:
        monkeypatch.setenv("LAB_STORY", json.dumps(words))

    tell()
    return tell
