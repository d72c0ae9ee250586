"""Every file names its licence, or REUSE.toml does; the judge is `reuse` of the FSFE."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.building import ROOT
from tests.packaging.heads import LICENCE, headed, wanted


def judged(root: Path) -> subprocess.CompletedProcess[str]:
    """What `reuse lint` says of a folder, a line a file that is not as it should be."""
    words = [sys.executable, "-m", "reuse", "--root", str(root), "lint", "--lines"]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_reuse_finds_a_licence_for_every_file() -> None:
    done = judged(ROOT)
    assert (done.returncode, done.stdout) == (0, ""), "make heads; else REUSE.toml"


def test_programs_name_it_at_their_head() -> None:
    files = list(wanted())
    assert len(files) > 300
    missing = [path for path in files if headed(text := path.read_text(), path.suffix) != text]
    assert missing == [], "make heads"


def test_a_file_without_one_is_noticed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "REUSE.toml", tmp_path)
    shutil.copytree(ROOT / "LICENSES", tmp_path / "LICENSES")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "good.py").write_text(headed('"""x"""\n', ".py"))
    assert judged(tmp_path).returncode == 0
    (tmp_path / "src" / "bad.py").write_text('"""x"""\n')
    done = judged(tmp_path)
    assert done.returncode == 1
    assert "bad.py" in done.stdout and "good.py" not in done.stdout


@pytest.mark.parametrize(
    ("suffix", "text", "found"),
    [
        (".py", '"""x"""\n', f'# {LICENCE}\n"""x"""\n'),
        (".sh", "#!/bin/sh\nexit\n", f"#!/bin/sh\n# {LICENCE}\nexit\n"),
        (".css", "p {}\n", f"/* {LICENCE} */\np {{}}\n"),
        (".js", "x();\n", f"// {LICENCE}\nx();\n"),
        ("", "#!/bin/busybox sh\n", f"#!/bin/busybox sh\n# {LICENCE}\n"),
    ],
)
def test_the_line_comes_first_and_once(suffix: str, text: str, found: str) -> None:
    assert headed(text, suffix) == found
    assert headed(found, suffix) == found
