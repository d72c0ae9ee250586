"""The recipes of docs/ci.md: their own commands, run in a small livepatch repository."""

import json
import tomllib
import venv
from collections.abc import Mapping
from pathlib import Path

import pip
import pytest

from tests.lint.building import has_gcc
from tests.packaging.building import ROOT, lend
from tests.packaging.toy import (
    BAD,
    github,
    gitlab,
    hooks,
    judged,
    kernel_and_modules,
    module,
    read_yaml,
    repository,
    run_job,
)

CI = ROOT / "contrib" / "ci"
RECIPES = {"github": github(CI / "github.yml"), "gitlab": gitlab(CI / "gitlab.yml")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel and two livepatches; skips where nothing can be built."""
    if not has_gcc():
        pytest.skip("gcc for x86-64 builds the modules")
    return kernel_and_modules(tmp_path_factory.mktemp("kernel") / "built")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where python and pip of a fresh machine are."""
    folder = tmp_path_factory.mktemp("machine")
    venv.create(folder, with_pip=False, symlinks=True)
    lend(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "pip").symlink_to(Path(pip.__file__).parent)  # half as long as installing it
    return folder / "bin"


def test_a_gate_is_open_for_what_is_good(
    built: Path, programs: Path, wheel: Path, tmp_path: Path
) -> None:
    root = repository(tmp_path, built)
    for name, text in RECIPES["gitlab"].items():
        done = run_job(text, root, programs, wheel)
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
    assert "<testcase " in (root / "klprove.xml").read_text()


def test_a_gate_is_shut_for_what_is_bad(
    built: Path, programs: Path, wheel: Path, tmp_path: Path
) -> None:
    root = repository(tmp_path, built)
    (root / "handlers" / "bad.klp.c").write_text(BAD)
    module(root, built, "bad")
    for name, said in {"handlers": "violated", "module": "H12"}.items():
        done = run_job(RECIPES["github"][name], root, programs, wheel)
        assert done.returncode == 1, f"{name}\n{done.stdout}{done.stderr}"
        assert said in done.stdout
    (run,) = json.loads((root / "klprove.sarif").read_text())["runs"]
    assert "H12" in {result["ruleId"] for result in run["results"]}
    assert "<failure" in (root / "klprove.xml").read_text()


def test_what_is_not_known_shuts_it_too(
    built: Path, programs: Path, wheel: Path, tmp_path: Path
) -> None:
    root = repository(tmp_path, built)
    (root / "waivers.toml").write_text("")
    (root / "handlers" / "good.klp.c").unlink()
    for name, status in {"handlers": 2, "module": 3}.items():
        done = run_job(RECIPES["gitlab"][name], root, programs, wheel)
        assert done.returncode == status, done.stdout + done.stderr


def test_both_recipes_ask_the_same() -> None:
    def asked(jobs: Mapping[str, str]) -> set[str]:
        return {line for text in jobs.values() for line in text.splitlines() if "klprove " in line}

    assert asked(RECIPES["github"]) == asked(RECIPES["gitlab"])


def test_the_services_take_the_files() -> None:
    assert judged("vendor.github-workflows", CI / "github.yml") == []
    assert judged("vendor.gitlab-ci", CI / "gitlab.yml") == []


def test_a_file_that_a_service_would_refuse_is_noticed(tmp_path: Path) -> None:
    for schema, name, old, new in (
        ("vendor.github-workflows", "github.yml", "runs-on:", "runs_on:"),
        ("vendor.gitlab-ci", "gitlab.yml", "    when: always", "    when: sometimes"),
    ):
        text = (CI / name).read_text()
        (tmp_path / name).write_text(text.replace(old, new))
        assert old in text and judged(schema, tmp_path / name)


def test_hooks_have_what_pre_commit_wants() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = extras["optional-dependencies"]
    found = {hook["id"]: hook for hook in hooks()}
    assert set(found) == {"klprove-check", "klprove-lint"}
    assert found["klprove-check"]["additional_dependencies"] == extras["native"]
    assert found["klprove-lint"]["additional_dependencies"] == extras["scan"]
    for hook in found.values():
        assert {"id", "name", "entry", "language"} <= set(hook)


def test_hooks_run_on_what_their_patterns_take(
    built: Path, programs: Path, wheel: Path, tmp_path: Path
) -> None:
    root = repository(tmp_path, built)
    entry = next(each["entry"] for each in hooks() if each["id"] == "klprove-check")
    text = f'python -m pip install "$KLPROVE"\n{entry} handlers/good.klp.c'
    done = run_job(text, root, programs, wheel)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_asks_what_the_recipes_ask() -> None:
    (used,) = read_yaml(CI / "pre-commit-config.yaml")["repos"]
    arguments = {each["id"]: each.get("args", []) for each in used["hooks"]}
    assert set(arguments) == {each["id"] for each in hooks()}
    entry = next(each["entry"] for each in hooks() if each["id"] == "klprove-lint")
    asked = " ".join([entry, *arguments["klprove-lint"]])
    assert asked.startswith("klprove lint livepatch.ko --vmlinux")
    assert asked in RECIPES["gitlab"]["module"]
