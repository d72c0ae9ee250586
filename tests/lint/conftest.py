"""A kernel and modules that are built once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.image.dwarf import DebugSections, Inlines
from klprove.lint import Kernel
from klprove.scan import Map, scan
from klprove.scan.inlining import inlines
from tests.lint.building import build_kernel, build_module, has_gcc


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where things are built; skips where nothing can be."""
    if not has_gcc():
        pytest.skip("gcc for x86-64 builds the modules")
    return tmp_path_factory.mktemp("lint")


@pytest.fixture(scope="session")
def vmlinux(workshop: Path) -> Path:
    """The file of a small kernel."""
    return build_kernel(workshop)


@pytest.fixture(scope="session")
def kernel(vmlinux: Path) -> Kernel:
    """The small kernel."""
    return Kernel(str(vmlinux))


@pytest.fixture(scope="session")
def contexts(vmlinux: Path) -> Map:
    """The map of the small kernel."""
    return scan(str(vmlinux), cache=False)


@pytest.fixture(scope="session")
def inlined(vmlinux: Path) -> Inlines | str:
    """What was inlined in the small kernel."""
    return inlines(str(vmlinux))


@pytest.fixture(scope="session")
def dwarf(kernel: Kernel) -> DebugSections:
    """The debug information of the small kernel."""
    return DebugSections(kernel.image)


@pytest.fixture(scope="session")
def built(workshop: Path) -> Callable[[str], Path]:
    """The module that is made of modules/NAME.c."""
    made: dict[str, Path] = {}

    def build(name: str) -> Path:
        if name not in made:
            made[name] = build_module(name, workshop)
        return made[name]

    return build
