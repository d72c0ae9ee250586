"""The kernels of the native engine as what they also are: Python."""

import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine
from klprove.engine.native import kernels
from klprove.engine.native.lowering import lower
from klprove.engine.native.model import Model, objects
from klprove.engine.reference import Reference
from tests.engine import rich
from tests.engine.generated import program

LIMITS = Limits(arrivals={"irq": 1, "nmi": 1, "exception": 1})


def interpreted(machine: Machine, model: Model) -> Any:
    """The kernels run by CPython, for one machine."""
    space: dict[str, Any] = dict(vars(ModuleType("kernels")))
    exec(Path(kernels.__file__).read_text(), space)
    space |= {
        "WORDS": model.layout.words,
        "SEEN": model.seen,
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


@pytest.mark.parametrize("seed", [7, 10, 21])
def test_the_search_in_python_counts_as_the_reference_engine_does(seed: int) -> None:
    machine = Machine(program(seed), LIMITS)
    model = Model(machine)
    python = interpreted(machine, model)
    full = Reference(Machine(program(seed), LIMITS), Meter(LIMITS, None)).run()
    assert 50 < full.states < 5000

    words, batch = model.layout.words, kernels.BATCH * model.fanout
    control = [0] * (model.seen + len(model.events))
    store, parents, out = [0] * 9000 * words, [0] * 9000, [0] * batch * words
    hashes, origins, table = [0] * batch, [0] * batch, [0] * 4 * batch
    out[:words] = struct.unpack(f"<{words}q", model.layout.encode(machine.initial([])))
    outcome = kernels.FULL
    while outcome == kernels.FULL or control[kernels.HEAD] < control[kernels.COUNT]:
        if outcome == kernels.FULL:
            entries = 1 << (2 * len(table) - 1).bit_length()
            grown = [0] * entries
            python.rebuild(table, len(table), grown, entries - 1)
            table = grown
            control[kernels.MASK], control[kernels.ROOM] = entries - 1, entries - 2 * batch
        if not control[kernels.COUNT]:
            python.begin(control, store, parents, table, out)
        control[kernels.UNTIL] = control[kernels.COUNT]
        outcome = python.search(control, store, parents, table, out, hashes, origins)
    assert control[kernels.COUNT] == full.states
    assert control[kernels.TRANSITIONS] == full.transitions
    assert all(by < index for index, by in enumerate(parents[1 : full.states], 1))


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
    assert seen >= {0, kernels.NULL, kernels.WILD, kernels.BOUNDS, kernels.FREED}


def test_hashes_of_states_that_differ_in_one_bit_differ() -> None:
    machine = Machine(program(21, cpus=2), LIMITS)
    model = Model(machine)
    python, words = interpreted(machine, model), model.layout.words
    state = list(struct.unpack(f"<{words}q", model.layout.encode(machine.initial([]))))
    found = {python.hashed(state, 0) >> 32}
    for bit in range(64 * words):
        changed = list(state)
        changed[bit // 64] ^= (1 << (bit % 64)) - ((1 << 64) if bit % 64 == 63 else 0)
        found.add(python.hashed(changed, 0) >> 32)
    assert len(found) == 64 * words + 1


@pytest.mark.parametrize(
    "said",
    ["x = [1]", "x = y ** 2", "for x in y:\n  pass", "x += 1", "a.b = 1", "x = a < b < c"],
)
def test_what_a_kernel_cannot_say_is_refused(said: str) -> None:
    body = "\n ".join(said.split("\n"))
    with pytest.raises((TypeError, KeyError, ValueError)):
        lower(f"def f(a: int, b: int, c: int, y: int) -> int:\n {body}\n return 0\n", {})
