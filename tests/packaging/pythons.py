"""The wheel under several Pythons, and which package stops one: `make test-pythons`.

A Python is a program, or a folder with another system in it (`make pythons` makes two), where
root enters by chroot.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.building import ROOT, alone

NAMES = ("python3.11", "python3.12", "python3.13", "python3.14", "python3.15")
SYSTEMS = ROOT / "build" / "pythons"

ROOMS = ("tests/ir", "tests/c", "tests/api", "tests/kernels/test_loader.py", "tests/lower")
"""Tests that take seconds and need neither a tool nor a network."""

NEEDED = ("pytest", "hypothesis", "jsonschema", "numpy")
"""What these tests import."""

ENTER = """\
mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" || exit 125
exec chroot "$0" "$@"
"""


@dataclass(frozen=True)
class Python:
    """One interpreter; `root`: of the system that it is in, empty for this one."""

    program: str
    root: str = ""

    def folder(self) -> Path:
        """A new folder that both sides see, as this side names it."""
        return Path(tempfile.mkdtemp(prefix="klprove-python-", dir=f"{self.root}/tmp"))

    def inner(self, path: Path) -> str:
        """`path` as the interpreter's side names it."""
        return "/" + str(path.relative_to(self.root or "/"))

    def run(self, words: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        """What a program of that side says, run in `cwd`."""
        text = f'cd {self.inner(cwd)} && exec "$@"'
        inside = ["sh", "-c", text, "sh", *words]
        if self.root:
            inside = ["unshare", "-m", "sh", "-c", ENTER, self.root, *inside]
        return subprocess.run(inside, env=alone(), capture_output=True, text=True, check=False)


def at_hand(arguments: Sequence[str]) -> Iterator[Python]:
    """The Pythons that are named, or those that can be found; those of other systems as root."""
    for each in arguments or [*filter(shutil.which, NAMES), *map(str, sorted(SYSTEMS.glob("*")))]:
        if not Path(each).is_dir():
            yield Python(each)
        elif os.geteuid() == 0:
            _enterable(each)
            yield Python("/usr/bin/python3", str(Path(each).resolve()))
        else:
            print(f"{each}: skipped, only root can enter another system")


def _enterable(root: str) -> None:
    """Names and certificates of the network are this system's."""
    for name in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
        if Path("/", name).is_file():
            Path(root, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(f"/{name}", f"{root}/{name}")


def extras() -> Sequence[str]:
    """The extras that a user can want."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [each for each in project["optional-dependencies"] if each not in ("test", "mutation")]


def tried(python: Python, sdist: Path, wheel: Path) -> bool:
    """Install, do the main job and run the rooms' tests under `python`; prints a line each."""
    folder = python.folder()
    try:
        return _tried(python, sdist, wheel, folder)
    finally:
        shutil.rmtree(folder)


def _tried(python: Python, sdist: Path, wheel: Path, folder: Path) -> bool:
    version = python.run([python.program, "--version"], folder).stdout.strip()
    print(f"{version} {python.root and f'of {Path(python.root).name}'}", flush=True)
    made = python.run([python.program, "-m", "venv", "env"], folder)
    if made.returncode:
        return _line("environment", made)
    inner = f"{python.inner(folder)}/env/bin/"
    shutil.copy(wheel, folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (text,) = folder.glob("klprove-*/")
    pip = [f"{inner}python", "-m", "pip", "install", "-q", "--only-binary", ":all:"]
    right = True
    for extra in ("", *extras()):
        package = f"{python.inner(folder / wheel.name)}{extra and f'[{extra}]'}"
        right &= _line(f"klprove{extra and f'[{extra}]'}", python.run([*pip, package], folder))
    job = [f"{inner}python", "-m", "tests.packaging.main_job", f"{inner}klprove"]
    right &= _line("main job", python.run(job, text))
    python.run([*pip, *NEEDED], folder)
    rooms = [f"{inner}python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *ROOMS]
    return _line("tests", python.run(rooms, text)) and right


def _line(what: str, done: subprocess.CompletedProcess[str]) -> bool:
    told = (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip()
    errors = [each for each in told.splitlines() if each.startswith(("ERROR", "FAILED", "E  "))]
    last = errors[:3] or told.splitlines()[-1:] or ["installed"]
    state = "" if done.returncode == 0 else f"STOPPED ({done.returncode}) "
    print(f"  {what:<18} {state}{' | '.join(last)}", flush=True)
    return done.returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Try every Python; the exit status is 1 where one is stopped."""
    dist, *wanted = arguments
    (sdist,), (wheel,) = Path(dist).glob("*.tar.gz"), Path(dist).glob("*.whl")
    results = [tried(each, sdist.resolve(), wheel.resolve()) for each in at_hand(wanted)]
    print(f"{len(results)} Pythons, {results.count(False)} with something that is stopped")
    return 0 if all(results) else 1


if __name__ == "__main__":
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    sys.exit(main(sys.argv[1:]))
