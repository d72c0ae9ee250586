"""What every test may rely on."""

import signal
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from klprove.cli import output
from klprove.formats import plain_json
from tests.schemas.law import obey

# A run in the background, or under nohup, starts with Ctrl-C ignored, and its children inherit it;
# the tests of Ctrl-C send it to themselves and to their children.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def documents_obey() -> Iterator[None]:
    """Whatever a command writes as JSON in a test is as its schema says (SARIF has a writer of its
    own)."""
    homes: Any = (output, import_module("klprove.formats.plain_json"))

    def judged(content: dict[str, Any], *spell: Any) -> str:
        obey(content)
        return plain_json(content, *spell)

    for each in homes:
        each.plain_json = judged
    yield
    for each in homes:
        each.plain_json = plain_json
