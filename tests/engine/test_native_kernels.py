"""The kernels of the native engine as what they also are: Python."""

import struct
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.native import addresses, kernels
from klprove.engine.native.lowering import lower
from klprove.engine.native.model import Model, objects
from klprove.engine.reference import Reference
from tests.engine import rich
from tests.engine.generated import program

LIMITS = Limits(arrivals={"irq": 1, "nmi": 1, "exception": 1})


def interpreted(machine: Machine, model: Model) -> Any:
    """The kernels run by CPython, for one machine."""
    space: dict[str, Any] = dict(vars(ModuleType("kernels")))
    for each in (kernels, addresses):
        exec(Path(each.__file__).read_text(), space)
    shape = model.layout.shape
    space |= model.constants | {
        "TAIL": 1024,
        "cut": list(chain.from_iterable(shape.parts)),
        "joins": list(chain.from_iterable(shape.joins)),
        "objects": objects(machine.image),
        "expand": expander(machine, model),
    }
    return SimpleNamespace(**space)


def expander(machine: Machine, model: Model) -> Callable[..., int]:
    """`expand` by the machine that the reference engine runs."""
    words, form = model.layout.words, f"<{model.layout.words}q"

    def expand(control: list[int], store: list[int], at: int, out: list[int], to: int) -> int:
        state = model.layout.decode(struct.pack(form, *store[at : at + words]))
        made = 0
        for choice in machine.choices(state):
            after = machine.apply(state, choice, [])
            if after is not None:
                place = to + made * words
                out[place : place + words] = struct.unpack(form, model.layout.encode(after))
                made += 1
        return made

    return expand


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("seed", [7, 10, 21])
def test_the_search_in_python_counts_as_the_reference_engine_does(seed: int, compact: bool) -> None:
    machine = Machine(program(seed), LIMITS)
    model = Model(machine, compact=compact)
    python = interpreted(machine, model)
    full = Reference(Machine(program(seed), LIMITS), Meter(LIMITS, None)).run()
    assert 50 < full.states < 5000

    room = 9000
    control = [0] * (model.seen + len(model.events))
    order = [0] * room * (1 if model.exact else model.layout.words)
    births, places, work = [0] * room * model.trail, [0] * room * model.trail, [0] * model.work
    nodes = [[0] * room * model.layout.shape.width, [0] * 4 * room, [0] * room, [0] * 4 * room]
    for counts in (kernels.PIECES, kernels.PAIRS):
        control[counts + 1 : counts + 3] = room // 2, 2 * room
    table = [0] * (4 * room)
    control[kernels.ENTRIES], control[kernels.ROOM] = 512, 256
    arrays = (control, order, table, births, places, *nodes, work)
    first = model.layout.encode(machine.initial([]))
    work[model.out : model.out + model.layout.words] = struct.unpack(
        f"<{model.layout.words}q", first
    )
    python.begin(*arrays)
    grown = 0
    while control[kernels.HEAD] < control[kernels.COUNT]:
        control[kernels.UNTIL] = control[kernels.COUNT]
        outcome = python.search(*arrays)
        assert outcome in (kernels.REACHED, kernels.FULL)
        if outcome == kernels.FULL:
            before, grown = control[kernels.ENTRIES], grown + 1
            control[kernels.ENTRIES] = before * 3 // 2
            control[kernels.ROOM] = before
            assert python.stretch(table, before, control[kernels.ENTRIES]) == 0
    assert grown or full.states < 256
    assert control[kernels.COUNT] == full.states
    assert control[kernels.TRANSITIONS] == full.transitions
    parents = [1 for head in range(full.states) for _ in range(births[head])]
    assert len(parents) == full.states - 1


