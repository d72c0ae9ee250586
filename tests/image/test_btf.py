"""Types, compared with what gcc was given."""

from pathlib import Path

from klprove.image import open_image
from klprove.image.btf import types
from tests.scan.toy import toy


def test_functions_of_a_member_have_its_signature() -> None:
    found = types(open_image(str(toy())))
    assert found is not None
    enter = found.member("cpuidle_state", "enter")
    same = {name for name, each in found.functions.items() if each == enter}
    assert same == {"enter_by_itself", "enter_simply", "never_taken", "cpuidle_enter_state"}
    assert found.member("irqaction", "handler") == found.functions["a_handler"]
    assert found.member("irqaction", "handler") != found.member("nmiaction", "handler")


def test_no_such_member() -> None:
    found = types(open_image(str(toy())))
    assert found is not None
    assert found.member("cpuidle_state", "nothing") is None
    assert found.member("nothing", "enter") is None
    assert found.member("cpuidle_state", "flags") is None


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
            found.functions, found.member("cpuidle_state", "enter")
    assert noted > 3
