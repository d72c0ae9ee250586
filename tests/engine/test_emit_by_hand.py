"""Compiled steps of programs written out in the IR, against bytes that Python's integers give."""

import operator
import re
from collections.abc import Callable
from typing import NamedTuple

import pytest

from klprove import ir
from klprove.engine import Limits, emit
from klprove.engine.emit import Emitter
from klprove.engine.image import BOUNDS, FREED, NULL, WILD, Image
from klprove.engine.points import Noted, Points
from klprove.ir.types import BY_NAME

HEAD = """\
program cpus 2
object 0x1000 32 bytes granule 8
  init {}
object 0x2000 16 fixed readonly
  init {}
object 0x3000 4 counter
object 0x4000 8 kept
wrap 0x3000 u8 3
witness there
context task t cpu 1 ; a.c:1:1
  registers %x:{} %n:i32 %p:u64
"""
BYTES, FIXED = bytes(range(0x71, 0xB1, 2)), bytes(range(0x78, 0x98, 2))
"""What stands in two of the objects: at every width, signs of both kinds."""


class Ran(NamedTuple):
    """A task that has run from its beginning until it cannot go on."""

    image: Image
    memory: bytes
    note: list[Noted]
    done: bool
    """It has reached its end."""

    def at(self, addr: int, size: int) -> bytes:
        """Bytes of an object."""
        start, holder = self.image.position(addr), self.image.holder(addr)
        assert holder is not None
        return self.memory[start : start + size] if start is not None else holder.init[:size]

    @property
    def changed(self) -> bytes:
        """What stands in the 32 bytes."""
        return self.at(0x1000, 32)

    @property
    def kept(self) -> int:
        """What is in the last object."""
        return int.from_bytes(self.at(0x4000, 8), "little", signed=True)


def ran(lines: str, ty: str = "u64", choice: int = 0) -> Ran:
    """What comes of a task of these lines; its register %x has the type `ty`."""
    numbered = enumerate(line.strip() for line in lines.strip().splitlines())
    body = "".join(f"{place} {line} ; a.c:2:1\n" for place, line in numbered)
    made = ir.parse_ir(HEAD.format(BYTES.hex(), FIXED.hex(), ty) + body)
    assert ir.verify(made) == []
    image = Image(made, Limits())
    points, note = Points(made, image), list[Noted]()
    (entry,), memory = points.entries, image.initial
    run, values = entry.prefix, entry.values
    if run is None:
        run = points.table[entry.point].run
    while run is not None:
        outcome = run(memory, values, note, choice)
        if outcome is None:
            return Ran(image, memory, note, False)
        number, values, memory = outcome
        run = points.table[number].run
    return Ran(image, memory, note, True)


UPDATES: dict[str, Callable[[int, int], int]] = {
    "xchg": lambda old, new: new,
    "add": operator.add,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}
PLACES = {"constant": "0x1009", "computed": "%p"}


def _held(raw: bytes, ty: ir.Int) -> int:
    return int.from_bytes(raw[: ty.size], "little", signed=ty.signed)


def _put(value: int, ty: ir.Int) -> bytes:
    return BYTES[:9] + (value % (1 << ty.bits)).to_bytes(ty.size, "little") + BYTES[9 + ty.size :]


