"""Symbols and sections with sizes and addresses that cannot be."""

import struct
from pathlib import Path
from random import Random

from klprove.cli.main import run
from klprove.image import open_image
from klprove.scan import scan
from tests.scan.toy import toy

EXTREMES = (0, 1, 1 << 32, 1 << 63, (1 << 64) - 1, (1 << 64) - 16, 0xFFFFFFFF81000000)


def test_any_value_of_any_symbol_or_section_is_refused_or_answered(tmp_path: Path) -> None:
    whole = toy().read_bytes()
    sections = open_image(str(toy())).sections
    symbols = next(each for each in sections if each.kind == "SHT_SYMTAB")
    headers = struct.unpack_from("<Q", whole, 0x28)[0]
    path = tmp_path / "vmlinux"
    random = Random(1)
    for _ in range(60):
        changed = bytearray(whole)
        record = symbols.offset + 24 * random.randrange(symbols.size // 24)
        places = [record + random.choice((8, 16))]
        if random.random() < 0.5:
            header = headers + 64 * random.randrange(1, len(sections))
            places.append(header + random.choice((16, 24, 32)))
        for place in places:
            struct.pack_into("<Q", changed, place, random.choice(EXTREMES))
        path.write_bytes(changed)
        assert run(["scan", "--no-cache", str(path)]) in (0, 2)


def test_a_symbol_outside_its_section_is_told(tmp_path: Path) -> None:
    content = bytearray(toy().read_bytes())
    image = open_image(str(toy()))
    symbols = next(each for each in image.sections if each.kind == "SHT_SYMTAB")
    records = range(symbols.offset, symbols.offset + symbols.size, 24)
    first = next(place for place in records if content[place + 4] & 15 == 2)
    struct.pack_into("<Q", content, first + 8, 1 << 40)
    path = tmp_path / "vmlinux"
    path.write_bytes(content)
    assert any("1 symbols of code lie outside" in each for each in scan(str(path)).notes)
