"""A driver and a guest made up: what agrees, what does not, and what is begun anew."""

from collections.abc import Mapping, Sequence

import pytest

from klprove.lab import Lost
from klprove.replay.driving import Driver, Spoiled
from klprove.replay.fidelity import uncalled
from klprove.replay.following import _ended, follow
from klprove.replay.outcome import AGREED, DIFFERS, MERGED, NOT_REACHED, SPOILED, Outcome
from klprove.replay.places import Places
from klprove.replay.schedule import Schedule, Step
from klprove.source import Span
from klprove.verdict import Event
from tests.replay.guest import (
    COUNT,
    DEBUG,
    DEVICE,
    IRQ,
    NEST,
    NMI,
    ON,
    STATE,
    Guest,
    Line,
    layout,
    words,
)

ENTER: Sequence[Line] = (
    Line(),
    Line(reads=[STATE]),
    Line(writes={NEST: 0}),
    Line(),
    Line(writes={STATE: 1}),
    Line(),
)
HANDLER: Sequence[Line] = (Line(), Line(writes={NEST: 3}), Line(), Line(writes={NEST: 0}), Line())
TICK: Sequence[Line] = (Line(), Line(writes={NEST: 5}), Line(writes={NEST: 0}), Line())
REST: Mapping[str, int] = {"state": 4, "nest": 1, "count": 0}


def _event(action: str = "step", depth: int = 0, notes: Sequence[str] = ()) -> Event:
    return Event(action, 0, depth, "task", "f", Span("f.c", 1, 1), notes=tuple(notes))


def _guest(enter: Sequence[Line] = ENTER, handler: Sequence[Line] = HANDLER) -> Guest:
    code = {"loop": [Line(), *enter], "enter": enter, NMI: handler, IRQ: TICK, DEVICE: handler,
            DEBUG: handler, "trap_arm": [Line(), Line()], "trap_rest": [Line()]}  # fmt: skip
    guest = Guest(code, {STATE: 4, NEST: 1, COUNT: 0}, "loop")
    guest.symbols["enter"] = guest.symbols["loop"] + 1
    return guest


def _driver(guest: Guest) -> Driver:
    return Driver(
        guest,  # type: ignore[arg-type] # the part of Gdb that it calls
        layout(guest),
        Places(guest.symbols),
        words(),
        guest.nmi,
        lambda: guest.pending.append(DEVICE),
        guest.symbols,
    )


def _replay(guest: Guest, steps: Sequence[Step], task: str = "") -> Outcome:
    driver = _driver(guest)
    return follow(driver, Schedule(tuple(steps), REST), task, attempts=3)


def _change(name: str, value: int, depth: int = 0, number: int = 1) -> Step:
    return Step(number, _event(depth=depth), "change", pair=words().pairs[name], value=value)


START = Step(1, _event(), "reach", "enter")
ARRIVAL = Step(3, _event("enter", 1), "inject NMI", NMI)
BACK = Step(5, _event("exit", 1), "return")
STEPS = (START, _change("nest", 0), _change("state", 1))


def test_a_guest_that_does_what_the_model_says() -> None:
    outcome = _replay(_guest(), STEPS)
    assert outcome.result == AGREED
    assert outcome.attempts == 1
    assert [row.at for row in outcome.rows] == ["enter+0x0", "enter+0x3", "enter+0x5"]
    assert outcome.rows[-1].cells["state"] == (1, 1)


def test_every_stop_is_taken_back() -> None:
    guest = _guest()
    _replay(guest, STEPS)
    assert guest.stops == set()


def test_another_order_is_told() -> None:
    swapped = [*ENTER[:2], ENTER[4], ENTER[3], ENTER[2], ENTER[5]]
    outcome = _replay(_guest(swapped), STEPS)
    assert outcome.result == DIFFERS
    assert outcome.first is not None
    assert outcome.first.text == "state becomes 1 from 4 first"


def test_another_value_is_told() -> None:
    other = [*ENTER[:4], Line(writes={STATE: 5}), Line()]
    outcome = _replay(_guest(other), STEPS)
    assert outcome.first is not None
    assert outcome.first.text == "state becomes 5, not 1"
    assert outcome.first.at == "enter+0x5"


