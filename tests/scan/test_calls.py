"""Where the pointers of indirect calls come from, with retpolines and without."""

from functools import cache

import pytest

from klprove.image import open_image
from klprove.image.btf import Signatures, types
from klprove.scan.calls import Call
from klprove.scan.parts import Parts, parts
from klprove.scan.subject import Subject, subject
from tests.scan.toy import objcopied, toy

WAYS = ("-mindirect-branch=keep", "-mindirect-branch=thunk-extern")


@cache
def made(way: str, *further: str) -> tuple[Subject, Parts]:
    it = subject(open_image(str(toy("-O2", way, *further, source="pointers.c"))))
    return it, parts(it)


def call(way: str, name: str) -> Call:
    it, have = made(way)
    (found,) = have.calls.of(it.functions.number[name])
    return found


def names(way: str, indices: tuple[int, ...]) -> set[str]:
    return {made(way)[0].functions.names[each] for each in indices}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("by_parameter", "operations.close"),
        ("by_second_parameter", "operations.open"),
        ("by_embedding", "operations.close"),
        ("by_tail_call", "operations.open"),
        ("by_argument", "a parameter or a result"),
        ("by_result", "operations.close"),
        ("over_a_call", "operations.close"),
        ("over_the_stack", "operations.close"),
        ("same_in_a_loop", "operations.close"),
        ("in_a_fragment", "operations.close"),
        ("by_union", ""),  # one of two types
        ("by_no_type", ""),
        ("by_unknown_device", ""),  # BTF has no types of variables
        ("either_way", ""),  # two places of one type meet: not followed
        ("of_two_members", ""),
    ],
)
def test_members(way: str, name: str, said: str) -> None:
    assert call(way, name).how == said


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_resolved_may_lead_to_what_stands_so_far_from_a_start(way: str) -> None:
    found = call(way, "by_no_type")  # read at distance 0
    assert not found.targets
    assert names(way, tuple(found.others)) == {"opens", "given", "strange", "copied", "kept"}
    assert names(way, tuple(call(way, "by_unknown_close").others)) == {"closes", "stored_later"}


def test_members_of_unions_and_of_parts() -> None:
    known = types(made(WAYS[0])[0].image)
    assert known is not None
    found = Signatures(known)
    one = found.member("device", "one")
    assert one == found.single["opens"] == found.member("outer", "device.one")
    assert found.member("choice", "one") == one and found.member("outer", "device.number") is None
    assert found.member("outer", "nothing.one") is None


@pytest.mark.parametrize("way", WAYS)
def test_a_variable(way: str) -> None:
    it, _ = made(way)
    assert call(way, "by_variable").variable == it.named["variable"].address


@pytest.mark.parametrize("way", WAYS)
def test_what_can_be_there_and_what_only_has_the_prototype(way: str) -> None:
    found = call(way, "by_parameter")
    assert names(way, tuple(found.targets)) == {"closes", "given"}  # given: taken in code
    assert names(way, tuple(found.others)) == {"opens", "strange"}
    found = call(way, "by_argument")
    assert names(way, tuple(found.targets)) == {"closes", "given", "opens", "strange"}


def test_without_types_nothing_is_said() -> None:
    it = subject(open_image(str(objcopied("--remove-section=.BTF"))))
    assert it.functions.names and not list(parts(it).calls.every())


def test_a_jump_through_a_table_costs_the_answer() -> None:
    it, have = made("-mindirect-branch=keep", "-DSWITCH")
    assert [each.how for each in have.calls.of(it.functions.number["behind_a_switch"])] == [""]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_stored_to_a_variable(way: str) -> None:
    it, have = made(way)
    ((_, found),) = have.pointers.every(it.functions.number["by_held"])
    # Stored at once, by one of two ways, and copied from another variable; `at_hand` is that only.
    assert names(way, tuple(found.targets)) == {"early", "late", "copied"}
    assert found.how == "through the variable held; stored by copies, stores"
