"""The kernel's own parser of KTAP, taken from Debian's linux-source where that was fetched."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tests.sources.fetch import HERE

FOLDER = HERE / "tools" / "testing" / "kunit"
needed = pytest.mark.skipif(
    not (FOLDER / "kunit_parser.py").exists(),
    reason="tools/testing/kunit of linux-source is not here: make kernel-source",
)


def _module(name: str) -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


def parsed(text: str) -> Any:
    """The tree of tests that kunit_parser.py makes of `text`."""
    return _module("kunit_parser").parse_run_tests(text.splitlines())


def outline(test: Any) -> list[tuple[str, str, Any]]:
    """Name, status and parts of every test below `test`."""
    return [(each.name, each.status.name, outline(each)) for each in test.subtests]
