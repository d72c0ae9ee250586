"""DOT and message sequence charts, read by what reads such files."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydot
import pytest

from klprove.formats import Results
from klprove.formats.dot import dot
from klprove.formats.msc import msc
from tests.formats.made import EVIL, nothing, results

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pydot's, of its parser
ALL = [results(each) for each in ("f.c", *EVIL)] + [nothing()]
needs_dot = pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed")
needs_mscgen = pytest.mark.skipif(not shutil.which("mscgen"), reason="mscgen is not installed")


def nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a graph, and of the clusters in it."""
    yield from (each for each in graph.get_nodes() if each.get_name() != "node")
    for inner in graph.get_subgraphs():
        yield from nodes(inner)


def graph(text: str) -> Any:
    """The one graph that `text` is."""
    found = pydot.graph_from_dot_data(text)
    assert found is not None
    (only,) = found
    return only


@pytest.mark.parametrize("made", ALL)
def test_dot_has_a_node_a_step_whatever_things_are_called(made: Results) -> None:
    text = dot(made)
    assert text.isascii()
    read = graph(text)
    steps = sum(len(each.steps) for each in made.shown)
    calls = len({call.name for each in made.shown for call in each.path})
    assert len(list(nodes(read))) == steps + calls or not made.shown
    arrows = {(each.get_source(), each.get_destination()) for each in read.get_edges()}
    flows = sum(len(each.steps) - 1 for each in made.shown if each.steps)
    assert len(arrows) == flows + max(calls - 1, 0)


def test_arrivals_and_returns_are_arrows_of_their_own() -> None:
    read = graph(dot(results()))
    looks = {
        (each.get_source(), each.get_destination()): each.get_attributes().get("style")
        for each in read.get_edges()
    }
    assert looks["f0_1", "f0_2"] == "bold"
    assert looks["f0_2", "f0_4"] is None
    assert looks["f0_4", "f0_5"] == "dashed"
    titles = [each.get_label() for each in read.get_subgraphs()[0].get_subgraphs()]
    assert titles == ['"CPU 0 task\\l"', '"CPU 0 NMI\\l"']


def test_of_each_code_the_shortest_is_drawn() -> None:
    codes = [each.code for each in results().shown if each.steps]
    assert sorted(codes) == sorted(set(codes))
    assert len([each for _, each in results().findings if each.steps]) > len(codes)


@needs_dot
@pytest.mark.parametrize("made", ALL)
def test_graphviz_draws_it(made: Results) -> None:
    done = subprocess.run(["dot", "-Tsvg"], input=dot(made), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "<svg" in done.stdout


@needs_mscgen
@pytest.mark.parametrize("made", ALL)
def test_mscgen_draws_it(made: Results, tmp_path: Path) -> None:
    (tmp_path / "x.msc").write_text(msc(made))
    command = ["mscgen", "-T", "svg", "-i", "x.msc", "-o", "x.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "x.svg").read_text()


_STRING = r'"(?:[^"\\\n]|\\")*"'
_ARC = rf"l\d+ (?:box|=>|>>|->) l\d+ \[label={_STRING}\];|--- \[label={_STRING}\];"
CHART = re.compile(
    rf'msc \{{\n  width="\d+", wordwraparcs="on";\n'
    rf"  l0 \[label={_STRING}\](?:, l\d+ \[label={_STRING}\])*;\n(?:  (?:{_ARC})\n)+\}}"
)


@pytest.mark.parametrize("made", ALL)
def test_a_chart_is_columns_and_arcs(made: Results) -> None:
    text = msc(made)
    assert text.isascii()
    assert CHART.fullmatch(text), text


def test_a_chart_of_an_interleaving() -> None:
    arcs = msc(results()).splitlines()[3:-1]
    assert [re.sub(r" \[.*", "", each).strip() for each in arcs] == [
        "---",
        "l0 box l0",
        "l0 => l1",
        "l1 box l1",
        "l1 box l1",
        "l1 >> l0",
        "l0 box l0",
    ]
