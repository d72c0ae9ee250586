"""A small livepatch repository, and the commands of the recipes for its gate, run in it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.lint.building import build_kernel, compile_module
from tests.packaging.building import ROOT, alone

GOOD = (
    "/* klprove: expect holds; kernel v6.18; patch vfs_read; arrivals irq=1 */\n"
    + (ROOT / "src/klprove/kernels/v6.0/klp_handler.c").read_text()
)
BAD = """\
/* klprove: expect holds */
int x;
__task(0) void t(void) { x = 1; }
__nmi(0) void n(void) { assert(!x); }
"""
MAKEFILE = """\
livepatch.ko vmlinux:
\tcp ../built/$@ $@
"""
WAIVERS = """\
[[waiver]]
rule = "%s"
reason = "the small kernel has no BTF, and nothing calls the patched function through a pointer"
"""
UNKNOWN = ("H01", "H15", "H16", "H17")
"""Rules that need BTF, which gcc alone does not write."""


def read_yaml(path: Path) -> Any:
    """What a YAML file holds."""
    return YAML(typ="safe").load(path.read_text())


def kernel_and_modules(folder: Path) -> Path:
    """`folder` with a vmlinux and two livepatches of it, good.ko and bad.ko."""
    folder.mkdir()
    build_kernel(folder)
    for name, source in (("good", "h10_good"), ("bad", "h12_bad")):
        made = compile_module(ROOT / "tests/lint/modules" / f"{source}.c", folder, ["-g"])
        made.rename(folder / f"{name}.ko")
    return folder


def repository(folder: Path, built: Path) -> Path:
    """A repository in `folder` whose gate is open; its module and kernel come from `built`."""
    root = folder / "repository"
    (root / "handlers").mkdir(parents=True)
    (root / "handlers" / "good.klp.c").write_text(GOOD)
    (root / "Makefile").write_text(MAKEFILE)
    (root / "waivers.toml").write_text("".join(WAIVERS % rule for rule in UNKNOWN))
    (folder / "built").mkdir()
    module(root, built, "good")
    (folder / "built" / "vmlinux").symlink_to(built / "vmlinux")
    return root


def module(root: Path, built: Path, name: str) -> None:
    """Have `make livepatch.ko` in `root` make the module that is called `name`."""
    place = root.parent / "built" / "livepatch.ko"
    place.unlink(missing_ok=True)
    place.symlink_to(built / f"{name}.ko")


def github(path: Path) -> Mapping[str, str]:
    """By job: the shell text of its `run` steps, as GitHub's runner hands them to bash -e."""
    jobs = read_yaml(path)["jobs"]
    return {
        name: "\n".join(step["run"].rstrip() for step in job["steps"] if "run" in step)
        for name, job in jobs.items()
    }


def gitlab(path: Path) -> Mapping[str, str]:
    """By job: its `script`, which GitLab's runner joins for a shell that stops at an error."""
    jobs = {name: job for name, job in read_yaml(path).items() if "script" in job}
    return {name: "\n".join(job["script"]) for name, job in jobs.items()}


def run_job(text: str, root: Path, programs: Path, wheel: Path) -> subprocess.CompletedProcess[str]:
    """A job's commands in `root`, with the programs of an environment first in the path.

    `wheel` is what is to be installed, and nothing may come from a network.
    """
    variables = {
        **alone(),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "KLPROVE": f"{wheel}[native,scan]",
        "XDG_CACHE_HOME": str(programs.parent / "cache"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_COMPILE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    command = ["bash", "-eo", "pipefail", "-c", text]
    return subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True)


def hooks() -> Iterator[Mapping[str, Any]]:
    """The hooks that the repository offers to pre-commit."""
    yield from read_yaml(ROOT / ".pre-commit-hooks.yaml")


def judged(schema: str, *files: Path) -> Sequence[str]:
    """What check-jsonschema says against `files`; nothing where they are as `schema` wants them."""
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run([*words, *map(str, files)], capture_output=True, text=True)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()