def test_a_word_that_is_wrong_from_the_beginning_is_told() -> None:
    guest = _guest()
    guest.begin[COUNT] = guest.memory[COUNT] = 7
    outcome = _replay(guest, STEPS)
    assert outcome.first is not None
    assert outcome.first.text == "count is 7, the model has 0"


def test_a_change_that_never_comes() -> None:
    outcome = _replay(_guest([Line(), Line(halts=True), Line()]), STEPS)
    assert outcome.result == DIFFERS
    assert outcome.first is not None
    assert "nest does not become 0 within" in outcome.first.text


def test_a_function_that_is_never_entered() -> None:
    guest = _guest()
    guest.symbols["enter"] = 0xFFFFFFFF90000000
    outcome = _replay(guest, STEPS)
    assert outcome.result == NOT_REACHED
    assert outcome.rows[-1].text == "enter is not entered"


def test_an_excursion_of_a_count_is_no_difference() -> None:
    around = [*ENTER[:3], Line(writes={COUNT: 1}), Line(writes={COUNT: 0}), *ENTER[4:]]
    assert _replay(_guest(around), STEPS).result == AGREED


def test_an_nmi_is_taken_where_it_is_sent_and_returns_there() -> None:
    steps = [*STEPS[:2], ARRIVAL, _change("nest", 3, 1), _change("nest", 0, 1), BACK, STEPS[2]]
    outcome = _replay(_guest(), steps)
    assert outcome.result == AGREED
    assert [row.at for row in outcome.rows[2:6]] == [
        f"{NMI}+0x0", f"{NMI}+0x2", f"{NMI}+0x4", "enter+0x3",
    ]  # fmt: skip


def test_an_nmi_that_leaves_another_value_is_told() -> None:
    handler = [*HANDLER[:3], Line(writes={NEST: 2}), Line()]
    steps = [*STEPS[:2], ARRIVAL, _change("nest", 3, 1), _change("nest", 0, 1), BACK]
    outcome = _replay(_guest(handler=handler), steps)
    assert outcome.first is not None
    assert outcome.first.text == "nest becomes 2, not 0"


def test_an_nmi_that_is_taken_later_is_told() -> None:
    guest = _guest()

    def nmi() -> None:
        guest.pending.append(NMI)
        guest.late = True

    guest.nmi = nmi  # type: ignore[method-assign]
    outcome = _replay(guest, [*STEPS[:2], ARRIVAL])
    assert outcome.first is not None
    text = "it was taken at enter+0x4, not where it was sent, 3 times of 3"
    assert outcome.first.text == text


def test_an_nmi_that_is_taken_later_once_is_sent_again() -> None:
    """A machine that is busy may hand it over when the CPU has gone on."""
    guest = _guest()
    late = iter([True])

    def nmi() -> None:
        guest.pending.append(NMI)
        guest.late = next(late, False)

    guest.nmi = nmi  # type: ignore[method-assign]
    outcome = _replay(guest, [*STEPS[:2], ARRIVAL])
    assert (outcome.result, outcome.attempts) == (AGREED, 2)


def test_a_hardware_breakpoint_is_hit_where_the_cpu_stands() -> None:
    guest = _guest()
    hit = Step(3, _event("enter", 1), "breakpoint", DEBUG)
    steps = [*STEPS[:2], hit, _change("nest", 3, 1), _change("nest", 0, 1), BACK, STEPS[2]]
    outcome = _replay(guest, steps)
    assert outcome.result == AGREED
    assert [row.at for row in outcome.rows[2:6:3]] == [f"{DEBUG}+0x0", "enter+0x3"]
    assert guest.armed == guest.symbols["trap_rest"]


def test_an_interrupt_comes_with_its_vector_on_the_stack() -> None:
    raised = Step(3, _event("enter", 1), "raise irq", DEVICE)
    steps = [*STEPS[:2], raised, _change("nest", 3, 1), _change("nest", 0, 1), BACK, STEPS[2]]
    outcome = _replay(_guest(), steps)
    assert outcome.result == AGREED
    assert [row.at for row in outcome.rows[2:6:3]] == [f"{DEVICE}+0x0", "enter+0x3"]


