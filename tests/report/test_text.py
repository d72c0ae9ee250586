"""The text form: its shape, and the two promises that it never breaks: ASCII, 79 columns."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klprove.check import Question
from klprove.report import paint, render
from tests.report.specimens import (
    WARNING,
    answer,
    event,
    finding,
    short_trace,
    verdict,
    wide_trace,
)

EACH = Question(("handlers/2017/F.c",), "v4.12rc", ("each",))
SIX = (
    "unwatched-silent",
    "unwatched-warned",
    "false-alarm",
    "nested-unwatched",
    "state-corrupted",
    "redirect-lost",
)


def test_one_violation_in_full() -> None:
    expected = """\
klprove: VIOLATION unwatched-silent   model F.c on v4.12rc   4 steps
at      : model/rcu.c:71:3 in klp_ftrace_handler(); the check: F.c:31:9
assume  : sequentially consistent memory; entry code before nmi_enter() is
          traceable
initial : dynticks = 1, all else 0
bounds  : 1 CPU; arrivals unbounded; nested exception <= 2; 1,234 states,
          complete

     CPU 0 task            CPU 0 NMI
     idle_loop()
  1    preempt_count: 0 -> 1                                           rcu.c:12
       rcu_eqs_enter()
  2      dynticks: 1 -> 2                                              rcu.c:40
  3                        <NMI> do_nmi()                              rcu.c:12
                             nmi_enter > printk_nmi_enter >
                               klp_ftrace_handler()
  4                            klp_ops.func_stack.next is &klp_func    rcu.c:71
                                 # BANG unwatched-silent
"""
    assert render(answer(), timing=False).startswith(expected)


def test_below_the_picture_stand_why_wrong_if_and_replay() -> None:
    text = render(answer())
    assert "why     : the handler read func_stack or a klp_func" in text
    assert "wrong if: the function cannot be patched there" in text
    assert "replay  : klprove check handlers/2017/F.c --kernel v4.12rc\n" in text


def test_observations_are_the_last_lines_and_carry_the_fingerprint() -> None:
    made = answer()
    lines = render(made).splitlines()
    assert lines[-2:] == [
        f"Observation unwatched-silent Sometimes {made.fingerprint}",
        f"Observation false-alarm Never {made.fingerprint}",
    ]


def test_never_is_not_said_of_an_incomplete_search() -> None:
    text = render(answer({"": verdict(complete=False, reasons=("time limit of 3 s reached",))}))
    assert "Observation false-alarm Unknown" in text
    assert "Never" not in text
    assert "stopped : time limit of 3 s reached" in text


def test_a_missed_witness_is_named() -> None:
    text = render(answer({"": verdict(unreached=("handler_in_nmi",))}))
    assert text.startswith("klprove: INCOMPLETE")
    assert "vacuous : witness handler_in_nmi is never reached" in text
    assert "Never" not in text


def test_bounds_of_the_question_stand_in_the_verdict() -> None:
    question = Question(("F.c",), arrivals={"irq": 1, "nmi": 1})
    text = render(answer({"": verdict()}, question))
    assert text.startswith("klprove: HOLDS  within irq <= 1, nmi <= 1  model F.c")


def test_reductions_and_what_they_cost_are_said() -> None:
    held = verdict()
    small = replace(held, statistics=replace(held.statistics, reduced=("ample", "delivery")))
    text = " ".join(render(answer({"": small})).split())
    assert "1,234 states (reduced: ample, delivery)," in text
    assert "reduced" not in render(answer({"": held}))
    found = finding()
    longer = replace(found, trace=replace(found.trace, shortest=False))
    line = "trace   : not shown to be a shortest one"
    assert line in render(answer({"": verdict(longer)}))
    assert line not in render(answer({"": verdict(found)}))


def test_a_warning_is_named_beside_holds() -> None:
    made = answer({"": verdict(finding("unwatched-warned", severity=WARNING))})
    assert render(made, "none").startswith("klprove: HOLDS  (unwatched-warned)")


def test_the_table() -> None:
    made = answer(
        {
            "vfs_read": verdict(),
            "rcu_dynticks_eqs_enter": verdict(
                finding("unwatched-silent", "rcu_dynticks_eqs_enter"),
                finding("unwatched-warned", "rcu_dynticks_eqs_enter", severity=WARNING),
            ),
            "ist_enter": verdict(complete=False, reasons=("time limit of 3 s reached",), states=7),
        },
        EACH,
        SIX,
    )
    expected = """
                        unwatched-silent
                        |  unwatched-warned
                        |  |  false-alarm
                        |  |  |  nested-unwatched
                        |  |  |  |  state-corrupted
                        |  |  |  |  |  redirect-lost
