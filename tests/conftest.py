"""What every test may rely on."""

import signal
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from klprove.cli import output
from tests.schemas.law import obey

# A run in the background, or under nohup, starts with Ctrl-C ignored, and its children inherit it;
# the tests of Ctrl-C send it to themselves and to their children.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def documents_obey() -> Iterator[None]:
    """Whatever a command writes as JSON in a test is as its schema says; `$schema` is in what is of
    somebody else's format (SARIF)."""
    made = import_module("klprove.formats.plain_json")  # the room has a function of that name
    written = made.plain_json

    def judged(content: Any, *spell: Any) -> str:
        if "$schema" not in content:
            obey(content)
        return str(written(content, *spell))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(made, "plain_json", judged)
        patched.setattr(output, "plain_json", judged)
        yield