def test_an_interrupt_right_behind_a_return_comes_and_goes() -> None:
    guest = _guest()
    guest.always = ("loop", 4)
    steps = [*STEPS[:2], ARRIVAL, _change("nest", 3, 1), _change("nest", 0, 1), BACK, STEPS[2]]
    assert _replay(guest, steps).result == AGREED


def test_a_trace_begins_in_its_own_task() -> None:
    assert _replay(_guest(), STEPS, "another").result == NOT_REACHED


def test_another_task_that_comes_first_is_let_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """QEMU stops again at once where it stands at a stop."""
    guest = _guest()
    monkeypatch.setattr(Driver, "ours", lambda _: guest.done > 9)
    assert _replay(guest, STEPS, "reader").result == AGREED


def test_an_nmi_may_run_what_it_has_interrupted() -> None:
    """The place where the interrupted code goes on is passed before, on another stack."""
    guest = _guest()
    guest.code = {**guest.code, "loop": [*guest.code["loop"][:4], Line(), Line()]}
    guest.uninvited = {8: "loop"}
    arrived = [*STEPS[:2], ARRIVAL, _change("nest", 3, 1), _change("nest", 0, 1), BACK]
    outcome = _replay(guest, arrived)
    assert (outcome.result, outcome.attempts) == (AGREED, 1)
    assert outcome.rows[-1].at == "enter+0x3"
    assert not guest.uninvited


def test_an_interrupt_that_nobody_sent_begins_anew() -> None:
    guest = _guest()
    guest.uninvited = {2: IRQ}
    outcome = _replay(guest, STEPS)
    assert (outcome.result, outcome.attempts) == (AGREED, 2)


def test_a_count_that_another_way_is_taken_is_told_where_the_trace_begins_again() -> None:
    around = [*ENTER[:3], Line(writes={COUNT: 1}), Line(writes={COUNT: 0}), *ENTER[4:]]
    outcome = _replay(_guest(around), [START, _change("nest", 0), _change("count", 2)])
    assert outcome.first is not None and outcome.attempts == 1
    assert outcome.first.text.startswith("state becomes 1 from 4 first")
    late = [Line(), *around[3:5], Line()]
    outcome = _replay(_guest(late), [START, _change("count", 2)])
    assert outcome.first is not None
    text = "count does not become 2 before the trace's beginning is reached again"
    assert (outcome.first.text, outcome.first.at) == (text, "enter+0x0")


def test_the_beginning_in_another_task_is_not_the_trace_s() -> None:
    driver = _driver(_guest())
    assert driver.ours()
    driver.begin("enter", "another")
    assert not driver.ours()


def test_who_else_comes_by_the_beginning_is_let_go() -> None:
    guest = _guest([Line(), *ENTER[1:2], Line()])
    driver = _driver(guest)
    assert driver.reach("enter", lambda: True)
    driver.begin("enter", "another")
    done = guest.done
    guest.uninvited = {done + 40: IRQ}
    with pytest.raises(Spoiled):
        driver.change(words().pairs["count"], 2, ())
    assert guest.done >= done + 40


def test_attempts_that_ended_in_different_steps_are_no_difference() -> None:
    again = _ended(STEPS[1], {(1, "count is another")}, 3)
    assert (again.result, again.step) == (DIFFERS, STEPS[1])
    other = _ended(STEPS[2], {(1, "count is another"), (2, "count is another")}, 3)
    assert (other.result, other.step) == (SPOILED, STEPS[2])


def test_a_count_that_is_another_every_time_is_a_difference() -> None:
    around = [*ENTER[:3], Line(writes={COUNT: 1}), Line(), Line(writes={COUNT: 0}), *ENTER[4:]]
    guest = _guest(around)
    guest.always = ("loop", 6)
    outcome = _replay(guest, [START, _change("nest", 0), _change("count", 2, number=7)])
    assert (outcome.result, outcome.attempts) == (DIFFERS, 3)
    assert outcome.first is not None and outcome.first.step.number == 7
    assert outcome.first.text == "count does not become 2, but other values, 3 times of 3"
    assert len(outcome.rows) == 3


