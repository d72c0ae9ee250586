"""What findings share in the tables that the script draws from."""

from dataclasses import replace

from klprove.report.picture.drawing import Drawing
from tests.report.specimens import NAMES, finding, short_trace


def test_an_event_is_shared_where_its_addresses_have_the_same_names() -> None:
    drawing, trace = Drawing(), short_trace()
    first = drawing.finding(finding(trace=trace), True)
    again = drawing.finding(finding(trace=trace), True)
    assert first["steps"] == again["steps"] == [0, 1, 2, 3]
    other = drawing.finding(finding(trace=replace(trace, addresses={})), True)
    assert other["steps"] == [0, 1, 2, 4]
    (name,) = NAMES.values()
    assert name in drawing.events[3][5][0] and "0x10008" in drawing.events[4][5][0]


def test_first_values_are_named_too() -> None:
    drawing, trace = Drawing(), short_trace()
    word = ("klp_ops.func_stack.next", 0x10008)
    drawing.finding(finding(trace=replace(trace, initial=(word,))), True)
    drawing.finding(finding(trace=replace(trace, initial=(word,), addresses={})), True)
    assert [value for _, value in drawing.words] == [NAMES[word], "0x10008"]
