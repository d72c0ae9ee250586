"""Prototypes and layouts, by DWARF of each version and by BTF, compared with each other and with
what the compiler says."""

import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from klprove.image import open_image, symbols
from klprove.image.btf import BtfTypes, types
from klprove.image.dwarf import HOME, DebugSections
from klprove.image.dwarf.typed import UnitTypes, unit_types
from klprove.image.types import Layout
from tests.image.dwarves import folder, made
from tests.lint.building import has_gcc

SOURCE = """
#include <stddef.h>
typedef unsigned int u32;
struct opaque;
enum colour { RED, GREEN = 7, BLUE = -1 };
enum wide { SMALL, LARGE = 0x100000000ull };
union either { int a; char b[9]; };
struct inner { short s; u32 low : 3, mid : 7; long tail; };
struct outer {
	char first;
	struct inner one;
	union { u32 x; struct { short y, z; }; };
	const struct outer *next;
	u32 flag : 1, : 3, more : 12;
	_Bool yes;
	enum colour colour;
	int (*call)(struct opaque *, ...);
	long grid[3][5];
	double weight;
	int last[];
};
#define OFFSET(m) int at_##m[2] = { offsetof(struct outer, m), sizeof(((struct outer *)0)->m) };
OFFSET(first) OFFSET(one) OFFSET(x) OFFSET(y) OFFSET(z) OFFSET(next) OFFSET(yes) OFFSET(colour)
OFFSET(call) OFFSET(grid) OFFSET(weight)
int whole[2] = { sizeof(struct outer), sizeof(struct inner) };
struct outer outer; union either either; enum wide wide; enum colour colour;
int simple(u32 a, const struct outer *b, enum colour c) { return a; }
void nothing(void) { }
struct outer *chain(struct outer **a, void *b, long (*c)(int)) { return *a; }
double real(double a, float b, union either c, char d) { return a; }
int many(const char *format, ...) { return 0; }
"""
PROTOTYPES = {
    "simple": "int (u32, struct outer *, enum colour)",
    "nothing": "void (void)",
    "chain": "struct outer * (struct outer **, void *, function *)",
    "real": "double (double, float, union either, char)",
    "many": "int (char *, ...)",
}
VERSIONS = ("-gdwarf-5", "-gdwarf-4", "-gdwarf-3")


@cache
def compiled(flag: str) -> Path:
    if not has_gcc():
        pytest.skip("needs gcc for x86-64")
    into = folder()
    (into / "a.c").write_text(SOURCE)
    command = ["gcc", "-O1", "-w", flag, "-gstrict-dwarf", "-c", "a.c", "-o", "a.o"]
    subprocess.run(command, cwd=into, check=True)
    return into / "a.o"


def dwarf(flag: str) -> UnitTypes:
    [found] = unit_types(DebugSections(open_image(str(compiled(flag)))))
    return found


def btf() -> BtfTypes:
    found = types(open_image(str(compiled("-gbtf"))))
    assert found is not None
    return BtfTypes(found)


def constants() -> Mapping[str, tuple[int, int]]:
    """What the compiler says about each member: where it is, and how large."""
    path = compiled("-gdwarf-5")
    image = open_image(str(path))
    data = {each.name: each.address for each in symbols(image) if each.type == 1}
    words = {name: bytes(image.bytes[at : at + 8]) for name, at in data.items()}
    return {
        re.sub("^at_", "", name): (
            int.from_bytes(each[:4], "little"), int.from_bytes(each[4:], "little"),
        )
        for name, each in words.items()
        if name.startswith("at_") or name == "whole"
    }  # fmt: skip


@pytest.mark.parametrize("flag", VERSIONS)
def test_members_are_where_the_compiler_has_them(flag: str) -> None:
    [outer] = dwarf(flag).layouts("struct", "outer")
    [inner] = dwarf(flag).layouts("struct", "inner")
    said = dict(constants())
    assert (outer.size, inner.size) == said.pop("whole")
    assert said
    for name, (offset, size) in said.items():
        assert outer.members[name] == (8 * offset, 8 * size), name
    assert inner.members["low"] == (16, 3)
    assert inner.members["mid"] == (19, 7)
    assert outer.members["more"][1] == 12


@pytest.mark.parametrize("flag", VERSIONS)
def test_btf_says_the_same(flag: str) -> None:
    found, other = dwarf(flag), btf()
    assert other.whole
    names = found.names()
    assert ("struct", "opaque") not in names
    assert names == other.names()
    for word, name in names - {("enum", "wide")}:  # gcc 12 leaves values of 64 bits out of BTF
        assert found.layouts(word, name) == other.layouts(word, name)
    assert found.layouts("struct", "nothing") == other.layouts("struct", "nothing") == ()


def test_values_of_enumerations() -> None:
    assert dwarf("-gdwarf-5").layouts("enum", "colour") == (
        Layout("enum", 4, {"RED": (0, 0), "GREEN": (7, 0), "BLUE": (-1, 0)}),
    )
    [wide] = dwarf("-gdwarf-5").layouts("enum", "wide")
    assert (wide.size, wide.members["LARGE"][0]) == (8, 1 << 32)


@pytest.mark.parametrize("flag", VERSIONS)
def test_prototypes(flag: str) -> None:
    found, other = dwarf(flag), btf()
    image = open_image(str(compiled(flag)))
    places = {
        each.name: (each.section << HOME) + each.address - image.sections[each.section].address
        for each in symbols(image)
        if each.section < len(image.sections)
    }
    for name, text in PROTOTYPES.items():
        prototype, same = found.prototype_at(places[name]), other.prototype(name)
        assert prototype is not None and same is not None
        assert prototype.text == same.text == text
        assert [(e.kind, e.size, e.signed) for e in prototype.parameters] == [
            (e.kind, e.size, e.signed) for e in same.parameters
        ]
    assert found.prototype_at(0x12345) is None
    assert other.prototype("nobody") is None


def test_what_is_declared_in_the_file_itself_is_told_apart() -> None:
    [first, _] = unit_types(DebugSections(open_image(str(made("-gdwarf-5", linked=True)))))
    assert all(not each.own for word, name in first.names() for each in first.layouts(word, name))
    found = dwarf("-gdwarf-5").layouts("struct", "outer")
    assert [each.own for each in found] == [True]


def test_an_inlined_function_has_the_prototype_of_its_source() -> None:
    path = made("-gdwarf-5", linked=True)
    [leaf, *_] = [e.address for e in symbols(open_image(str(path))) if e.name == "leaf"]
    units = unit_types(DebugSections(open_image(str(path))))
    told = [found.text for unit in units if (found := unit.prototype_at(leaf))]
    assert told == ["int (int)"]


def test_damaged_types_never_raise(tmp_path: Path) -> None:
    whole = compiled("-gdwarf-5").read_bytes()
    image = open_image(str(compiled("-gdwarf-5")))
    noted = 0
    for name in (".debug_info", ".debug_abbrev"):
        section = image.section(name)
        assert section is not None
        for at in range(section.offset, section.offset + section.size, 5):
            changed = bytearray(whole)
            changed[at] ^= 0xFF
            (tmp_path / "a.o").write_bytes(changed)
            debug = DebugSections(open_image(str(tmp_path / "a.o")))
            for unit in unit_types(debug):
                for word, kind in unit.names():
                    unit.layouts(word, kind)
                for address in range(0, 64, 8):
                    unit.prototype_at(address)
            noted += bool(debug.wrong)
    assert noted > 10
