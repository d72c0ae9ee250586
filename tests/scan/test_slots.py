"""Members that `knowledge.toml` has for functions whose code does not say what it calls through."""

from klprove.image import open_image
from klprove.scan import Map
from klprove.scan.answers import LIKELY
from klprove.scan.knowledge import knowledge, placed
from klprove.scan.subject import subject
from tests.scan.toy import toy


def test_a_star_of_a_member_is_what_that_of_the_name_is() -> None:
    functions = subject(open_image(str(toy()))).functions
    slots = [
        (["*_idle", "nmi_handle"], "driver.*", False),
        (["__SCT__h*_?", "__SCT__*ok"], "s.*", True),
        (["nobody"], "a.b", False),
    ]
    found = {functions.names[index]: each for index, each in placed(functions, slots).items()}
    assert found["halt_idle"] == [("driver.halt", False)]
    assert found["nmi_handle"] == [("driver.", False)]
    assert found["__SCT__hook"] == [("s.ho", True)]
    assert "not_there" not in found and all("a.b" not in str(each) for each in found.values())


def test_every_slot_names_a_member_of_a_structure() -> None:
    for names, member, _ in knowledge().slots:
        assert names and member.count(".") == 1


def test_a_hard_interrupt_runs_with_interrupts_off(found: Map) -> None:
    step = found.reached["irqs-off"][found.find("a_handler")[0]]
    assert step.grade == LIKELY and "irqaction.handler" in step.how