def _operands(ty: ir.Int) -> list[int]:
    return [ty.wrap(each) for each in (3, 0x8F1E_2D3C_4B5A_6978, -1)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", BY_NAME)
def test_accesses_of_every_width(name: str, place: str) -> None:
    ty, addr = BY_NAME[name], PLACES[place]
    old = _held(BYTES[9:], ty)

    def after(access: str) -> tuple[bytes, int]:
        end = f"store u64 [0x4000], u64(%x:{name})" if name != "u64" else "store u64 [0x4000], %x"
        done = ran(f"pause\n%p = 0x1009\n{access}\n{end}\nend", name)
        assert done.done and done.note == []
        return done.changed, done.kept

    assert after(f"%x = load {name} [{addr}]") == (BYTES, ir.I64.wrap(old))
    for value in _operands(ty):
        assert after(f"store {name} [{addr}], {value}") == (_put(value, ty), 0)
        for what, meaning in UPDATES.items():
            new, access = _put(meaning(old, value), ty), f"rmw {what} {name} [{addr}], {value}"
            assert after(f"%x = {access}") == (new, ir.I64.wrap(old))
            assert after(access) == (new, 0)
        for expected in (old, ty.wrap(old + 1)):
            new = _put(value, ty) if expected == old else BYTES
            access = f"cmpxchg {name} [{addr}], {expected}, {value}"
            assert after(f"%x = {access}") == (new, ir.I64.wrap(old))
            assert after(access) == (new, 0)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_never_changes_is_a_constant(name: str) -> None:
    ty = BY_NAME[name]
    for offset in (0, 1, 6, 8):
        end = f"store u64 [0x4000], u64(%x:{name})" if name != "u64" else "store u64 [0x4000], %x"
        done = ran(f"%x = load {name} [{0x2000 + offset:#x}]\n{end}\nend", name)
        assert done.kept == ir.I64.wrap(_held(FIXED[offset:], ty))


FAULTS = {
    "null": ("load u8 [0x8]", NULL),
    "between objects": ("load u8 [0x1800]", WILD),
    "a write to a constant": ("store u8 [0x2000], 1", WILD),
    "over the end": ("load u32 [0x101d]", BOUNDS),
    "gone": ("load u8 [0x1008]", FREED),
    "gone at its end": ("load u16 [0x1007]", FREED),
    "an update of what is gone": ("rmw add u8 [0x100f], 1", FREED),
    "an exchange with what is gone": ("cmpxchg u8 [0x100f], 1, 2", FREED),
    "a free of what is gone": ("free [0x1008], 8", FREED),
    "a free of what cannot be freed": ("free [0x3000], 4", WILD),
}
"""Accesses after the second piece of eight bytes has been freed, and what is wrong with them."""


@pytest.mark.parametrize("place", ["constant", "computed"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_access_ends_the_path(name: str, place: str) -> None:
    access, fault = FAULTS[name]
    before, addr, after = re.fullmatch(r"(.*)\[(.*)\](.*)", access).groups()  # type: ignore[union-attr]
    shown = addr if place == "constant" else "%p"
    dst = "%x = " if "load" in access else ""
    ty = access.split()[1] if "load" in access else "u64"
    done = ran(
        f"free [0x1008], 8\n%p = {addr}\n{dst}{before}[{shown}]{after}\nstore u64 [0x4000], 1\nend",
        ty,
    )
    assert (done.done, done.note, done.kept) == (False, [("fault", 2, fault)], 0)
    assert done.changed == BYTES


COUNTS = {
    "a store": ("store u8 [{}], 13", 5),
    "a store of another width": ("store u16 [{}], 13", 13),
    "an update": ("rmw add u8 [{}], 9", 1),
    "a downward update": ("rmw add u8 [{}], 255", 7),
    "an exchange": ("cmpxchg u8 [{}], 0, 10", 2),
}
"""What the counter modulo 8, which is 0, becomes."""


@pytest.mark.parametrize("place", ["0x3000", "%p"])
@pytest.mark.parametrize("name", COUNTS)
def test_a_counter_wraps(name: str, place: str) -> None:
    text, value = COUNTS[name]
    done = ran(f"pause\n%p = 0x3000\n{text.format(place)}\nend")
    assert int.from_bytes(done.at(0x3000, 4), "little") == value


SHAPES = {
    "it begins with what it comes back to": (
        """
        %n = (%n + 1)
        branch (%n < 5):i32, 0, 2
        pause
        store u64 [0x4000], u64(%n:i32)
        end
        """,
        5,
    ),
    "a loop with two ways through it, left from its middle": (
        """
        pause
        %n = (%n + 1)
        branch (%n == 7):i32, 6, 3
        branch ((%n & 1) == 1):i32, 4, 1
        %p = (%p + u64(%n:i32))
        jump 1
        store u64 [0x4000], %p
        end
        """,
        1 + 3 + 5,
    ),
    "a loop in a loop": (
        """
        pause
        %p = (%p + 10)
        %n = 0
        %n = (%n + 1)
        %p = (%p + 1)
        branch (%n < 3):i32, 3, 6
        branch (%p < 50):u64, 1, 7
        store u64 [0x4000], %p
        end
        """,
        52,
    ),
    "two ways that meet, and nothing else": (
        """
        pause
        branch (%n == 0):i32, 2, 4
        %p = 4
        jump 5
        %p = 3
        %p = (%p + 1)
        store u64 [0x4000], %p
        end
        """,
        5,
    ),
    "both ways of a branch are one": (
        """
        pause
        branch (%n == 0):i32, 2, 2
        %p = (%p + 1)
        store u64 [0x4000], %p
        end
        """,
        1,
    ),
    "a way that ends at once, and a long one": (
        """
        branch (%n != 0):i32, 3, 1
        %p = 6
        jump 4
        pause
        store u64 [0x4000], %p
        end
        """,
        6,
    ),
    "a visible instruction that a step comes back to": (
        """
        pause
        %n = (%n + 1)
        branch (%n < 4):i32, 0, 3
        store u64 [0x4000], u64(%n:i32)
        end
        """,
        4,
    ),
    "an await that holds": (
        """
        atomic
        fused %x = load u64 [0x1008]
        await (%x != 0):u64
        store u64 [0x4000], (%x & 255)
        end
        """,
        BYTES[8],
    ),
    "what takes a step, or none, and does nothing": (
        """
        fence
        yield
        fence
        pause
        store u64 [0x4000], 1
        end
        """,
        1,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_of_a_step(name: str) -> None:
    text, value = SHAPES[name]
    done = ran(text)
    assert (done.done, done.note, done.kept) == (True, [], value)
    assert done.changed == BYTES


NOTES = {
    "an await that does not hold": (
        """
        atomic
        fused %x = load u64 [0x4000]
        await (%x != 0):u64
        store u64 [0x4000], 1
        end
        """,
        [("blocked", 2, 0)],
    ),
    "a check that fails": (
        'pause\ncheck 1:i32, a, ""\ncheck (%n == 1):i32, assert, "n"\nstore u64 [0x4000], 1\nend',
        [("check", 2, 0)],
    ),
    "a path that is dropped": (
        "pause\nassume 1:i32\nassume (%n == 1):i32\nstore u64 [0x4000], 1\nend",
        [],
    ),
    "a bound, before the first step": ('limit "deep"\nend', [("limit", 0, 0)]),
    "what is noticed goes on, in order, up to a bound": (
        'pause\nreach there\nreport odd\nwarned "w"\nlimit "deep"\nstore u64 [0x4000], 1\nend',
        [("reach", 1, 0), ("report", 2, 0), ("warned", 3, 0), ("limit", 4, 0)],
    ),
    "a step that never ends": (
        "pause\npause\nbranch (%n == 0):i32, 2, 3\nstore u64 [0x4000], 1\nend",
        [("spin", 1, 0)],
    ),
    "a beginning that never ends": (
        "branch (%n == 0):i32, 0, 1\nstore u64 [0x4000], 1\nend",
        [("spin", 0, 0)],
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_notes_of_a_path_that_ends(name: str) -> None:
    text, note = NOTES[name]
    done = ran(text)
    assert (done.done, done.note, done.kept) == (False, note, 0)


@pytest.mark.parametrize(("turns", "ends"), [(49, True), (50, False)])
def test_a_step_has_so_many_turns(turns: int, ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is what leads to the loop."""
    monkeypatch.setattr(emit, "LOOP_LIMIT", 50)
    text = f"pause\n%n = (%n + 1)\nbranch (%n < {turns}):i32, 1, 3\nend"
    assert ran(text).done == ends


def test_the_flags_are_of_the_cpu_that_runs() -> None:
    off = ran("irq_set 0:i32\n%n = irq_get\nstore u64 [0x4000], u64(%n:i32)\nend")
    own = off.image.machine
    assert (off.kept, off.memory[own[1].irq_flag], off.memory[own[0].irq_flag]) == (0, 0, 1)
    on = ran(
        "irq_set 0:i32\nirq_set (%n == 0):i32\n%n = irq_get\nstore u64 [0x4000], u64(%n:i32)\nend"
    )
    assert (on.kept, on.memory[own[1].irq_flag], on.memory[own[0].irq_flag]) == (1, 1, 1)


def test_a_choice_is_a_value() -> None:
    assert ran("%p = choose 4\nstore u64 [0x4000], %p\nend", choice=3).kept == 3


def test_no_step_begins_where_a_context_ends() -> None:
    text = HEAD.format(BYTES.hex(), FIXED.hex(), "u8") + "0 end ; a.c:2:1\n"
    made = ir.parse_ir(text)
    emitter = Emitter(made.contexts[0].code, Image(made, Limits()), 1, {0: 0}, {0: ()})
    with pytest.raises(TypeError, match=r"^no step for End\("):
        emitter.function("f", 0, False)
