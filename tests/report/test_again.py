"""A document shown again says what the check said."""

import json
from dataclasses import replace
from typing import Any

import pytest

from klprove.check import Answer, Question, Text
from klprove.report import document, render
from klprove.report.again import text_of
from klprove.report.reread import reread
from klprove.source import BadInput
from klprove.verdict import Bounds, Verdict
from tests.report.specimens import VIOLATION, WARNING, answer, finding, verdict, wide_trace

EACH = Question(("F.c",), "v4.12rc", ("each",), arrivals={"irq": 1})
ONE = Question(("m.c",))
TWO = {
    "a": verdict(finding(site="a", trace=wide_trace()), finding("false-alarm", "a")),
    "b": verdict(finding(site="b", severity=WARNING, code="unwatched-warned")),
    "c": verdict(complete=False, reasons=("time limit of 3 s reached",)),
}


def asked(question: Question, sites: dict[str, Verdict]) -> Answer:
    """An answer to `question` that a check could have given."""
    bounds = Bounds(question.arrivals, {"exception": 2, **question.nest})
    made = answer({site: replace(each, bounds=bounds) for site, each in sites.items()}, question)
    files = tuple(Text(each, "ab" * 32) for each in question.files)
    return replace(made, files=files)


def written(made: Answer, **members: Any) -> dict[str, Any]:
    """The document of `made` as it is read back."""
    return {**json.loads(json.dumps(document(made))), **members}


@pytest.mark.parametrize(
    "made",
    [
        asked(ONE, {"": verdict()}),
        asked(ONE, {"": verdict(complete=False, reasons=("interrupted",), unreached=("w",))}),
        asked(EACH, TWO),
        asked(replace(EACH, patch=("a", "b", "c"), cpus=1, nest={"exception": 2}), TWO),
        asked(replace(EACH, recursion=3, defines={"A": "1"}, nest={"nmi": 4}), TWO),
        asked(replace(ONE, werror=True), {"": verdict(finding("warned"))}),
        asked(replace(EACH, source=(("--mail", "F.c"),)), TWO),
        asked(replace(EACH, inlined=frozenset({"x"}), tree="t", lift=("a:b",), werror=True), TWO),
    ],
    ids=[
        "holds",
        "unfinished",
        "sites",
        "options",
        "more options",
        "werror",
        "mail",
        "all options",
    ],
)
@pytest.mark.parametrize("traces", ["one", "each", "all", "none"])
def test_the_text_is_that_of_the_check(made: Answer, traces: Any) -> None:
    mail = {"file": "F.c", "snippets": 1, "because": "a patch"} if made.question.source else None
    told = text_of("t.json", written(made, mail=mail), traces=traces)
    assert told == render(made, traces)


def test_without_times_there_are_none() -> None:
    made = asked(EACH, TWO)
    told = json.loads(json.dumps(document(made, timing=False)))
    assert text_of("t.json", told) == render(made, timing=False)


def test_findings_can_be_chosen() -> None:
    told = written(asked(EACH, TWO))
    text = text_of("t.json", told, site="a")
    assert text.count("klprove: VIOLATION") == 2 and "patched : b" not in text
    (head,) = [
        line
        for line in text_of("t.json", told, "false-alarm").splitlines()
        if line.startswith("klprove: VIOLATION")
    ]
    assert "false-alarm" in head


def test_what_is_not_there_is_not_chosen() -> None:
    with pytest.raises(BadInput, match="there are: false-alarm at a, unwatched-silent at a, unw"):
        text_of("t.json", written(asked(EACH, TWO)), "assert")
    with pytest.raises(BadInput, match="verdict: holds"):
        text_of("t.json", written(asked(ONE, {"": verdict()})), site="f")


def test_an_option_that_is_not_in_the_file_is_missed() -> None:
    made = asked(replace(ONE, inlined=frozenset({"f"})), {"": verdict()})
    assert reread("t.json", written(made)).known
    before = without_newer(written(made))
    told = reread("t.json", before)
    assert not told.known and told.fingerprint == made.fingerprint
    text = text_of("t.json", before)
    assert made.fingerprint in text and "--inline" in text[-150:]


@pytest.mark.parametrize("werror", [True, False])
def test_what_the_older_schema_does_not_say_is_found_by_the_fingerprint(werror: bool) -> None:
    found = verdict(finding("warned", severity=VIOLATION if werror else WARNING))
    made = asked(replace(ONE, werror=werror), {"": found})
    assert text_of("t.json", without_newer(written(made))) == render(made)
    made = asked(EACH, TWO)
    assert text_of("t.json", without_newer(written(made))) == render(made)


def test_a_lifted_text_is_part_of_the_question() -> None:
    lifted = (Text("kernel/a.c:f", "cd" * 32),)
    made = replace(asked(replace(EACH, tree="t", lift=("kernel/a.c:f",)), TWO), lifted=lifted)
    assert text_of("t.json", written(made)) == render(made)


def without_newer(told: dict[str, Any]) -> dict[str, Any]:
    """The document as klprove.check/3 had it."""
    newer = ("command", "patch", "inlined", "tree", "lift", "lifted", "werror")
    return {name: value for name, value in told.items() if name not in newer}


def test_nothing_is_missed_in_a_whole_document() -> None:
    assert "--inline" not in text_of("t.json", written(asked(ONE, {"": verdict()})))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("sites", {"b": 1}),
        ("sites", {"other": document(asked(EACH, TWO))["sites"]["c"]}),
        ("bounds", {}),
        ("files", [{}]),
        ("evidence", {"path": "x", "kind": "tree", "candidates": []}),
        ("mail", {"file": "x"}),
        ("assumptions", None),
        ("sites", {"a": {**document(asked(EACH, TWO))["sites"]["a"], "states": float("inf")}}),
    ],
)
def test_a_malformed_member_is_refused(member: str, value: object) -> None:
    with pytest.raises(BadInput, match=r"t\.json: error: is not as the schema says"):
        text_of("t.json", written(asked(EACH, TWO), **{member: value}))


def test_a_folded_text_says_so() -> None:
    told = written(asked(EACH, TWO))
    whole, short = (text_of("t.json", told, short=each) for each in (False, True))
    assert "folded" not in whole
    assert ("folded  :" in short) == (whole != short)


@pytest.mark.parametrize("name", ["", "\ud800", "\udc80", " "])
def test_odd_texts_are_no_trouble(name: str) -> None:
    told = written(asked(replace(EACH, files=("m.c",)), TWO))
    told["findings"][0]["trace"][0]["notes"] = [name]
    told["files"][0]["path"] = told["command"] = name
    assert text_of("t.json", told).startswith("klprove: VIOLATED")
