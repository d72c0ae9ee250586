"""The repository keeps its own rules."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from klprove.source import CODES

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "klprove"
LONGEST, MEDIAN = 800, 200

# Data whose length is not a matter of taste: hashes, generated pages, mails and facts as they came.
DATA = (".lock", ".png", ".json", ".pml", ".txt", "thread-2017.md", "generations-2017.md")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git would take into a commit now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Name and text of the tracked files with one of `suffixes`; all of them without any."""
    for path in tracked():
        if not suffixes or path.suffix in suffixes:
            yield str(path.relative_to(ROOT)), path.read_text(errors="replace")


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Name and syntax tree of every module of klprove."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def test_git_lists_the_files() -> None:
    assert Path(__file__) in tracked()
    assert len(tracked()) > 20


def test_files_are_short() -> None:
    lengths = {name: text.count("\n") for name, text in texts() if not name.endswith(DATA)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
    code = [lines for name, lines in lengths.items() if name.endswith(".py")]
    assert statistics.median(code) <= MEDIAN


def test_the_engine_has_no_kernel_in_it() -> None:
    words = re.compile(r"rcu|livepatch|klp(?!rove)", re.IGNORECASE)
    found = {
        f"{name}:{number}"
        for name, text in texts(".py")
        if name.startswith("src/klprove/engine/")
        for number, line in enumerate(text.splitlines(), 1)
        if words.search(line)
    }
    assert found == set()


def test_names_say_what_is_inside() -> None:
    empty = re.compile(r"(^|_)(utils?|core|common|helpers?|misc)(_|$)")
    parts = {part for path in tracked() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert {part for part in parts if empty.search(part)} == set()


def _undocumented(tree: ast.Module) -> Iterator[str]:
    """Public functions, classes and methods of a module that say nothing about themselves."""
    scopes: list[tuple[str, ast.Module | ast.ClassDef]] = [("", tree)]
    while scopes:
        prefix, scope = scopes.pop()
        for node in scope.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None and not _overridden(node):
                yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                scopes.append((f"{prefix}{node.name}.", node))


def _overridden(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """True where the base class says it: `@override`, or a property's setter."""
    names = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})


def test_every_public_name_has_a_docstring() -> None:
    missing = [f"{name}: {each}" for name, tree in modules() for each in _undocumented(tree)]
    missing += [name for name, tree in modules() if ast.get_docstring(tree) is None]
    assert missing == []


def _codes_used() -> set[str]:
    """Codes handed to something (`Diagnostic`, a function that makes one) or put in a table."""
    found: set[str] = set()
    for name, tree in modules():
        if name.endswith("source/diagnostic.py"):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(args=args, keywords=keywords):
                    given = [*args, *(each.value for each in keywords)]
                case ast.Tuple(elts=given):
                    pass
                case _:
                    continue
            inner = (each for value in given for each in ast.walk(value))
            found |= {str(each.value) for each in inner if isinstance(each, ast.Constant)}
    return found & set(CODES)


def _codes_given() -> Iterator[tuple[str, str]]:
    """Place and code of every Diagnostic built with a literal code."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "Diagnostic":
                continue
            named = [each.value for each in node.keywords if each.arg == "code"]
            for first in (*node.args[:1], *named):
                if isinstance(first, ast.Constant):
                    yield f"{name}:{node.lineno}", str(first.value)


def test_diagnostic_codes_are_registered_and_used() -> None:
    assert {place: code for place, code in _codes_given() if code not in CODES} == {}
    assert set(CODES) - _codes_used() == set()


def test_no_path_of_any_machine() -> None:
    paths = re.compile(r"(?<![\w.])/(?:work|farm|home|root|Users|tmp/bash_jobs)/")
    found = {
        f"{name}:{number}"
        for name, text in texts()
        if name != "tests/test_house.py"
        for number, line in enumerate(text.splitlines(), 1)
        if paths.search(line)
    }
    assert found == set()


def _kernel_models() -> list[Path]:
    """Every model file; a header of switches and macros alone models nothing."""
    found = (path for path in (SOURCE / "kernels").rglob("*.[ch]"))
    return sorted(path for path in found if path.suffix == ".c" or "{" in path.read_text())


@pytest.mark.parametrize("path", _kernel_models(), ids=lambda path: path.name)
def test_a_kernel_model_says_what_it_leaves_out(path: Path) -> None:
    header = re.match(r"\s*(/\*.*?\*/)", path.read_text(), re.DOTALL)
    assert header, "no comment at the head of the file"
    told = re.sub(r"[\s*]+", " ", header[1]).lower()
    assert re.search(r"leaves .*out|left out|nothing here is the kernel's", told)


def test_there_are_kernel_models() -> None:
    assert _kernel_models()


def test_the_import_contract_names_every_room() -> None:
    rooms = {each.parent.name for each in SOURCE.glob("*/__init__.py")}
    rooms |= {each.stem for each in SOURCE.glob("[a-z]*.py")}
    contract = (ROOT / ".importlinter").read_text()
    layers = contract[contract.index("layers =") :].partition("\n\n")[0]
    assert set(re.findall(r"klprove\.(\w+)", layers)) == rooms


def test_ci_counts_what_pytest_says(tmp_path: Path) -> None:
    """The counting part of .ci/run, on closing lines of pytest."""
    script = (ROOT / ".ci" / "run").read_text()
    counting = script[script.index("count() {") : script.index("# A check that")]
    for line, counted in {
        "== 2 failed, 310 passed, 1 skipped in 40.11s ==": "310 2 1",
        "12 passed in 0.10s": "12 0 0",
        "1 failed, 3 errors in 0.10s": "0 4 0",
    }.items():
        (tmp_path / "log").write_text(f"other output 5 passed\n{line}\n")
        command = f'scratch="{tmp_path}"\n{counting}\necho $passed $failed $skipped'
        told = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
        assert told.stdout.strip() == counted
