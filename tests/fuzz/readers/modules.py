"""Readers of livepatch modules and of modules that are patched."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.lint import Case, lint, read_livepatch
from klprove.lint import Kernel as Vmlinux
from klprove.report.lint import lint_text
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import Reader, dead, said, strings
from tests.lint.building import (
    build_driver,
    build_kernel,
    build_module,
    has_gcc,
    livepatch_of_driver,
)


@cache
def _livepatches() -> Sequence[bytes]:
    """A kernel and modules for it; a bare header where there is no gcc."""
    if not has_gcc():
        return [b"\x7fELF" + bytes(60)]
    with tempfile.TemporaryDirectory() as folder:
        names = ("h06_work_good", "h13_bad", "h04_new_bad")
        paths = [build_kernel(Path(folder)), *(build_module(each, Path(folder)) for each in names)]
        return [path.read_bytes() for path in paths]


def _linted(data: bytes, folder: Path) -> None:
    """The bytes as a module, and as the kernel that a good one is for."""
    given, good = folder / "given", folder / "good.ko"
    given.write_bytes(data)
    good.write_bytes(_livepatches()[-1])
    said(["lint", str(given), "-v", "--after", str(given)])
    said(["lint", str(given), "--list"])
    told = said(["lint", str(given), "--json", "-"])
    if told.startswith("{"):
        strings(json.loads(told))
    if has_gcc():
        dead(lint_text(lint(Case(read_livepatch(str(good)), Vmlinux(str(given)))), verbose=True))


@cache
def _driver() -> Sequence[bytes]:
    """A module, and a livepatch of it; bare headers where there is no gcc."""
    if not has_gcc():
        return [b"\x7fELF" + bytes(60)] * 2
    with tempfile.TemporaryDirectory() as folder:
        functions = "NEW(driver_open, new), NEW(driver_wait, new), NEW(driver_main, new)"
        paths = [build_driver(Path(folder)), livepatch_of_driver(Path(folder), "all", functions)]
        return [path.read_bytes() for path in paths]


def _driven(data: bytes, folder: Path) -> None:
    """The bytes as a module that is patched, and as what a running system says about one."""
    given, good = folder / "driver.ko", folder / "good.ko"
    notes = folder / "module" / "driver" / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    given.write_bytes(data)
    good.write_bytes(_driver()[1])
    (notes / ".note.gnu.build-id").write_bytes(data[:4096])
    said(["lint", str(good), "-v", "--object", str(folder), "--running", str(folder)])


READERS: Mapping[str, Reader] = {
    "patched-module": Reader(lambda random: mutated(random, _driver()[:1]), _driven),
    "livepatch": Reader(lambda random: mutated(random, _livepatches()), _linted),
}
"""By name."""
