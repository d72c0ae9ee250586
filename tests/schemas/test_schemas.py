"""What is published, and that nothing else is written."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from klprove.cli.main import run
from klprove.schemas import published, schema_of, schema_text

ROOT = Path(__file__).parents[2]
ID = re.compile(r"klprove\.[a-z-]+/[0-9]+")
EVERY = [each.name for each in published()]
READ_ONLY = {"klprove.waivers/1"}
"""Of what is read, and has no `schema` of its own."""


def used(text: str) -> set[str]:
    """The schemas that a module writes or reads: texts of its code that are such a name."""
    nodes = ast.walk(ast.parse(text))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {each for each in texts if isinstance(each, str) and ID.fullmatch(each)}


def test_what_is_used_is_found() -> None:
    assert used('"""klprove.a/1"""\nx = {"schema": "klprove.b-c/2"}\ny = "see klprove.d/1"') == {
        *("klprove.a/1", "klprove.b-c/2"),
    }


def test_every_schema_that_code_names_is_published_and_no_other() -> None:
    sources = (ROOT / "src" / "klprove").rglob("*.py")
    found = {name for path in sources for name in used(path.read_text())}
    assert found == {each.id for each in published()} - READ_ONLY


def objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that is about objects, with its place."""
    if isinstance(node, dict):
        if "object" in node.get("type", ()) and isinstance(node["type"], str | list):
            yield path, node
        for key, each in node.items():
            yield from objects(each, f"{path}/{key}")
    elif isinstance(node, list):
        for number, each in enumerate(node):
            yield from objects(each, f"{path}/{number}")


@pytest.mark.parametrize("name", EVERY)
def test_each_is_valid_and_closed_and_says_what_it_is_of(name: str) -> None:
    law = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(law)
    assert law["$schema"].endswith("/2020-12/schema")
    assert law["title"] and "klprove" in law["description"]
    if law["$id"] not in READ_ONLY:
        assert law["properties"]["schema"] == {"const": law["$id"]}
        assert "schema" in law["required"]
    assert [place for place, each in objects(law) if "additionalProperties" not in each] == []
    assert True not in [each["additionalProperties"] for _, each in objects(law)]


@pytest.mark.parametrize("name", EVERY)
def test_each_is_described(name: str) -> None:
    table = (ROOT / "docs" / "json.md").read_text()
    row = next((line for line in table.splitlines() if line.startswith(f"| `{name}` |")), "")
    assert f"| {next(each.version for each in published() if each.name == name)} |" in row


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    said = capsys.readouterr().out
    assert re.findall(ID, said) == [each.id for each in published()]
    assert "klprove check --json FILE" in said
    assert max(map(len, said.splitlines())) <= 79


@pytest.mark.parametrize("name", ["corpus", "klprove.corpus", "corpus/1", "klprove.corpus/1"])
def test_the_command_prints_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "klprove.corpus/1"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("chekc", "no schema chekc; near it: check"),
        ("klprove.corpus/0", "no schema klprove.corpus/0; near it: klprove.corpus/1"),
        ("../report/x", "klprove schema lists them"),
        ("\x1b[1m", "no schema \\x1b[1m"),
    ],
)
def test_a_schema_that_nobody_has(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) == 2
    assert said in capsys.readouterr().err


def test_text_and_document_are_the_same() -> None:
    assert json.loads(schema_text("check")) == schema_of("check")
