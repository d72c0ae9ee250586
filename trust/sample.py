"""`python -m trust.sample`: a sample of the mutants of some modules against the tests of each.

mutmut makes the mutants; here each is one function's code, put in place in a forked copy of this
process that has everything loaded, so that a mutant costs no more than the tests that look at it.
The seed is fixed. Prints the survivors with what they change, and the score.
"""

import ast
import difflib
import importlib
import os
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import FunctionType, ModuleType
from typing import NamedTuple

import pytest

_SEED = 2017
_LOWER = (
    "tests/lower/test_golden.py",
    "tests/lower/test_refused.py",
    "tests/lower/test_sequential.py",
)
_ENGINE = (
    "tests/engine/test_operators.py",
    "tests/engine/test_interpreter.py",
    "tests/engine/test_contexts.py",
)
SAMPLES = {
    "klprove.engine.interpreter": (120, _ENGINE[1:2]),
    "klprove.lower.values": (60, ("tests/lower/test_values.py", *_LOWER)),
    "klprove.lower.operators": (60, (*_LOWER, _ENGINE[1])),
    "klprove.engine.emit": (60, _ENGINE),
}
"""For each module how many mutants, and the tests that look at it."""
_CPU_SECONDS = 60
_MEMORY = 6 << 30
_NAME = re.compile(r"(?:x_|xǁ(?P<owner>\w+?)ǁ)(?P<function>\w+?)__mutmut_(?P<number>\d+|orig)")
_WORDS = {0: "survives", 1: "killed", -24: "killed by the clock", -9: "killed by the clock"}


class Mutant(NamedTuple):
    """A function with one place changed."""

    owner: str
    """The class that it is a method of; empty for a function of the module."""
    function: str
    number: str
    changed: ast.FunctionDef
    original: ast.FunctionDef

    @property
    def name(self) -> str:
        """As mutmut counts: `Class.function #7`."""
        return f"{self.owner}{'.' if self.owner else ''}{self.function} #{self.number}"

    def difference(self) -> str:
        """The lines that differ."""
        before, after = (
            ast.unparse(each).splitlines()[1:] for each in (self.original, self.changed)
        )
        lines = difflib.unified_diff(before, after, lineterm="", n=0)
        return "\n".join(line for line in lines if line[:3] not in ("---", "+++", "@@ "))


def mutants(source: str, name: str) -> list[Mutant]:
    """Every mutant of a module's text."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    made = list(_functions(ast.parse(mutate_file_contents(name, source).code)))
    originals = {(owner, what): node for owner, what, number, node in made if number == "orig"}
    return [
        Mutant(owner, what, number, node, originals[owner, what])
        for owner, what, number, node in made
        if number != "orig"
    ]


def _functions(tree: ast.Module) -> Iterator[tuple[str, str, str, ast.FunctionDef]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (found := _NAME.fullmatch(node.name)):
            yield found["owner"] or "", found["function"], found["number"], node


def put(mutant: Mutant, module: ModuleType) -> None:
    """Give the function its changed code, wherever it is known already."""
    holder = getattr(module, mutant.owner) if mutant.owner else module
    function = vars(holder)[mutant.function]
    while not isinstance(function, FunctionType):  # a property, or something that is cached
        function = getattr(function, "fget", None) or function.__wrapped__
    mutant.changed.decorator_list = []
    space: dict[str, FunctionType] = {}
    body = ast.Module([mutant.changed], [])
    exec(compile(ast.fix_missing_locations(body), mutant.name, "exec"), vars(module) | {}, space)
    (changed,) = space.values()
    function.__code__, function.__defaults__ = changed.__code__, changed.__defaults__
    function.__kwdefaults__ = changed.__kwdefaults__


def outcome(mutant: Mutant | None, module: ModuleType, tests: Sequence[str]) -> str:
    """What the tests say of a mutant; of the module itself where it is None."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if mutant is not None:
            put(mutant, module)
        ended = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-k", "not native", *tests])
        os._exit(int(ended))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return _WORDS.get(code, f"ended by {code}")


def sampled(name: str, count: int, tests: Sequence[str]) -> tuple[int, Counter[str]]:
    """How many mutants a module has, and what the tests say of `count` of them."""
    module = importlib.import_module(name)
    every = mutants(Path(str(module.__file__)).read_text(), name)
    if outcome(None, module, tests) != "survives":
        raise SystemExit(f"{name}: the tests fail without a mutant")
    said: Counter[str] = Counter()
    for mutant in Random(_SEED).sample(every, min(count, len(every))):
        word = outcome(mutant, module, tests)
        said[word] += 1
        if word == "survives":
            print(f"{name} {mutant.name}\n{mutant.difference()}", flush=True)
    print(f"{name}: {_told(said, len(every))}", flush=True)
    return len(every), said


def _told(said: Counter[str], every: int) -> str:
    words = ", ".join(f"{number} {word}" for word, number in said.most_common())
    return f"{said.total()} of {every} mutants: {words}"


def main() -> int:
    """Try every sample of `SAMPLES`."""
    total, said = 0, Counter[str]()
    for name, (count, tests) in SAMPLES.items():
        every, more = sampled(name, count, tests)
        total, said = total + every, said + more
    print(f"{len(SAMPLES)} modules, a sample: {_told(said, total)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
