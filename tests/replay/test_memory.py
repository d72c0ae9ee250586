"""Words by symbols and types: a small image of our own making."""

import pytest

from klprove.image.btf import NO_TYPES
from klprove.image.btf.reading import ARRAY, INT, POINTER, STRUCTURE, UNION, VARIABLE
from klprove.lab.layout import Layout, layout
from klprove.lab.memory import PER_CPU, TASK, Memory, Word, frame
from klprove.source import BadInput
from tests.image.types import types
from tests.replay.guest import Guest, Line
from tests.scan.toy import objcopied

_NAMES = b"\0int\0u64\0atomic_t\0counter\0tracking\0state\0nest\0current_task\0task\0comm\0both\0"


def _at(name: str) -> int:
    return _NAMES.index(b"\0" + name.encode() + b"\0") + 1 if name else 0


RECORDS = [
    (1, _at("int"), 4, 0),
    (1, _at("u64"), 8, 0),
    (STRUCTURE, _at("atomic_t"), 4, 1),
    (STRUCTURE, _at("tracking"), 24, 2),
    (UNION, 0, 8, 2),  # of no name, in tracking
    (VARIABLE, _at("tracking"), 4, 0),
    (STRUCTURE, _at("task"), 32, 1),
    (POINTER, 0, 7, 0),
    (VARIABLE, _at("current_task"), 8, 0),
    (ARRAY, 0, 1, 16),
]
MEMBERS = {
    3: [(_at("counter"), 1, 0)],
    4: [(_at("state"), 3, 64), (0, 5, 128)],
    5: [(_at("nest"), 2, 0), (_at("both"), 1, 0)],
    7: [(_at("comm"), 10, 64)],
}
NAMED = {"tracking": 0x40, "current_task": 0x80, "__per_cpu_offset": 0x10000}


@pytest.fixture
def places() -> Layout:
    """The image."""
    kept = types(RECORDS, _NAMES, MEMBERS, [1])
    return Layout("toy", NAMED, kept, {"tracking": 4, "current_task": 8, "lost": 1})


def test_a_structure_of_one_scalar_is_that_scalar(places: Layout) -> None:
    assert places.variable("tracking", ".state") == Word(PER_CPU, 0x48, 4, True)
    assert places.variable("tracking", ".state.counter") == Word(PER_CPU, 0x48, 4, True)


def test_members_of_a_part_without_a_name(places: Layout) -> None:
    assert places.variable("tracking", ".nest") == Word(PER_CPU, 0x50, 8, False)
    assert places.member("tracking", "both") == Word(TASK, 0x10, 4, True)


@pytest.mark.parametrize(("name", "path"), [("tracking", ".none"), ("absent", ""), ("lost", "")])
def test_what_is_not_there_has_no_word(places: Layout, name: str, path: str) -> None:
    assert places.variable(name, path) is None


def test_sizes(places: Layout) -> None:
    assert places.size("tracking") == 24
    with pytest.raises(KeyError):
        places.size("absent")


def test_the_call_of_ftrace_stands_at_the_start_or_behind_endbr64() -> None:
    named = {"plain": 16, "marked": 32, "without": 48}
    found = Layout("toy", named, NO_TYPES, {}, frozenset({16, 36, 56}))
    sites = {name: found.site(name) for name in (*named, "absent")}
    assert sites == {"plain": 16, "marked": 36, "without": None, "absent": None}


def test_values_in_the_area_of_a_cpu_and_in_its_task(places: Layout) -> None:
    area, task = 0x5000, 0x9000
    text = int.from_bytes(b"reader\0!", "little")
    memory = {0x10000: area, area + 0x48: 0xFFFFFFFF, area + 0x80: task, task + 8: text}
    guest = Guest({"f": [Line()]}, memory, "f")
    found = Memory(guest, places)  # type: ignore[arg-type] # the part of Gdb that it calls
    state, comm = places.variable("tracking", ".state"), places.member("task", "comm")
    assert state is not None and comm is not None
    assert found.value(0, state) == -1
    assert found.text(0, comm) == "reader"
    assert found.address(0, comm) == task + 8


def test_what_the_processor_saved() -> None:
    guest = Guest({"f": [Line()]}, {0x100: 1, 0x108: 2, 0x110: 3, 0x118: 4, 0x120: 5}, "f")
    assert frame(guest, 0, 0x100) == (1, 3, 4)  # type: ignore[arg-type]


def test_the_layout_of_an_image() -> None:
    found = layout(str(objcopied("--add-symbol=__per_cpu_offset=16,global")))
    assert found.named["__per_cpu_offset"] == 16
    integers = {each: found.types.name(each) for each in found.types.of_kind(INT)}
    signed = {name for each, name in integers.items() if found.types.signed(each)}
    unsigned = {name for each, name in integers.items() if not found.types.signed(each)}
    assert "int" in signed
    assert {name for name in unsigned if "unsigned" in name} == unsigned - {"char", "_Bool"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "no __per_cpu_offset"),
        (("--strip-all",), "no symbol table"),
        (("--remove-section=.BTF", "--add-symbol=__per_cpu_offset=1,global"), "no BTF"),
    ],
)
def test_images_that_lack_something(options: tuple[str, ...], text: str) -> None:
    with pytest.raises(BadInput, match=text):
        layout(str(objcopied(*options)))
