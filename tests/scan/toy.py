"""The kernel in miniature, compiled by the machine's gcc; once for a run of the tests."""

import gzip
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

HERE = Path(__file__).parent
_FLAGS = (
    *("-O1", "-fno-pic", "-fno-pie", "-mcmodel=kernel", "-pg", "-mfentry", "-mrecord-mcount"),
    *("-fcf-protection=none", "-fno-asynchronous-unwind-tables", "-fno-stack-protector"),
    *("-fno-ipa-pure-const", "-fno-ipa-modref", "-gbtf", "-nostdlib", "-static", "-no-pie"),
    *("-Wl,--build-id=sha1", "-Wl,--no-warn-rwx-segments", "-Wl,-e,0"),
)
_FENTRY = """
__attribute__((no_instrument_function)) void __fentry__(void) { }
static __attribute__((used)) void twin(void) { }
"""

_FOLDERS: list["TemporaryDirectory[str]"] = []


def _folder() -> Path:
    """A new folder, which goes when the tests have run."""
    _FOLDERS.append(TemporaryDirectory(prefix="klprove-toy-"))
    return Path(_FOLDERS[-1].name)


@cache
def toy(*further: str, source: str = "toy.c") -> Path:
    """A vmlinux made of `source`, with `further` flags of gcc. Skips the test without gcc."""
    if shutil.which("gcc") is None or platform.machine() != "x86_64":
        pytest.skip("needs gcc for x86-64")
    folder = _folder()
    image = folder / "vmlinux"
    fentry = folder / "fentry.c"
    fentry.write_text(_FENTRY)
    (folder / "config.gz").write_bytes(gzip.compress(b"# CONFIG_LIVEPATCH is not set\n"))
    command = [
        "gcc",
        *_FLAGS,
        *further,
        f"-Wl,-T,{HERE / 'toy.lds'}",
        f"-Wa,-I,{folder}",
        "-o",
        str(image),
    ]
    done = subprocess.run(
        [*command, str(HERE / source), str(fentry)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return image


@cache
def objcopied(*options: str) -> Path:
    """The toy as objcopy makes it with `options`."""
    image = toy()
    made = _folder() / "vmlinux"
    subprocess.run(["objcopy", *options, image, made], check=True)
    return made
