"""Types, compared with what gcc was given."""

import struct
from pathlib import Path

import numpy as np
import pytest

from klprove.image import open_image
from klprove.image.btf import BtfTypes, Layout, Leaf, Signatures, Types, types
from klprove.image.btf.reading import ARRAY, INT, POINTER, STRUCTURE, TYPEDEF, UNION, _parse
from tests.image.types import types as made
from tests.scan.toy import toy


def _signatures() -> Signatures:
    found = types(open_image(str(toy())))
    assert found is not None
    return Signatures(found)


def test_functions_of_a_member_have_its_signature() -> None:
    found = _signatures()
    enter = found.member("cpuidle_state", "enter")
    same = {name for name, each in found.single.items() if each == enter}
    assert same == {"enter_by_itself", "enter_simply", "never_taken", "cpuidle_enter_state"}
    assert found.member("irqaction", "handler") == found.single["a_handler"]
    assert found.member("irqaction", "handler") != found.member("nmiaction", "handler")


def test_no_such_member() -> None:
    found = _signatures()
    assert found.member("cpuidle_state", "nothing") is None
    assert found.member("nothing", "enter") is None
    assert found.member("cpuidle_state", "flags") is None


def _ask(found: Types) -> None:
    """Whatever anybody asks."""
    told, asked = BtfTypes(found), Signatures(found)
    for word, name in told.names():
        told.layouts(word, name)
    for name in asked.single:
        told.prototype(name)
    asked.member("cpuidle_state", "enter")
    assert Layout(found).places("cpuidle_state", "enter") is not None


def test_damaged_types_are_none_and_a_note(tmp_path: Path) -> None:
    whole = toy().read_bytes()
    section = open_image(str(toy())).section(".BTF")
    assert section is not None
    path = tmp_path / "vmlinux"
    noted = 0
    for place in range(0, section.size, 7):
        changed = bytearray(whole)
        changed[section.offset + place] ^= 0xFF
        path.write_bytes(changed)
        image = open_image(str(path))
        found = types(image)
        noted += found is None and any("BTF" in each for each in image.notes)
        if found is not None:
            _ask(found)
    assert noted > 3


NAMES = b"\0int\0whole\0flag\0name\0"
INT_AT, WHOLE_AT, FLAG_AT, NAME_AT = 1, 5, 11, 16


@pytest.mark.parametrize(
    "words",
    [
        [0, 31 << 24, 0],  # a kind that nobody knows
        [0, 0, 0],
        [0, STRUCTURE << 24 | 1, 8, 0, 1],  # one member, and less
        [0, STRUCTURE << 24],
    ],
)
def test_what_cannot_be_followed_is_refused(words: list[int]) -> None:
    with pytest.raises(ValueError, match=r"kind|cut short"):
        Types(np.array(words, np.uint32), NAMES)


def test_structures_that_hold_themselves_end() -> None:
    records = [
        (STRUCTURE, WHOLE_AT, 16, 2),
        (STRUCTURE, 0, 8, 2),
        (ARRAY, 0, 3, 2),
        (TYPEDEF, NAME_AT, 4, 0),
    ]
    members = {1: [(0, 2, 0), (NAME_AT, 3, 64)], 2: [(0, 2, 0), (FLAG_AT, 1, 0)]}
    found = made(records, NAMES, members)
    assert [number for number, _ in found.find(1, "flag")] == [1]
    assert found.size(3) == found.size(4) == found.bare(4) == 0
    assert Layout(found).places("whole", "name") == [(16, 8)]
    _ask(found)


def test_of_two_pointers_of_one_type_in_a_union_the_first_is_meant() -> None:
    """In every run, however strings are hashed."""
    records = [(POINTER, 0, 0, 0), (UNION, WHOLE_AT, 8, 2)]
    members = {2: [(NAME_AT, 1, 0), (FLAG_AT, 1, 0)]}
    assert Layout(made(records, NAMES, members)).leaf(2, 0) == Leaf("whole", "name", 1)


def test_bit_fields_have_a_width_and_no_offset() -> None:
    words = [INT_AT, INT << 24, 4, 1 << 24]
    words += [WHOLE_AT, 1 << 31 | STRUCTURE << 24 | 2, 8]
    words += [FLAG_AT, 1, 3 << 24 | 32, NAME_AT, 1, 0]
    found = Types(np.array(words, np.uint32), NAMES)
    assert list(found.find(2, "flag")) == [] and list(found.find(2, "name")) == [(1, 0)]
    assert Layout(found).leaf(2, 4) is None and Layout(found).leaf(2, 0) == Leaf("whole", "name", 0)
    [whole] = BtfTypes(found).layouts("struct", "whole")
    assert (whole.size, whole.members) == (8, {"flag": (32, 3), "name": (0, 32)})


@pytest.mark.parametrize("order", ["<", ">"])
def test_types_of_either_byte_order(order: str) -> None:
    head, words = (0xEB9F, 1, 0, 24, 0, 16, 16, len(NAMES)), (INT_AT, INT << 24, 4, 1 << 24)
    found = _parse(struct.pack(f"{order}HBBIIIII4I", *head, *words) + NAMES, order)
    assert (len(found), found.name(1), found.size(1), found.signed(1)) == (2, "int", 4, True)
