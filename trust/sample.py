# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m trust.sample [MODULE...]`: a sample of some modules' mutants against their tests.

mutmut makes the mutants; here each is one function's code, put in place in a forked copy of this
process that has everything loaded, so that a mutant costs no more than the tests that look at it.
As many are tried at once as there are cores. The seed is fixed. Prints the survivors with what
they change, and the score; how far it is goes to stderr.
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
from contextlib import redirect_stdout
from io import StringIO
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
_INTERPRETER = "tests/engine/test_interpreter.py"
_EMIT = ("tests/engine/test_emit_by_hand.py", "tests/engine/test_emit.py")
SAMPLES = {
    "klprove.engine.interpreter": (120, (_INTERPRETER,)),
    "klprove.lower.values": (60, ("tests/lower/test_values.py", *_LOWER)),
    "klprove.lower.operators": (60, (*_LOWER, _INTERPRETER)),
    "klprove.engine.emit": (120, _EMIT),
}
"""For each module how many mutants, and the tests that look at it."""
_SLOWER = 3
"""How many times the CPU seconds of the tests without a mutant one may take, and five more."""
_PYTEST = ("-q", "-p", "no:cacheprovider", "-k", "not native")
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


def start(mutant: Mutant | None, module: ModuleType, tests: Sequence[str], seconds: int) -> int:
    """The process that runs the tests on a mutant (None: on the module itself), for so many CPU
    seconds at most."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if mutant is not None:
            put(mutant, module)
        ended = pytest.main(["-x", *_PYTEST, *tests])
        os._exit(int(ended))
    return child


def outcomes(
    drawn: Sequence[Mutant], module: ModuleType, tests: Sequence[str], seconds: int
) -> list[str]:
    """What the tests say of each mutant, in order."""
    said: dict[int, str] = {}
    running: dict[int, int] = {}
    waiting = iter(enumerate(drawn))
    while len(said) < len(drawn):
        while len(running) < len(os.sched_getaffinity(0)) and (one := next(waiting, None)):
            place, mutant = one
            running[start(mutant, module, tests, seconds)] = place
        child, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        said[running.pop(child)] = _WORDS.get(code, f"ended by {code}")
        if len(said) % 10 == 0:
            print(f"{module.__name__}: {len(said)} of {len(drawn)}", file=sys.stderr, flush=True)
    return [said[place] for place in range(len(drawn))]


def sampled(name: str, count: int, tests: Sequence[str]) -> tuple[int, Counter[str]]:
    """How many mutants a module has, and what the tests say of `count` of them."""
    module = importlib.import_module(name)
    every = mutants(Path(str(module.__file__)).read_text(), name)
    with redirect_stdout(StringIO()):  # what the tests import is there before the first fork
        pytest.main(["--collect-only", *_PYTEST, *tests])
    _, status, used = os.wait4(start(None, module, tests, 600), 0)
    if status != 0:
        raise SystemExit(f"{name}: the tests fail without a mutant")
    drawn = Random(_SEED).sample(every, min(count, len(every)))
    words = outcomes(drawn, module, tests, 5 + _SLOWER * int(used.ru_utime))
    for mutant, word in zip(drawn, words, strict=True):
        if word == "survives":
            print(f"{name} {mutant.name}\n{mutant.difference()}", flush=True)
    said = Counter(words)
    print(f"{name}: {_told(said, len(every))}", flush=True)
    return len(every), said


def _told(said: Counter[str], every: int) -> str:
    words = ", ".join(f"{number} {word}" for word, number in said.most_common())
    return f"{said.total()} of {every} mutants: {words}"


def main(names: Sequence[str]) -> int:
    """Try the samples of these modules; of all where none is named."""
    total, said = 0, Counter[str]()
    for name in names or SAMPLES:
        if name not in SAMPLES:
            print(f"no sample of {name!r}: {', '.join(SAMPLES)}", file=sys.stderr)
            return 2
        every, more = sampled(name, *SAMPLES[name])
        total, said = total + every, said + more
    print(f"{len(names or SAMPLES)} modules, a sample: {_told(said, total)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