site                    |  |  |  |  |  |  verdict         states
vfs_read                .  .  .  .  .  .  holds            1,234
rcu_dynticks_eqs_enter  X  w  .  .  .  .  violated         1,234
ist_enter               ?  ?  ?  ?  ?  ?  incomplete           7
"""
    assert expected in render(made)


def test_one_trace_of_each_code_the_shortest() -> None:
    short, long = short_trace(), wide_trace(1, 3)
    made = answer(
        {
            "a": verdict(finding(site="a", trace=long)),
            "b": verdict(finding(site="b", trace=short), finding("false-alarm", "b", long)),
        },
        EACH,
    )
    assert render(made).count("# BANG") == 2
    assert "patched : b\n" in render(made) and "patched : a\n" not in render(made)
    assert render(made, "one").count("# BANG") == 1
    assert render(made, "all").count("# BANG") == 3
    assert "# BANG" not in render(made, "none")


def test_replay_names_the_site_and_every_bound() -> None:
    question = Question(
        ("F.c",),
        "v4.12rc",
        ("each",),
        cpus=2,
        arrivals={"irq": 1, "nmi": 2},
        nest={"exception": 1},
        defines={"X": "a b"},
        inlined=frozenset({"irq_exit"}),
        werror=True,
    )
    made = answer({"vfs_read": verdict(finding(site="vfs_read")), "b": verdict()}, question)
    text = " ".join(render(made).replace("\\\n", "").split())
    assert (
        "klprove check F.c --kernel v4.12rc --patch vfs_read --cpus 2 --arrivals irq=1,nmi=2 "
        "--nest exception=1 -D 'X=a b' --inline irq_exit --werror" in text
    )


def test_without_timing_no_seconds() -> None:
    assert "1.2s" in render(answer())
    assert "1.2s" not in render(answer(), timing=False)


@pytest.mark.parametrize("cpus", [1, 2])
@pytest.mark.parametrize("depths", [1, 3, 6])
def test_lanes_are_told_apart(cpus: int, depths: int) -> None:
    lines = render(answer({"": verdict(finding(trace=wide_trace(cpus, depths)))})).splitlines()
    columns = {
        len(line[4:]) - len(line[4:].lstrip())
        for line in lines
        for cpu in range(cpus)
        for kind in ("task", "irq", "nmi")
        if f"{kind}_entry_{cpu}" in line
    }
    assert len(columns) >= min(depths, 3) * cpus


def _fits(text: str) -> None:
    assert text.isascii()
    for line in text.splitlines():
        assert len(line) <= 79, line
        assert line == line.rstrip()
        assert "\t" not in line


@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
@pytest.mark.parametrize("depths", [1, 2, 3, 6])
def test_any_number_of_lanes_fits(cpus: int, depths: int) -> None:
    _fits(render(answer({"": verdict(finding(trace=wide_trace(cpus, depths)))})))


def test_long_names_fit() -> None:
    _fits(render(answer({"": verdict(finding(trace=short_trace(long=True)))})))
    long = "a_function_with_a_name_that_is_a_good_deal_longer_than_a_whole_line_of_a_mail_ever_is"
    question = Question((f"/some/where/{long}.c",), long, (long,))
    _fits(render(answer({long: verdict(finding(long, long)), "b": verdict()}, question, (long,))))


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=120
)


@settings(max_examples=60, deadline=None)
@given(names, names, names, st.integers(-(2**63), 2**64 - 1), st.lists(names, max_size=12))
def test_whatever_the_names_it_fits(
    code: str, site: str, note: str, value: int, calls: list[str]
) -> None:
    from klprove.verdict import Access, Trace

    step = event(
        calls=("main", *calls),
        accesses=(Access("update", site, value, -value),),
        notes=(note,),
        context=site,
        file=f"dir/{note}.c",
    )
    found = finding(code, site, Trace(((site, value),), (step, step)), text=note)
    question = Question((site, note), code, (site,), defines={"X": note})
    _fits(render(answer({site: verdict(found), code: verdict()}, question, (code,) * 3)))


def test_colour_changes_no_letter() -> None:
    import re

    text = render(answer())
    painted = paint(text)
    assert painted != text
    assert re.sub(r"\033\[\d+m", "", painted) == text


def test_a_violation_in_the_first_state_has_no_steps() -> None:
    from klprove.verdict import Trace

    text = render(answer({"": verdict(finding("invariant", trace=Trace((("x", 0),), ())))}))
    assert "0 steps" in text and "the initial state is bad" in text
    _fits(text)
