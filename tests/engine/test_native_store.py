"""How the native engine keeps states: exactly, compactly, by several threads, and on disk."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from klprove.check import Question
from klprove.check import program as program_of
from klprove.engine import Limits, explore
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine, State
from klprove.engine.native import Native, shares, store
from klprove.engine.native.tree import shape
from klprove.engine.reduction.names import EVERY
from klprove.engine.reference import Reference
from klprove.ir.program import Program
from klprove.source import BadInput
from tests.engine import rich
from tests.engine.generated import program

ONE_EACH = {"irq": 1, "nmi": 1, "exception": 1}
ROOT = Path(__file__).parents[2]
BENCH = str(ROOT / "bench" / "dynticks_nest.c")


def outcome(made: Program, limits: Limits) -> tuple[object, ...]:
    """Everything that a search says, its schedules, and how each state was found."""
    machine = Machine(made, limits)
    native = Native(machine, Meter(limits, None))
    trail: list[bytes] = []
    close = native._store.close

    def keep() -> None:
        count = native._store.count * native._model.trail
        trail.extend(each.read(0, count) for each in (native._store.births, native._store.places))
        close()

    native._store.close = keep
    found = native.run()
    schedules = {each.notice: tuple(each.schedule) for each in found.discoveries}
    figures = (found.states, found.transitions, found.depth)
    return (*figures, sorted(found.reasons), sorted(found.witnesses), schedules, *trail)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("compact", [False, True])
def test_threads_number_states_as_one_does(
    threads: int, compact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "SHARE", 5)
    compared = 0
    for seed in range(2000, 2012):
        made = program(seed, cpus=2)
        limits = Limits(arrivals=ONE_EACH, compact=compact, seconds=3)
        alone = outcome(made, limits)
        if alone[3] or alone[0] > 20_000:
            continue
        again = outcome(made, replace(limits, threads=threads, seconds=None))
        assert again == alone, f"seed {seed}"
        compared += 1
    assert compared >= 4


def test_threads_agree_on_findings_of_rich_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SHARE", 3)
    found = 0
    for seed in range(40):
        limits = Limits(arrivals={"irq": 1, "nmi": 1, "softirq": 1}, seconds=3)
        alone = outcome(rich.program(seed), limits)
        if any("time limit" in each for each in alone[3]):
            continue
        again = outcome(rich.program(seed), replace(limits, threads=2, seconds=None))
        assert again == alone, f"seed {seed}"
        found += len(alone[5])
    assert found > 20


@pytest.mark.parametrize("threads", [1, 2])
def test_a_compact_search_says_the_same(threads: int) -> None:
    for seed in range(20):
        limits = Limits(arrivals=ONE_EACH, seconds=3, threads=threads)
        made = program(seed)
        assert outcome(made, replace(limits, compact=True))[:6] == outcome(made, limits)[:6]


def test_a_compact_verdict_says_what_it_rests_on() -> None:
    limits = Limits(engine="native", no_reduce=EVERY, compact=True, arrivals=ONE_EACH)
    verdict = explore(program(7), limits)
    assert any("fingerprint" in each and "e-1" in each for each in verdict.assumptions)
    exact = explore(program(7), replace(limits, compact=False))
    assert verdict.statistics.states == exact.statistics.states
    assert not any("fingerprint" in each for each in exact.assumptions)


@pytest.mark.parametrize("seed", [3, 2007, 2011])
def test_keys_stand_for_whole_states(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state that the reference engine reaches, and no other, comes back from its key."""
    made = program(seed, cpus=1 + (seed > 2000))
    limits = Limits(arrivals=ONE_EACH)
    native = Native(Machine(made, limits), Meter(limits, None))
    found: set[State] = set()
    close = native._store.close

    def keep() -> None:
        for index in range(native._store.count):
            record = native._store.record(native._store.order.word(index))
            found.add(native._model.layout.decode(record))
        close()

    monkeypatch.setattr(native._store, "close", keep)
    states = native.run().states
    reference = Reference(Machine(made, limits), Meter(limits, None))
    reference.run()
    assert len(found) == states
    assert found == set(reference._parents)


@pytest.mark.parametrize("sizes", [[1], [0, 1], [3, 0, 2], [40, 9, 1], [1] * 9, [17, 17, 17]])
def test_the_tree_has_every_word_once(sizes: list[int]) -> None:
    words = iter(range(100))
    groups = [[next(words) for _ in range(size)] for size in sizes]
    made = shape(groups, 99)
    held = [word for part in made.parts for word in part if word != 99]
    assert sorted(held) == list(range(sum(sizes)))
    used = [each for pair in (*made.joins, made.top) for each in pair]
    assert sorted(used) == list(range(made.nodes))


def test_large_tables_grow_by_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_SMALL", 1 << 14)
    monkeypatch.setattr(store, "_STALE", 1 << 10)
    file = program_of(Question((BENCH,), defines={"NCPU": "1"}))
    for compact in (False, True):
        limits = Limits(engine="native", no_reduce=EVERY, arrivals=ONE_EACH, compact=compact)
        verdict = explore(file, limits)
        assert verdict.word == "holds"
        assert verdict.statistics.states == 402_168


