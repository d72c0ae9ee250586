"""What a replay prints."""

from dataclasses import replace

from klprove.kernels import load
from klprove.replay import (
    Campaign,
    Case,
    Cell,
    Hook,
    Outcome,
    Row,
    Schedule,
    Shown,
    Step,
    Tried,
)
from klprove.replay.walk import Walk
from klprove.report.replayed import (
    hooks_document,
    hooks_text,
    planned_text,
    replay_document,
    replayed,
    stock_text,
)
from klprove.source import Span
from klprove.verdict import Event, Trace
from tests.replay.guest import columns as words
from tests.schemas.law import obey

CASE = Case("assert at f", "v6.0", "f", "f.c", Trace((), ()), None)  # type: ignore[arg-type]


def _row(number: int, result: str, at: str, state: Cell, text: str = "") -> Row:
    event = Event("step", 0, 0, "task", "t", Span("a/f.c", 10 + number, 1), ("f",))
    step = Step(number, event, "change", pair=words().pairs["state"], value=state.model)
    cells = {"state": state, "nest": Cell(1, 1), "count": Cell(number, number)}
    return Row(step, result, at, {} if result == "not mapped" else cells, Cell(1, 1), text)


def _outcome(last: int) -> Outcome:
    rows = (
        _row(1, "agreed", "enter+0x0", Cell(4, 4)),
        _row(2, "not mapped", "", Cell(4, 4), "own: is the model's own"),
        _row(3, "agreed" if last == 1 else "differs", "enter+0x5", Cell(1, last), "state is 5"),
    )
    return Outcome(rows, 2)


def test_a_replay_that_does_not_agree() -> None:
    text = replayed(CASE, "6.1.0", [_outcome(1), _outcome(5)], words())
    head = text.splitlines()
    assert head[0] == "klprove: DISAGREED  assert at f  v6.0 on 6.1.0"
    assert head[1:3] == [
        "replays : 1 of 2 replays agreed", "steps   : 3, 2 of them mapped to the kernel's code",
    ]  # fmt: skip
    assert "   1  f.c:11                enter+0x0" in text
    assert "   2  f.c:12                not mapped: own: is the model's own" in text
    assert "5!1" in text
    assert "first   : step 3: state is 5" in text
    assert all(len(line) <= 79 for line in head)


def test_columns_that_never_change_stand_below() -> None:
    text = replayed(CASE, "6.1.0", [_outcome(1)], words())
    assert text.startswith("klprove: AGREED")
    assert "always  : nest 1, irqs on; in both" in text


def test_a_spoiled_replay_is_lost() -> None:
    row = Row(_outcome(1).rows[0].step, "spoiled", text="interrupts came in between, 60 times")
    text = replayed(CASE, "6.1.0", [Outcome((row,), 60)], words())
    assert text.startswith("klprove: LOST")
    assert "0 of 1 replay agreed" in text


def test_machines_that_told_nothing_are_told_of() -> None:
    late = replace(_outcome(1), lost=("the updater has not begun", "interrupts came"))
    text = replayed(CASE, "6.1.0", [late], words())
    assert text.splitlines()[1:4] == [
        "replays : 1 of 1 replay agreed",
        "boot 2  : boot 1 told nothing: the updater has not begun",
        "boot 3  : boot 2 told nothing: interrupts came",
    ]
    text = replayed(CASE, "6.1.0", [_outcome(1), late], words())
    assert "boot 2  : of replay 2; boot 1 told nothing: the updater" in text
    document = replay_document(CASE, "6.1.0", [_outcome(1), late], words())
    obey(document)
    assert [len(each["lost"]) for each in document["replays"]] == [0, 2]


def test_the_document() -> None:
    found = replay_document(CASE, "6.1.0", [_outcome(5)], words())
    obey(found)
    assert (found["schema"], found["agreed"]) == ("klprove.replay/2", False)
    (one,) = found["replays"]
    assert one["result"] == "differs"
    assert one["steps"][2]["words"]["state"] == {"model": "1", "kernel": "5"}


def test_the_document_of_a_campaign() -> None:
    walked = Walk("idle, NMI in idle 3", "idle", "in idle 3", Trace((), ()), {}, True)
    hook = Hook("idle", "idle", 2, 1, 1, 9, 0)
    found = hooks_document("v6.0", "6.1.0", [hook], Campaign([Tried(walked, _outcome(1))], []))
    obey(found)
    assert found["hooks"][0] == {
        "scene": "idle", "name": "idle", "places": 2, "agreed": 1, "merged": 1, "compared": 9,
        "differing": 0,
    }  # fmt: skip
    assert found["walks"][0]["result"] == "agreed"


def test_what_a_reproducer_saw() -> None:
    assert stock_text(Shown("stalled", False, ("a", "b")), "6.1.0") == (
        "klprove: NOT HELD  stalled  6.1.0\nseen    : a\nseen    : b"
    )


def test_hooks_without_a_walk() -> None:
    done = Campaign([], ["exc_debug"])
    obey(hooks_document("v6.0", "6.1.0", [], done))
    told = hooks_text("v6.0", "6.1.0", [], done)
    assert told.startswith("klprove: AGREED  v6.0 on 6.1.0  0 walks")
    assert told.endswith("not entered in 10 s of idling, reading, tracing: exc_debug")


def test_the_site_that_a_reproducer_counts_on() -> None:
    """idle-handler: entered with RCU off before v6.3, refused since."""
    assert "arch_cpu_idle" in load("v6.0").sites
    assert "arch_cpu_idle" not in load("v6.12").sites


def test_a_schedule_is_told_in_lines_that_fit() -> None:
    away = Step(2, _outcome(1).rows[0].step.event, "skip", why="a reason that is long " * 8)
    plan = Schedule((_row(1, "agreed", "", Cell(4, 4)).step, away), {"state": 1})
    lines = planned_text(plan, words(), CASE, ["qemu", "-kernel", "vmlinux"]).splitlines()
    assert lines[0] == "klprove: SCHEDULE  assert at f  v6.0" and "qemu -kernel" in lines[1]
    assert "before: state 1, irqs on" in lines
    assert any(line.endswith("run until state changes; then state is 4") for line in lines)
    assert max(map(len, lines)) <= 79 and sum("a reason" in line for line in lines) > 2