@pytest.mark.parametrize("seed", range(1, 5))
def test_addresses_are_located_as_in_the_image(seed: int) -> None:
    machine = Machine(rich.program(seed), LIMITS)
    python, image, random = interpreted(machine, Model(machine)), machine.image, Random(seed)
    memory = bytearray(image.initial)
    seen = set()
    for _ in range(3000):
        start = random.choice([0, rich.BYTES, rich.POOL, rich.FIXED, rich.COUNT, 1 << 63])
        addr = (start + random.randrange(-3, 12)) % (1 << 64)
        signed = addr - (1 << 64) if addr >> 63 else addr
        size, writes = random.choice([1, 2, 4, 8]), random.random() < 0.5
        if random.random() < 0.05:
            after = image.free(bytes(memory), addr, 4)
            said = python.free(memory, signed, 4)
            assert said == (after if isinstance(after, int) else 0)
            assert isinstance(after, int) or after == memory
        place = image.locate(bytes(memory), addr, size, writes)
        assert python.locate(memory, signed, size, int(writes)) == place
        seen.add(min(place, 0))
        if random.random() < 0.02:
            memory = bytearray(image.initial)
    assert seen >= {0, addresses.NULL, addresses.WILD, addresses.BOUNDS, addresses.FREED}


def test_hashes_of_states_that_differ_in_one_bit_differ() -> None:
    machine = Machine(program(21, cpus=2), LIMITS)
    model = Model(machine)
    python, words = interpreted(machine, model), model.layout.words
    state = list(struct.unpack(f"<{words}q", model.layout.encode(machine.initial([]))))
    found = {python.fingerprint(state, 0) >> 32}
    for bit in range(64 * words):
        changed = list(state)
        changed[bit // 64] ^= (1 << (bit % 64)) - ((1 << 64) if bit % 64 == 63 else 0)
        found.add(python.fingerprint(changed, 0) >> 32)
    assert len(found) == 64 * words + 1


def test_marks_are_a_bijection_of_keys() -> None:
    """The inverse, step by step: a product with an odd number and a fold by half can be undone."""

    def undone(mark: int) -> int:
        word = (1 << 64) - 1
        mark &= word
        for factor in (0xC4CEB9FE1A85EC53, 0xFF51AFD7ED558CCD):
            mark = (mark ^ (mark >> 33)) * pow(factor, -1, 1 << 64) & word
        return mark ^ (mark >> 33)

    random = Random(1)
    for key in [0, 1, (1 << 63) - 1, *(random.randrange(1 << 63) for _ in range(1000))]:
        assert undone(kernels.scramble(key)) == key


def tables(seed: int, tail: int, load: float) -> tuple[Any, list[int], list[int], int, int]:
    """The kernels, with so many places behind a table; a filled table, its marks, its places, and
    the places of a larger one."""
    random = Random(seed)
    space: dict[str, Any] = dict(vars(ModuleType("kernels")))
    exec(Path(kernels.__file__).read_text(), space)
    python = SimpleNamespace(**space | {"TAIL": tail})
    python.insert.__globals__["TAIL"] = tail
    entries = random.choice([64, 200, 1000, 3000])
    larger = int(entries * random.uniform(1.3, 3))
    marks = [random.randrange(1, 1 << 64) for _ in range(int(entries * load))]
    table = [0] * (larger + 2 * tail)
    assert all(python.insert(table, entries, mark) for mark in marks)
    return python, table, marks, entries, larger


@pytest.mark.parametrize("seed", range(40))
def test_a_table_keeps_everything_when_it_grows(seed: int) -> None:
    python, table, marks, entries, larger = tables(seed, 1024, Random(seed).uniform(0, 0.85))
    assert python.stretch(table, entries, larger) == 0
    assert sorted(filter(None, table)) == sorted(marks)
    assert not any(python.insert(table, larger, mark) for mark in marks)


def test_a_table_that_would_lose_something_says_so() -> None:
    """What stands further from its place than TAIL allows for must not be lost silently."""
    told = 0
    for seed in range(40):
        python, table, marks, entries, larger = tables(seed, 64, 0.95)
        if python.stretch(table, entries, larger):
            told += 1
        else:
            assert not any(python.insert(table, larger, mark) for mark in marks)
    assert told


@pytest.mark.parametrize(
    "said",
    ["x = [1]", "x = y ** 2", "for x in y:\n  pass", "x += 1", "a.b = 1", "x = a < b < c"],
)
def test_what_a_kernel_cannot_say_is_refused(said: str) -> None:
    body = "\n ".join(said.split("\n"))
    with pytest.raises((TypeError, KeyError, ValueError)):
        lower([f"def f(a: int, b: int, c: int, y: int) -> int:\n {body}\n return 0\n"], {})
