"""Every way to install klprove, from the index of packages: `make wheel-check`."""

import itertools
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.packaging.building import ROOT, alone
from tests.packaging.main_job import try_out
from tests.packaging.toy import BAD, GOOD

EXTRAS = "native,scan"


def done(words: list[str | Path], cwd: Path, **variables: str) -> str:
    """What a program says. Raises AssertionError where it fails."""
    environment = {**alone(), **variables}
    told = subprocess.run(
        list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    shown = f"{' '.join(map(str, words))}: {told.returncode}\n{told.stdout}{told.stderr}"
    assert told.returncode == 0, shown
    return told.stdout


def with_pip(package: Path, tools: Path, folder: Path) -> Path:
    """Into a new environment, by pip."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    done([python, "-m", "pip", "install", "-q", f"{package}[{EXTRAS}]"], folder)
    return python.with_name("klprove")


def with_pipx(package: Path, tools: Path, folder: Path) -> Path:
    """As a command of its own, by pipx; its manual pages are then found, too."""
    places = {name: str(folder / name) for name in ("PIPX_HOME", "PIPX_BIN_DIR", "PIPX_MAN_DIR")}
    done([tools / "pipx", "install", f"{package}[{EXTRAS}]"], folder, **places)
    page = folder / "PIPX_MAN_DIR" / "man1" / "klprove-check.1"
    assert page.read_text().startswith(".TH"), page
    return folder / "PIPX_BIN_DIR" / "klprove"


def with_uv(package: Path, tools: Path, folder: Path) -> Path:
    """As a command of its own, by uv."""
    places = {name: str(folder / name) for name in ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR")}
    words = [tools / "uv", "tool", "install", "-q", f"klprove[{EXTRAS}] @ {package.as_uri()}"]
    done(words, folder, **places)
    return folder / "UV_TOOL_BIN_DIR" / "klprove"


def hooked(tools: Path, folder: Path) -> str:
    """pre-commit takes the hook from this repository, passes a good handler and stops a bad one."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    done([*git, "init", "-q"], folder)
    (folder / "good.klp.c").write_text(GOOD)
    done([*git, "add", "."], folder)
    words = [tools / "pre-commit", "try-repo", ROOT, "klprove-check", "--all-files"]
    places = {"PRE_COMMIT_HOME": str(folder.parent / "pre-commit")}
    assert "Passed" in done(words, folder, **places)
    (folder / "bad.klp.c").write_text(BAD)
    done([*git, "add", "."], folder)
    try:
        said = done(words, folder, **places)
    except AssertionError as error:
        said = str(error)
    assert "Failed" in said and "expected holds" in said, said
    return "good.klp.c passed, bad.klp.c stopped"


def _row(name: str, ask: Callable[[], str]) -> bool:
    try:
        print(f"{name:<22} {ask()}", flush=True)
    except AssertionError as error:
        print(f"{name:<22} FAILED\n{error}", flush=True)
        return False
    return True


WAYS: Mapping[str, Callable[[Path, Path, Path], Path]] = {
    "pip": with_pip,
    "pipx": with_pipx,
    "uv": with_uv,
}


def _installed(
    install: Callable[[Path, Path, Path], Path], package: Path, tools: Path, folder: Path
) -> str:
    return "; ".join(try_out(install(package, tools, folder), folder / "work")[:3])


def main(arguments: list[str]) -> int:
    """Try both archives of the folder in `arguments` in all ways; 1 where one fails."""
    (dist,) = arguments
    archives = [path.resolve() for path in sorted(Path(dist).glob("klprove-*"))]
    assert len(archives) == 2, f"{dist} holds no wheel and sdist: make wheel"
    right = True
    with tempfile.TemporaryDirectory(prefix="klprove-install-") as name:
        scratch = Path(name)
        venv.create(scratch / "tools", with_pip=True)
        tools = scratch / "tools" / "bin"
        packages = ["pipx", "uv", "pre-commit"]
        done([tools / "python", "-m", "pip", "install", "-q", *packages], scratch)
        for way, package in itertools.product(WAYS, archives):
            folder = scratch / f"{way}{package.suffix}"
            (folder / "work").mkdir(parents=True)
            ask = partial(_installed, WAYS[way], package, tools, folder)
            right &= _row(f"{way} {package.suffix}", ask)
        (scratch / "hooked").mkdir()
        right &= _row("pre-commit", lambda: hooked(tools, scratch / "hooked"))
    return 0 if right else 1


if __name__ == "__main__":
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    sys.exit(main(sys.argv[1:]))
