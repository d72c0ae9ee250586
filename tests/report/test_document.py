"""The JSON form against its schema."""

import jsonschema
import pytest

from klprove.check import Answer, Question
from klprove.report import document
from tests.report.specimens import WARNING, answer, finding, verdict, wide_trace
from tests.schemas.law import obey

EACH = Question(("F.c",), "v4.12rc", ("each",), arrivals={"irq": 1})


@pytest.mark.parametrize(
    "made",
    [
        answer(),
        answer({"": verdict()}),
        answer({"a": verdict(finding(site="a", trace=wide_trace())), "b": verdict()}, EACH),
        answer({"": verdict(complete=False, reasons=("interrupted",), unreached=("w",))}),
    ],
)
def test_every_answer_is_valid(made: Answer) -> None:
    obey(document(made))


def test_macros_are_told() -> None:
    asked = Question(("F.c",), "v6.0", ("f",), defines={"KLP_WAIT_RCU": "1"})
    made = document(answer({"f": verdict()}, asked))
    assert made["defines"] == {"KLP_WAIT_RCU": "1"}
    obey(made)
    with pytest.raises(jsonschema.ValidationError):
        obey(made | {"defines": {"A": 1}})


def test_the_schema_is_closed() -> None:
    broken = document(answer()) | {"extra": 1}
    with pytest.raises(jsonschema.ValidationError):
        obey(broken)


def test_the_answer_is_in_it() -> None:
    made = answer(
        {
            "vfs_read": verdict(),
            "ist_enter": verdict(
                finding("redirect-lost", "ist_enter"),
                finding("unwatched-warned", "ist_enter", severity=WARNING),
            ),
        },
        EACH,
    )
    content = document(made)
    assert content["schema"] == "klprove.check/4"
    assert content["verdict"] == "violated"
    assert content["states"] == 2468
    assert content["bounds"]["nest"] == {"exception": 2}
    assert list(content["sites"]) == ["vfs_read", "ist_enter"]
    assert content["sites"]["vfs_read"]["verdict"] == "holds"
    assert content["sites"]["ist_enter"]["findings"] == ["redirect-lost", "unwatched-warned"]
    first = content["findings"][0]
    assert (first["code"], first["site"], len(first["trace"])) == ("redirect-lost", "ist_enter", 4)
    assert (first["shortest"], content["reduced"]) == (True, [])
    assert first["trace"][3]["calls"][-1] == "klp_ftrace_handler"
    assert first["trace"][3]["accesses"][0]["name"] == "klp_ops.func_stack.next"


def test_nothing_patched_has_no_sites() -> None:
    assert document(answer())["sites"] == {}