def test_a_count_that_an_interrupt_came_before_is_none() -> None:
    guest = _guest()
    guest.always = ("loop", 4)
    outcome = _replay(guest, [START, _change("nest", 0), _change("count", 2)])
    assert (outcome.result, outcome.rows[-1].text) == (
        SPOILED,
        "interrupts came in between, 3 times",
    )


def test_interrupts_that_do_not_end_are_no_disagreement() -> None:
    guest = _guest()
    guest.always = ("loop", 3)
    outcome = _replay(guest, STEPS)
    assert outcome.result == SPOILED
    assert outcome.first is None


def test_a_read_is_waited_for() -> None:
    read = Step(1, _event(), "read", pair=words().pairs["state"], value=4)
    outcome = _replay(_guest(), [START, read, *STEPS[1:]])
    assert [row.at for row in outcome.rows[:2]] == ["enter+0x0", "enter+0x2"]
    assert outcome.result == AGREED


def test_a_read_that_the_compiler_left_out_has_no_place() -> None:
    read = Step(2, _event(), "read", pair=words().pairs["nest"], value=1)
    outcome = _replay(_guest(), [START, read])
    assert outcome.result == MERGED
    assert outcome.first is None


def test_a_read_that_changes_the_word_itself_has_no_place() -> None:
    """x86 adds to memory by one instruction."""
    enter = [ENTER[0], Line(reads=[COUNT], writes={COUNT: 1}), *ENTER[1:]]
    read = Step(2, _event(), "read", pair=words().pairs["count"], value=0)
    assert _replay(_guest(enter), [START, read]).result == MERGED


def test_the_interrupt_flag_is_followed() -> None:
    guest = _guest([Line(), Line(flags=0), Line(), Line(flags=ON), Line()])
    off = Step(2, _event(notes=["irqs off"]), "irq flag", value=0)
    on = Step(3, _event(notes=["irqs on"]), "irq flag", value=1)
    outcome = _replay(guest, [START, off, on])
    assert [row.at for row in outcome.rows] == ["enter+0x0", "enter+0x2", "enter+0x4"]
    assert outcome.result == AGREED


def test_an_interrupt_flag_that_differs_is_told() -> None:
    guest = _guest([Line(), Line(writes={NEST: 0}, flags=0), Line()])
    outcome = _replay(guest, STEPS[:2])
    assert outcome.first is not None
    assert outcome.first.text == "interrupts are off in the kernel only"


def test_a_cpu_that_waits_is_woken() -> None:
    guest = _guest([Line(), Line(halts=True), Line(flags=0), Line()], [Line()])
    outcome = _replay(guest, [START, Step(2, _event(notes=["irqs off"]), "irq flag", value=0)])
    assert outcome.result == AGREED


def test_what_is_not_mapped_still_counts() -> None:
    skipped = Step(2, _event(), "skip", pair=words().pairs["nest"], value=0, why="own")
    outcome = _replay(_guest(), [START, skipped, _change("state", 1)])
    assert outcome.first is not None
    assert outcome.first.text == "nest becomes 0 from 1 first"
    assert outcome.rows[1].text == "own"


def test_nothing_is_compared_while_the_kernel_is_somewhere_else() -> None:
    away = Step(2, _event(), "skip", why="switched", away=True)
    outcome = _replay(_guest(), [START, away, _change("state", 9), START])
    assert [row.result for row in outcome.rows] == ["agreed", "not mapped", "not mapped", "differs"]
    assert outcome.rows[-1].text == "state is 4, the model has 9"


def test_memory_that_cannot_be_read_is_a_loss() -> None:
    guest = _guest()

    def unreadable(*_: object) -> bytes:
        raise ValueError("nothing can be read at 0x1000")

    guest.read = unreadable  # type: ignore[method-assign]
    with pytest.raises(Lost, match="not where its image says: nothing can be read at 0x1000"):
        _replay(guest, STEPS)


def test_what_is_never_entered_is_told() -> None:
    guest = _guest()
    known = {
        "ct_user_enter": guest.symbols["enter"],
        "exc_debug": guest.symbols[IRQ],
        "ct_user_exit": guest.symbols["loop"],
    }
    assert uncalled(guest, known) == ["exc_debug"]  # type: ignore[arg-type] # as a Driver's
    assert not guest.stops
