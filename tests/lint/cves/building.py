"""Writes the modules of recipes and builds them against the target's headers with Kbuild."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lint.cves.fetch import FIXED, HOME, TARGET, headers, tree
from tests.lint.cves.module import write
from tests.lint.cves.recipe import Recipe

MODULES = HOME / "modules"


def symbol(recipe: Recipe) -> str:
    """The module's name."""
    return "klp_" + recipe.name.replace("-", "_")


def build(recipes: Sequence[Recipe]) -> dict[str, str]:
    """Build all; what the compiler says of those that fail, by name."""
    old, new = tree(TARGET), tree(FIXED)
    failed = {}
    for each in recipes:
        folder = MODULES / each.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / f"{symbol(each)}.c").write_text(write(each, old, new))
        private = (old / each.file).parent.resolve()
        lines = f"obj-m := {symbol(each)}.o\nccflags-y := -I{private} -I{old.resolve()}\n"
        (folder / "Makefile").write_text(lines)
        said = _make(folder)
        if said:
            failed[each.name] = said
    return failed


def _make(folder: Path) -> str:
    # vmlinux is not there: a module's BTF is left out.
    command = ["make", "-s", "-C", headers(), f"M={folder.resolve()}", "modules"]
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stderr or "make failed") if done.returncode else ""


def made(recipe: Recipe) -> Path:
    """The module's file."""
    return MODULES / recipe.name / f"{symbol(recipe)}.ko"