def test_states_take_few_bytes() -> None:
    defines = {"NCPU": "2", "NIST": "0", "NIRQ": "0"}
    made = program_of(Question((BENCH,), defines=defines))
    for compact in (False, True):
        limits = Limits(arrivals=ONE_EACH, compact=compact)
        machine = Machine(made, limits)
        search = Native(machine, Meter(limits, None)).run()
        assert search.states == 2_194_725
        assert search.bytes / search.states < 24  # 75 as whole records


# -- checkpoints ----------------------------------------------------------------------


def asked(**defines: str) -> Program:
    return program_of(Question((BENCH,), defines=defines))


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_that_ran_out_of_time_goes_on(
    tmp_path: Path, compact: bool, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_STALE", 1 << 12)
    monkeypatch.setattr(store, "_KEYS", 1000)
    limits = Limits(
        engine="native",
        no_reduce=EVERY,
        arrivals=ONE_EACH,
        compact=compact,
        threads=threads,
        checkpoint=tmp_path,
        checkpoint_seconds=0.01,
        seconds=0.15,
    )
    stopped = 0
    verdict = explore(asked(NCPU="1"), limits)
    while not verdict.complete:
        stopped += 1
        # Longer each time: a machine that has other work to do must not stand still.
        longer = replace(limits, resume=True, seconds=0.15 * 1.3**stopped)
        verdict = explore(asked(NCPU="1"), longer)
    assert stopped
    assert (verdict.word, verdict.statistics.states) == ("holds", 402_168)
    assert (verdict.statistics.transitions, verdict.statistics.depth) == (786_750, 58)


def test_findings_and_their_traces_survive(tmp_path: Path) -> None:
    for seed in (7, 10, 21, 2007):
        made = program(seed, cpus=1 + (seed > 2000))
        limits = Limits(engine="native", no_reduce=EVERY, arrivals=ONE_EACH)
        whole = explore(made, limits)
        here = replace(limits, checkpoint=tmp_path / str(seed), checkpoint_seconds=0.0)
        explore(made, here)
        again = explore(made, replace(here, resume=True))
        assert again.findings == whole.findings
        assert again.statistics.states == whole.statistics.states


def test_a_killed_search_is_resumed(tmp_path: Path) -> None:
    program_text = (
        "import sys; from pathlib import Path; from klprove.check import Question, program\n"
        "from klprove.engine import Limits, explore\n"
        "made = program(Question((sys.argv[1],), defines={'NCPU': '2', 'NFULL': '1'}))\n"
        "from klprove.engine.reduction.names import EVERY\n"
        "explore(made, Limits(engine='native', no_reduce=EVERY,\n"
        "                     arrivals={'irq': 1, 'nmi': 1, 'exception': 1},\n"
        "                     checkpoint=Path(sys.argv[2]), checkpoint_seconds=0.1))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program_text, BENCH, str(tmp_path)])
    head = tmp_path / "search.json"
    end = time.monotonic() + 60
    while time.monotonic() < end and not (
        head.exists() and json.loads(head.read_text())["states"] > 300_000
    ):
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    before = json.loads(head.read_text())["states"]
    assert 300_000 < before < 17_000_000
    made = asked(NCPU="2", NFULL="1")
    limits = Limits(
        engine="native", no_reduce=EVERY, arrivals=ONE_EACH, checkpoint=tmp_path, resume=True
    )
    verdict = explore(made, limits)
    assert (verdict.word, verdict.statistics.states) == ("holds", 17_749_400)


@pytest.mark.parametrize("harm", ["none", "other", "short", "twice", "garbled"])
def test_what_cannot_be_resumed_is_refused(tmp_path: Path, harm: str) -> None:
    made = asked(NCPU="1", NNMI="0")
    limits = Limits(
        engine="native",
        no_reduce=EVERY,
        arrivals=ONE_EACH,
        checkpoint=tmp_path,
        checkpoint_seconds=0.0,
    )
    if harm != "none":
        explore(made, limits)
    if harm == "other":
        made = asked(NCPU="1", NIRQ="0")
    if harm == "short":
        os.truncate(tmp_path / "keys", 100)
    if harm == "twice":
        with open(tmp_path / "keys", "r+b") as file:
            file.write(file.read(8) * 2)
    if harm == "garbled":
        (tmp_path / "search.json").write_text("{")
    with pytest.raises(BadInput) as refused:
        explore(made, replace(limits, resume=True))
    wanted = {"none": "no checkpoint", "other": "another question"}
    assert wanted.get(harm, "is damaged") in str(refused.value)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    limits = Limits(engine="native", checkpoint=tmp_path / "file" / "folder")
    with pytest.raises(BadInput):
        explore(program(7), limits)


def test_a_full_disk_does_not_end_a_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    said: list[str] = []
    limits = Limits(
        engine="native",
        no_reduce=EVERY,
        arrivals=ONE_EACH,
        checkpoint=tmp_path,
        checkpoint_seconds=0.0,
    )
    meter = Meter(limits, lambda progress: said.append(progress.said))
    meter._next = 0.0
    search = Native(Machine(asked(NCPU="1"), limits), meter).run()
    assert not search.reasons
    assert any("No space left on device" in each for each in said)
