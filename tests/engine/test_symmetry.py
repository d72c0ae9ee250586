"""Permutations of CPUs: which programs have any, what they do, and how runs are told with them."""

from itertools import islice, permutations
from pathlib import Path

import pytest

from klprove.check import Question
from klprove.check import program as program_of
from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine, State
from klprove.engine.native import Native
from klprove.engine.points import Noted
from klprove.engine.reduction.symmetry import Symmetry
from klprove.engine.replay import replayed
from klprove.ir import parse_ir
from tests.engine.agree import asked
from tests.engine.interleavings import ONE_EACH
from tests.engine.twins import TWINS

TASK = """
context task t{0} cpu {0} ; c.c:{0}:1
  registers %a:i32
    0 store i32 [{1:#x}], 1 ; c.c:{0}:2 t{0}
    1 %a = load i32 [{2:#x}] ; c.c:{0}:3 t{0}
    2 branch (%a == 0):i32, 3, 4 ; c.c:{0}:4 t{0}
    3 report odd ; c.c:{0}:5 t{0}
    4 halt ; c.c:{0}:6 t{0}
"""
"""Store buffering: writes one variable and reads another one."""


def around(count: int, looks: int, more: str = "") -> Machine:
    """`count` CPUs in a ring; each writes its variable and reads that of CPU n + `looks`."""
    at = [0x1000 + 0x10 * cpu for cpu in range(count)]
    objects = "".join(f"object {each:#x} 4 x{cpu}\n" for cpu, each in enumerate(at))
    tasks = "".join(TASK.format(cpu, at[cpu], at[(cpu + looks) % count]) for cpu in range(count))
    cpus = count + bool(more)
    return Machine(parse_ir(f"program cpus {cpus}\n{objects}{tasks}{more}"), Limits())


UPDATER = """
context task u cpu {0} ; c.c:9:1
  registers %a:i32 %b:i32
    0 %a = load i32 [{1}] ; c.c:9:2 u
    1 %b = load i32 [{2}] ; c.c:9:3 u
    2 branch (%a > %b):i32, 3, 4 ; c.c:9:4 u
    3 report odd ; c.c:9:5 u
    4 halt ; c.c:9:6 u
"""


ORDERS = list(permutations(range(4)))[1:]


@pytest.mark.parametrize(
    ("machine", "turns"),
    [
        (around(2, 1), {(1, 0)}),
        (around(3, 0), {(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)}),
        (around(3, 1), {(1, 2, 0), (2, 0, 1)}),
        (
            around(4, 2),
            {each for each in ORDERS if all(each[n - 2] == each[n] ^ 2 for n in range(4))},
        ),
        (around(2, 0, UPDATER.format(2, "0x1000", "0x1010")), set()),
        (around(2, 0, UPDATER.format(2, "0x1000", "0x1000")), set()),
        (around(3, 0, UPDATER.format(3, "0x1000", "0x1010")), set()),
        (around(1, 0), set()),
        (around(5, 0), set()),
    ],
)
def test_which_cpus_are_interchangeable(machine: Machine, turns: set[tuple[int, ...]]) -> None:
    assert {each.cpus for each in Symmetry(machine).turns} == turns


def test_readers_are_not_where_an_updater_visits_them_in_order() -> None:
    file = Path(__file__).parents[2] / "bench" / "dynticks_nest.c"
    made = program_of(Question((str(file),), defines={"NCPU": "2"}))
    assert Symmetry(Machine(made, ONE_EACH)).turns == []


def reachable(machine: Machine, most: int) -> set[State]:
    """Some states."""
    first = machine.initial([])
    found, work = {first}, [first]
    for state in work:
        for choice in machine.choices(state):
            after = machine.apply(state, choice, [])
            if after is not None and after not in found and len(found) < most:
                found.add(after)
                work.append(after)
    return found


@pytest.mark.parametrize("block", range(TWINS, TWINS + 60, 20))
def test_turned_cpus_do_the_same(block: int) -> None:
    """For every state, choice and permutation: turned and then moved is moved and then turned."""
    compared = 0
    for seed in range(block, block + 20):
        machine = asked(seed)
        symmetry = Symmetry(machine)
        if not symmetry.turns:
            continue
        for state in islice(reachable(machine, 60), 60):
            for turn in symmetry.turns:
                other = turn.state(state)
                assert symmetry.settled(other)[0] == symmetry.settled(state)[0]
                for choice in machine.choices(state):
                    notes: list[Noted] = []
                    heard: list[Noted] = []
                    after = machine.apply(state, choice, notes)
                    (turned,) = turn.choices([choice])
                    assert machine.apply(other, turned, heard) == (after and turn.state(after))
                    running, there = machine.running(state, choice), machine.running(other, turned)
                    assert [turn.noted(running, each) for each in notes] == [
                        (there, each) for each in heard
                    ]
                    compared += 1
    assert compared > 1000


@pytest.mark.parametrize("block", range(TWINS, TWINS + 80, 40))
def test_runs_are_told_by_the_cpus_of_their_last_state(block: int) -> None:
    """Runs of the reduced search itself replay, and end with their findings."""
    told = turned = 0
    for seed in range(block, block + 40):
        machine = asked(seed)
        search = Native(machine, Meter(machine.limits, None), off=frozenset()).run()
        turned += bool(Symmetry(machine).turns)
        for each in search.discoveries:
            replayed(machine, each)
            told += 1
    assert told > 20 and turned > 15
