# SPDX-License-Identifier: GPL-2.0-or-later
"""pytest plugin: a file `NAME.klp.c` is a test.

The comment at its head says what is expected (docs/corpus.md); without one the model must hold.
Nothing of klprove but this module is loaded until there is such a file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from klprove.check import Answer
    from klprove.corpus import Expectation
    from klprove.evidence import Evidence

SUFFIX = ".klp.c"

_OPTIONS = {
    "klprove_kernel": "kernel model of the files that name none",
    "klprove_seconds": "most seconds for a file; a search that needs more is a failure",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option in the ini file, and as `--klprove-...`, which counts more."""
    group = parser.getgroup("klprove", f"models in C, *{SUFFIX}")
    for name, text in _OPTIONS.items():
        parser.addini(name, text)
        group.addoption(f"--{name.replace('_', '-')}", metavar="VALUE", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Every item has the marker `klprove`: `-m klprove` runs them alone."""
    config.addinivalue_line("markers", f"klprove: a model in C (*{SUFFIX}) checked by klprove")
    _seconds(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of ours."""
    if not file_path.name.endswith(SUFFIX):
        return None
    return ModelFile.from_parent(parent, path=file_path)


def _setting(config: pytest.Config, name: str) -> str | None:
    return config.getoption(name) or config.getini(name) or None


def _seconds(config: pytest.Config) -> float | None:
    """Raises UsageError."""
    text = _setting(config, "klprove_seconds")
    try:
        seconds = float(text) if text is not None else None
    except ValueError:
        seconds = 0.0
    if seconds is not None and not 0 < seconds < 1e9:
        raise pytest.UsageError(f"klprove_seconds: {text!r} is no number of seconds")
    return seconds


class ModelFile(pytest.File):
    """One file, which is one test."""

    def collect(self) -> Iterable[pytest.Item]:
        """The test."""
        yield ModelItem.from_parent(self, name=self.path.name.removesuffix(SUFFIX))


class NotAsExpected(Exception):
    """The answer is another one; the text is klprove's report and what was expected."""


class ModelItem(pytest.Item):
    """The check of one file."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.add_marker("klprove")

    def runtest(self) -> None:
        """Raises NotAsExpected, or BadInput where the file cannot be checked."""
        from klprove.api import held
        from klprove.check import check
        from klprove.corpus import Effort, Judged, Model, asked, result

        expected, evidence = self._expected()
        model = Model("", self.name, self.path, expected)
        question = asked(model, Effort())
        question = held(replace(question, seconds=_seconds(self.config), evidence=evidence))
        answer = check(question, jobs=1)
        judged = Judged(model, result(answer), question.memory_model)
        if judged.differences:
            raise NotAsExpected(_told(judged.differences, answer))

    def _expected(self) -> "tuple[Expectation, Evidence | None]":
        """What the head says; to hold, with or without warnings, where it says nothing. And why its
        kernel model is what it is, where a vmlinux or a tree was named."""
        from klprove.corpus import read_own
        from klprove.evidence import resolve

        expected = read_own(self.path)
        kernel = _setting(self.config, "klprove_kernel")
        if expected.kernel is not None or kernel is None:
            return expected, None
        name, evidence = resolve(kernel)
        return replace(expected, kernel=name), evidence

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What klprove says, and no traceback."""
        from klprove.source import BadInput

        match excinfo.value:
            case NotAsExpected() as differs:
                return str(differs)
            case BadInput() as refused:
                return f"klprove cannot check {self.path.name}\n{refused}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, 0, self.name


def _told(differences: Sequence[str], answer: "Answer") -> str:
    from klprove.report import render

    return "\n".join([*differences, "", render(answer)])
