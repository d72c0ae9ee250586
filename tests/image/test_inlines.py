"""Where functions were inlined, compared with what gcc was given."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from klprove.image import open_image, symbols
from klprove.image.dwarf import DebugSections, Inlines, index_inlines, pack, unpack
from tests.image.dwarves import copied, made

SHAPES: Sequence[tuple[str, ...]] = (
    ("-gdwarf-5",),
    ("-gdwarf-4",),
    ("-gdwarf-3",),
    ("-gdwarf-2",),
    ("-gdwarf-5", "-gz=zlib"),
    ("-gdwarf-4", "-gz=zlib-gnu"),
    ("-gdwarf-5", "-gdwarf64"),
    ("-g", "-ffunction-sections"),
)


def index(path: Path, compiled: bool | None = None) -> Inlines:
    """By places in the file where it is a module, as symbols are."""
    image = open_image(str(path))
    found = index_inlines(DebugSections(image), compiled)
    homes = np.array([each.address for each in image.sections], np.int64)
    return found.moved(homes) if image.kind == "ET_REL" else found


def copies(found: Inlines, path: Path, name: str) -> set[tuple[str, tuple[str, ...], str]]:
    """Host, what is between, and the file of the call, of all that have the name."""
    known = {each.address: each.name for each in symbols(open_image(str(path))) if each.type == 2}
    return {
        (known[call.host], call.through, call.file)
        for function in found.named(name)
        for call in found.calls(function)
    }


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("linked", [False, True], ids=["object", "program"])
@pytest.mark.parametrize("flags", SHAPES, ids=" ".join)
def test_hosts_and_what_is_between(flags: tuple[str, ...], linked: bool, compiled: bool) -> None:
    path = made(*flags, linked=linked)
    found = index(path, compiled)
    assert not found.notes
    assert copies(found, path, "leaf") == {
        ("host", (), "first.c"), ("setup", (), "first.c"), ("split", (), "first.c"),
    }  # fmt: skip
    assert copies(found, path, "middle") == {("host", (), "first.c")}
    assert copies(found, path, "twice") == {("host", ("middle",), "first.c")}
    assert not copies(found, path, "outer")
    # gcc folds its copy in elsewhere() away, and keeps the word that there was one.
    assert {found.said(each)[0] for each in found.traceless.tolist()} == {"twice"}


def test_functions_of_one_name_are_told_apart() -> None:
    path = made("-g", linked=True)
    found = index(path)
    homes = {each.address for each in symbols(open_image(str(path))) if each.name == "leaf"}
    inlined = {bool(found.calls(number)) for home in homes for number in found.of(home, "leaf")}
    assert len(homes) == len(found.named("leaf")) == 2
    assert inlined == {True, False}
    assert {found.said(number)[1] for number in found.named("leaf")} == {"first.c", "second.c"}


def test_a_header_makes_one_function_in_two_units() -> None:
    found = index(made("-g", linked=True))
    [twice] = found.named("twice")
    assert found.said(twice) == ("twice", "part.h", 2)
    assert len(found.instances(twice)) == 1
    assert found.named("nothing") == ()


def test_code_that_no_unit_describes_goes_by_its_name() -> None:
    found = index(made("-g", linked=True))
    assert found.functions_at(0x1234) == []
    assert found.of(0x1234, "leaf.constprop.0") == found.named("leaf")
    assert found.of(0x1234, "nothing") == ()


def test_kept_and_read_again_it_is_the_same() -> None:
    found = index(made("-g", linked=True))
    again = unpack(pack(found))
    assert again.texts == found.texts
    assert [again.calls(i) for i in range(len(found.names))] == [
        found.calls(i) for i in range(len(found.names))
    ]
    assert [again.instances(i) for i in range(len(found.names))] == [
        found.instances(i) for i in range(len(found.names))
    ]
    for wrong in (b"", b"{}\n", b"[1]\n", pack(found)[:200]):
        with pytest.raises((ValueError, KeyError, TypeError)):
            unpack(wrong)


def test_a_part_in_a_section_of_its_own_belongs_to_its_function() -> None:
    path = made("-g", linked=True)
    names = {each.name for each in symbols(open_image(str(path)))}
    assert "split.cold" in names  # so that split has ranges, and no one address
    assert ("split", (), "first.c") in copies(index(path), path, "leaf")


@pytest.mark.parametrize("section", ["info", "abbrev", "str", "line", "rnglists", "line_str"])
def test_damage_is_told_and_never_raises(section: str, tmp_path: Path) -> None:
    whole = made("-gdwarf-5", linked=True).read_bytes()
    place = open_image(str(made("-gdwarf-5", linked=True))).section(f".debug_{section}")
    assert place is not None
    path = tmp_path / "vmlinux"
    noted = 0
    for at in range(0, place.size, max(place.size // 60, 1)):
        changed = bytearray(whole)
        changed[place.offset + at] ^= 0xFF
        path.write_bytes(changed)
        found = index(path)
        noted += bool(found.notes)
        for function in range(len(found.names)):
            found.calls(function)
    assert noted or section not in ("info", "abbrev")


def test_a_file_that_ends_early_keeps_what_is_whole(tmp_path: Path) -> None:
    source = made("-gdwarf-5", linked=True)
    image = open_image(str(source))
    section = image.section(".debug_info")
    assert section is not None
    data = bytearray(source.read_bytes())
    second = data.index(b"\x05\x00\x01\x08", section.offset + 20) - 4
    data[second : second + 4] = b"\xf0\xff\xff\x00"  # longer than what follows
    path = tmp_path / "vmlinux"
    path.write_bytes(data)
    found = index(path)
    assert any("makes sense" in each for each in found.notes)
    assert found.named("leaf") and not found.named("elsewhere")


def test_a_section_that_cannot_be_unpacked(tmp_path: Path) -> None:
    source = made("-gdwarf-5", "-gz=zlib", linked=True)
    section = open_image(str(source)).section(".debug_info")
    assert section is not None
    data = bytearray(source.read_bytes())
    data[section.offset + 24 : section.offset + 40] = b"\xff" * 16
    path = tmp_path / "vmlinux"
    path.write_bytes(data)
    debug = DebugSections(open_image(str(path)))
    assert not debug.there
    assert debug.wrong == [".debug_info cannot be unpacked"]


def test_zstandard(tmp_path: Path) -> None:
    import struct

    import zstandard

    source = copied(made("-g", linked=True), "plain", "--decompress-debug-sections")
    whole = index(source)
    section = open_image(str(source)).section(".debug_abbrev")
    assert section is not None
    data = bytearray(source.read_bytes())
    plain = bytes(data[section.offset : section.offset + section.size])
    packed = struct.pack("<IIQQ", 2, 0, len(plain), 1) + zstandard.compress(plain)
    table = struct.unpack_from("<Q", data, 40)[0] + 64 * section.index
    struct.pack_into("<Q", data, table + 8, 0x800)
    struct.pack_into("<QQ", data, table + 24, len(data), len(packed))
    path = tmp_path / "vmlinux"
    path.write_bytes(data + packed)
    assert len(index(path).copies) == len(whole.copies) > 0
