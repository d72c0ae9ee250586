"""The page as an HTML parser sees it."""

import dataclasses
import re

import pytest

from klprove.report.picture import page
from klprove.report.picture.naming import inert
from klprove.report.picture.page import MOST_LANES, MOST_STEPS
from klprove.source import BadInput
from klprove.verdict import Access, Trace
from klprove.verdict.reading import read_finding
from tests.report.picture.pages import answered, documented, finding, long_trace, shown
from tests.report.specimens import WARNING, event, short_trace, wide_trace

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e&amp;\ud800"


def test_what_is_read_back_is_what_was_written() -> None:
    made = finding(site="vfs_read", trace=wide_trace())
    assert read_finding(documented(made)["findings"][0]) == made


def test_every_step_is_a_row_that_can_be_linked_to() -> None:
    seen = shown(finding())
    steps = [f"step-{each}" for each in range(1, 5)]
    assert [each for each in seen.ids() if each.startswith("step-")] == steps
    assert [each for each in seen.all("a") if each.isdigit()] == ["1", "2", "3", "4"]
    assert seen.all("caption") == ["unwatched-silent, 4 steps"]
    assert "dynticks: 1 -> 2" in seen.all("div")
    assert "<NMI> do_nmi()" in seen.all("div")
    assert "finding: unwatched-silent" in seen.all("div")


def test_several_findings_are_a_list_to_choose_from() -> None:
    seen = shown(finding(site="a"), finding("false-alarm", site="b", severity=WARNING))
    assert seen.all("a", href="#a/unwatched-silent/step-4") == ["4", "unwatched-silent at a", "4"]
    assert seen.all("a", href="#b/false-alarm/step-4") == ["4", "false-alarm at b", "4"]
    ids = seen.ids()
    assert len(ids) == len(set(ids))
    assert {"finding-1", "finding-2", "b/false-alarm/step-1"} <= set(ids)
    assert [each["title"] for each in seen.data()["findings"]] == [
        "unwatched-silent at a",
        "false-alarm at b",
    ]


def test_sites_and_codes_are_a_matrix_of_links() -> None:
    made = [finding(site="a"), finding("false-alarm", "b"), finding("false-alarm", "b")]
    seen = shown(*made)
    heads = [text for text in seen.all("th", scope="row") if text in "ab" and text]
    assert heads == ["a", "b"]
    assert seen.all("th", scope="col")[:3] == ["site", "unwatched-silent", "false-alarm"]
    links = [each["href"] for tag, each, _ in seen.elements if tag == "a"][:3]
    assert links == [
        "#a/unwatched-silent/step-4",
        "#b/false-alarm/step-4",
        "#b/false-alarm/2/step-4",
    ]
    assert seen.all("td")[:4] == ["", "", "", ", "]  # beside the links
    assert "site" not in shown(finding(site="a")).all("th")


def test_one_can_be_chosen_beforehand() -> None:
    content = [answered(finding(site="a"), finding("false-alarm", site="b"))]
    assert b"false-alarm at b" not in page(content, site="a")
    assert b"unwatched-silent at a" not in page(content, code="false-alarm")
    with pytest.raises(BadInput, match="there are: false-alarm at b, unwatched-silent at a"):
        page(content, code="assert")


def test_the_script_is_told_lanes_bars_and_changes() -> None:
    told = shown(finding()).data()
    (drawn,) = told["findings"]
    assert drawn["lanes"] == [["CPU 0 task", 0], ["CPU 0 NMI", 0]]
    bars = [[*each[:4], told["texts"][each[4]], *each[5:]] for each in drawn["bars"]]
    assert bars == [
        [0, 1, 4, "task", "idle_loop", None, 0, 0],
        [1, 3, 4, "nmi", "do_nmi", 0, 1, 0],
    ]
    assert drawn["of"] == [0, 0, 1, 1]
    changes = [told["events"][each][4] for each in drawn["steps"]]
    assert changes[1] == [["dynticks", "2"]] and changes[3] == []
    assert [told["words"][each] for each in drawn["initial"]] == [
        ["dynticks", "1"],
        ["preempt_count", "0"],
    ]


def test_nothing_is_fetched_and_only_our_script_may_run() -> None:
    seen = shown(finding())
    (policy,) = [
        each["content"]
        for tag, each, _ in seen.elements
        if tag == "meta" and each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None and policy.startswith("default-src 'none'; script-src 'sha256-")
    for _, attributes, _ in seen.elements:
        assert "src" not in attributes and not any(each.startswith("on") for each in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert re.findall(r"https?://[^\s\"'`]+", "".join(seen.all("style"))) == []


def test_names_are_shown_inert() -> None:
    plain = shown(finding())
    hostile = event(
        "enter", depth=1, context=HOSTILE, calls=(HOSTILE,), notes=(HOSTILE,), file=HOSTILE,
        accesses=(Access("write", HOSTILE, 0, 1),),
    )  # fmt: skip
    trace = Trace(((HOSTILE, 0),), (event(), hostile, event()))
    made = finding(HOSTILE, HOSTILE, trace, text=HOSTILE)
    seen = shown(made, kernel=None, assumptions=[HOSTILE])
    assert len(seen.all("script")) == len(plain.all("script")) == 2
    assert seen.all("img") == []
    assert seen.data()["events"][1][4][0][0] == inert(HOSTILE)
    every = page([answered(made, kernel=None)]).decode("ascii")
    assert not set(every) & set(map(chr, [*range(9), *range(11, 32), 127]))
    assert "\u202e" not in "".join("".join(text) for _, _, text in seen.elements)


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ("plain <b>", "plain <b>"),
        ("\tcaf\u00e9", "\tcaf\u00e9"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb\u2028c\u00a0", "a\\u202eb\\u2028c\\xa0"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_could_act_is_an_escape(text: str, shown_as: str) -> None:
    assert inert(text) == shown_as


def test_a_trace_that_is_too_long_or_too_wide_is_refused() -> None:
    longest = dataclasses.replace(short_trace(), events=short_trace().events * (MOST_STEPS // 4))
    with pytest.raises(BadInput, match=r"50,004 steps; a page holds 50,000"):
        page([answered(finding(trace=longest), finding())])
    wide = Trace((), tuple(event(cpu=each) for each in range(MOST_LANES + 1)))
    with pytest.raises(BadInput, match=r"129 CPUs and depths; a page shows 128"):
        page([answered(finding(trace=wide))])


def test_ten_thousand_steps_are_ten_thousand_rows() -> None:
    seen = shown(finding(trace=long_trace(10_000)))
    assert len([each for each in seen.ids() if each.startswith("step-")]) == 10_000
    (drawn,) = seen.data()["findings"]
    assert len(drawn["bars"]) == 101
