"""Several answers in one document: what is shared, what is left out, and how it is read back."""

import copy
import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from klprove.cli.main import run
from klprove.report.compared import Asked, compared
from klprove.schemas import schema_of
from klprove.source import BadInput
from klprove.verdict import COMPARED
from klprove.verdict.compared import read_answers
from tests.report.picture.pages import documented, finding, long_trace
from tests.report.specimens import wide_trace
from tests.schemas.law import obey

HANDLER = "handlers/2017/F.c"


def derived() -> dict[str, Any]:
    """The schema of comparisons as the schema of checks makes it."""
    check, law = schema_of("check"), schema_of("compare")
    numbers = {"type": "array", "items": {"$ref": "#/$defs/count"}}
    event = copy.deepcopy(check["$defs"]["event"])
    event["required"].remove("step")
    del event["properties"]["step"]
    answer = {key: check[key] for key in ("type", "required", "additionalProperties")}
    answer["properties"] = copy.deepcopy(check["properties"])
    item = answer["properties"]["findings"]["items"]
    item["required"].append("steps")
    item["properties"]["steps"] = {"$ref": "#/$defs/count"}
    law["properties"]["words"]["items"] = item["properties"]["initial"]["items"]
    item["properties"]["initial"] = numbers
    item["properties"]["trace"] = {**numbers, "type": ["array", "null"]}
    law["$defs"] = {**check["$defs"], "event": event, "answer": answer}
    return law


def test_the_schema_says_of_answers_what_that_of_a_check_says() -> None:
    if os.environ.get("KLPROVE_UPDATE") and not os.environ.get("CI"):
        path = Path(str(files("klprove.schemas") / "compare.schema.json"))
        path.write_text(json.dumps(derived(), indent=1) + "\n")
    assert schema_of("compare") == derived()


def asked(*findings: Any, handler: str = "F.c", kernel: str = "v4.12rc") -> Asked:
    """One answer with `findings`."""
    return Asked(handler, kernel, documented(*findings, kernel=kernel))


def written(folder: Path, content: object) -> str:
    """`content` in a file."""
    path = folder / "compare.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_what_is_read_back_is_what_was_written(tmp_path: Path) -> None:
    rows = [
        asked(finding(site="a"), finding("false-alarm", "a", wide_trace())),
        Asked("E.c", "v4.12rc", None, ("rcu_irq_enter",)),
        asked(kernel="v4.12"),
    ]
    content = compared(rows)
    obey(content)
    assert content["handlers"] == ["F.c", "E.c"] and content["kernels"] == ["v4.12rc", "v4.12"]
    assert content["letters"] == {"unwatched-silent": "U", "false-alarm": "F"}
    first, second, third = read_answers([written(tmp_path, content)])
    assert (second.document, second.lacking) == (None, ("rcu_irq_enter",))
    assert third.document is not None and third.document["findings"] == []
    assert rows[0].document is not None and first.document is not None
    for now, then in zip(first.document["findings"], rows[0].document["findings"], strict=True):
        assert now.pop("steps") == len(then["trace"])
        assert now == {**then, "trace": [_unnumbered(each) for each in then["trace"]]}


def _unnumbered(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "step"}


def test_an_event_that_occurs_again_is_written_once() -> None:
    one = compared([asked(finding())])
    both = compared([asked(finding()), asked(finding(), kernel="v4.12")])
    assert both["events"] == one["events"] and both["words"] == one["words"]
    assert len(both["answers"]) == 2


def test_of_a_code_at_a_site_the_shortest_is_kept() -> None:
    rows = [asked(finding(trace=long_trace(9)), finding(), finding(site="b", trace=long_trace(5)))]
    (answer,) = compared(rows)["answers"]
    assert [(each["site"], each["steps"]) for each in answer["answer"]["findings"]] == [
        ("", 4),
        ("b", 5),
    ]


def test_the_longest_traces_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [asked(finding(site="a", trace=long_trace(50)), finding(site="b"))]
    assert compared(rows, 54)["left_out"] == 0
    content = compared(rows, 53)
    obey(content)
    long, short = content["answers"][0]["answer"]["findings"]
    assert (long["trace"], long["steps"], short["trace"]) == (None, 50, [0, 1, 2, 3])
    assert content["left_out"] == 1
    (back,) = read_answers([written(tmp_path, content)])
    assert back.left_out == 1 and back.document is not None
    assert back.document["findings"][0]["trace"] == []


def test_a_check_and_a_comparison_are_read_together(tmp_path: Path) -> None:
    check = tmp_path / "check.json"
    check.write_text(json.dumps(documented(finding())))
    both = read_answers([str(check), written(tmp_path, compared([asked(finding())]))])
    assert [each.handler for each in both] == [HANDLER, "F.c"]
    twice = read_answers([str(check), str(check)])
    assert [each.handler for each in twice] == [
        f"{HANDLER} ({check})",
        f"{HANDLER} ({check}, 2)",
    ]


@pytest.mark.parametrize(
    ("member", "value", "what"),
    [
        ("events", [], "0 is none of 0"),
        ("words", None, "TypeError"),
        ("answers", [{}], "KeyError 'handler'"),
        ("answers", 7, "TypeError"),
        ("left_out", "many", "ValueError"),
    ],
)
def test_a_member_that_is_not_as_it_should_be(
    tmp_path: Path, member: str, value: object, what: str
) -> None:
    content = {**compared([asked(finding())]), member: value}
    with pytest.raises(BadInput, match=what):
        read_answers([written(tmp_path, content)])


@pytest.mark.parametrize("number", [-1, 4, True, "0"])
def test_a_number_that_is_none_of_an_event(tmp_path: Path, number: object) -> None:
    content = compared([asked(finding())])
    content["answers"][0]["answer"]["findings"][0]["trace"][0] = number
    with pytest.raises(BadInput, match=f"{number!r} is none of 4"):
        read_answers([written(tmp_path, content)])


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "c.json")
    words = ["compare", "handlers/2017/D.c", "--arrivals", "0", "-D", "KLP_WAIT_RCU=1", "--kernels"]
    assert run([*words, "v5.8,v6.0", "--json", path, "--no-times"]) == 0
    assert "does not apply on v6.0" in capsys.readouterr().out
    text = Path(path).read_text()
    content = json.loads(text)
    obey(content)
    assert content["schema"] == COMPARED
    assert [bool(each["answer"]) for each in content["answers"]] == [True, False]
    assert "rcu_nmi_enter" in content["answers"][1]["lacking"]
    assert run([*words, "v5.8,v6.0", "--json", "-", "--no-times"]) == 0
    assert capsys.readouterr().out == text
