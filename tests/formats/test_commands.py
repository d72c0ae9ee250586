"""Every format of every command, read by what reads such files, against what is known."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from junitparser import JUnitXml

from klprove.formats import FORMATS
from tests.formats.commands import COMMANDS, Answered, Known, asked
from tests.formats.kunit import needed, parsed
from tests.formats.test_pictures import CHART, graph, nodes
from tests.formats.test_sarif import run_of
from tests.schemas.law import obey

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pydot's, of its parser
DRAWN = [name for name, each in FORMATS.items() if each.pictured]


class Written(NamedTuple):
    """A command that was run once, and everything that it wrote."""

    known: Known
    answered: Answered
    words: list[str]
    folder: Path

    def text(self, name: str) -> str:
        """What it wrote in the format of that name, without the newline at the end."""
        content = (self.folder / f"out.{name}").read_text()
        assert content.isascii() and content.endswith("\n") and not content.endswith("\n\n")
        return content.removesuffix("\n")


@pytest.fixture(scope="module", name="every")
def _every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Runs a command when it is first asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))

        @cache
        def run(command: str) -> Written:
            known, folder = COMMANDS[command], tmp_path_factory.mktemp("asked")
            with pytest.MonkeyPatch.context() as own:
                words = known.prepare(folder, own)
                names = [n for n in FORMATS if known.drawn is not None or n not in DRAWN]
                outputs = [word for name in names for word in ("--as", f"{name}=out.{name}")]
                return Written(known, asked([*words, *outputs], folder), words, folder)

        yield run


@pytest.fixture(params=COMMANDS)
def written(request: pytest.FixtureRequest, every: Any) -> Written:
    """Each command."""
    found: Written = every(request.param)
    return found


def test_the_status_does_not_depend_on_the_format(written: Written) -> None:
    assert written.answered.status == written.known.status, written.answered.err
    assert written.answered.out != ""


def test_json(written: Written) -> None:
    obey(json.loads(written.text("json")))


@needed
def test_ktap(written: Written) -> None:
    known, test = written.known, parsed(written.text("ktap"))
    assert test.counts.errors == 0
    found = (test.counts.passed, test.counts.failed, test.counts.skipped)
    assert found == (known.passed, known.failed + known.unknown, known.skipped)


def test_junit(written: Written) -> None:
    known, read = written.known, JUnitXml.fromstring(written.text("junit").encode())
    assert (read.failures, read.errors, read.skipped) == (
        known.failed, known.unknown, known.skipped,
    )  # fmt: skip
    assert read.tests == known.passed + known.failed + known.unknown + known.skipped


def test_sarif(written: Written) -> None:
    found = run_of(written.text("sarif"))
    (invocation,) = found["invocations"]
    assert invocation["exitCode"] == written.known.status
    codes = {each["ruleId"] for each in found["results"]} - {"incomplete"}
    assert codes == written.known.codes
    levels = [each["level"] for each in found["results"]]
    assert levels.count("error") == written.known.errors
    assert str(written.folder) not in written.text("sarif").replace("file://", "")


def test_dot(written: Written) -> None:
    if written.known.drawn is not None:
        assert len(list(nodes(graph(written.text("dot"))))) == written.known.drawn


def test_msc(written: Written) -> None:
    if written.known.drawn is not None:
        assert CHART.fullmatch(written.text("msc"))


def test_quote(written: Written) -> None:
    lines = written.text("quote").splitlines()
    assert all(each == ">" or each.startswith("> ") for each in lines)
    assert max(map(len, lines)) <= 78
    words = " ".join(each[2:] for each in lines).replace("\\ ", "").split()
    assert words == written.answered.out.replace("\\\n", "").split()


@pytest.mark.parametrize("name", DRAWN)
def test_what_has_nothing_to_draw_says_so_before_it_begins(written: Written, name: str) -> None:
    if written.known.drawn is None:
        refused = asked([*written.words, "--as", name], written.folder)
        assert (refused.status, refused.out) == (2, "")
        assert refused.err.startswith(f"klprove: error: --as {name}")
