"""The second CPU of a trace, in a guest made up: it goes on, and the reader's stands still."""

from collections.abc import Sequence

import pytest

from klprove.lab.lost import Late
from klprove.lab.memory import PER_CPU
from klprove.replay import updating
from klprove.replay.driving import Differs, Driver, Spoiled
from klprove.replay.following import follow
from klprove.replay.holding import LOOP, Held
from klprove.replay.outcome import AGREED, DIFFERS, SPOILED, Outcome
from klprove.replay.places import Places
from klprove.replay.schedule import Schedule, Step
from klprove.replay.updating import Updater
from klprove.replay.words import Words
from klprove.source import Span
from klprove.verdict import Event
from tests.replay.guest import (
    BASE,
    COUNT,
    DEVICE,
    FAULT,
    IRQ,
    NEST,
    ON,
    STATE,
    Guest,
    Line,
    Twin,
    layout,
    pair,
    words,
)

FLAG, TEXT = 0x2000, 0x3000
READER: Sequence[Line] = (
    Line(), Line(reads=[STATE]), Line(writes={NEST: 0}), Line(faults=TEXT), Line(writes={NEST: 1}),
)  # fmt: skip
UPDATER: Sequence[Line] = (
    Line(), Line(writes={COUNT: 1}), Line(sends=IRQ), Line(until={FLAG: 1}),
    Line(writes={COUNT: 2}), Line(frees=TEXT), Line(halts=True),
)  # fmt: skip
WORKER: Sequence[Line] = (Line(), Line(writes={FLAG: 1}), Line())


class _Scene:
    def __init__(
        self,
        reader: Sequence[Line] = READER,
        updater: Sequence[Line] = UPDATER,
        worker: Sequence[Line] = WORKER,
        known: Words | None = None,
        function: str = "shell",
    ) -> None:
        code = {"loop": [Line(), *reader], IRQ: worker, FAULT: [Line()] * 5, "enter": reader,
                LOOP: [Line(), Line(back=True)]}  # fmt: skip
        first = Guest(code, {STATE: 4, NEST: 1, COUNT: 0, FLAG: 0}, "loop")
        first.symbols["enter"] = first.symbols["loop"] + 1
        first.symbols["__per_cpu_offset"] = 0x7000
        other = {function: [Line(), *updater], "synchronize": [Line(writes={COUNT: 7})]}
        second = Guest(other, {}, function)
        if function == "shell":
            second.symbols["klp_complete"] = second.symbols[function] + 1
        self.twin = Twin(first, second)
        self.begun = 0
        gdb, symbols, known = self.twin, self.twin.symbols, known or words()
        self.driver = Driver(
            gdb,
            layout(first),
            Places(symbols),
            known or words(),
            lambda: None,
            lambda: None,
            symbols,
            1,
        )  # type: ignore[arg-type] # the part of Gdb that it calls
        self.updater = Updater(gdb, self.driver, 0, symbols, self._begin)  # type: ignore[arg-type]
        self.count = words().pairs["count"]

    def _begin(self) -> None:
        self.begun += 1

    def stands(self) -> int:
        """Where the reader's CPU is."""
        return self.driver.registers()["rip"]

    def follow(self, *steps: Step) -> Outcome:
        """Follow a schedule with both."""
        plan = Schedule(steps, {"state": 4, "nest": 1, "count": 0, "gone": 0})
        return follow(self.driver, plan, attempts=3, updater=self.updater)


def _event(cpu: int) -> Event:
    return Event("step", cpu, 0, "task", "f", Span("f.c", 1, 1))


def _step(do: str, cpu: int = 1, name: str = "", value: int = 0, target: str = "") -> Step:
    pair = words().pairs[name] if name else None
    return Step(1, _event(cpu), do, target, pair, value)


ENTER = _step("reach", 0, target="enter")


def test_the_updater_goes_on_and_the_reader_does_not() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    place = scene.stands()
    scene.updater.change(scene.count, 1)
    assert (scene.twin.memory[COUNT], scene.stands(), scene.begun) == (1, place, 1)


def test_a_wait_for_a_worker_on_the_reader_s_cpu_passes_where_that_can_be_interrupted() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    place = scene.stands()
    scene.updater.change(scene.count, 2)
    assert (scene.stands(), scene.twin.memory[NEST], scene.begun) == (place, 1, 1)


def test_a_wait_does_not_pass_where_it_cannot() -> None:
    scene = _Scene([Line(), Line(flags=0), Line(writes={NEST: 0}), Line()])
    assert scene.driver.reach("enter", lambda: True)
    scene.driver.flag(False)
    with pytest.raises(Differs, match="count does not become 2"):
        scene.updater.change(scene.count, 2)


CALL = "smp_call_function_many_cond"
TOP = 0xFF00
"""Of the updater's stack: where it was called from."""


def _calls(number: int, places: int) -> Sequence[Line]:
    """Calls of the other CPU, one after the other, from `places` places in turn."""
    one = [
        (Line(writes={FLAG: 0, TOP: n % places}), Line(sends=IRQ), Line(until={FLAG: 1}))
        for n in range(number)
    ]
    return [*(line for lines in one for line in lines), Line(writes={COUNT: 2}), Line(halts=True)]


def test_any_number_of_calls_of_the_reader_s_cpu_may_come_one_after_the_other() -> None:
    scene = _Scene(updater=_calls(250, 250), function=CALL)
    assert scene.driver.reach("enter", lambda: True)
    place = scene.stands()
    scene.updater.change(scene.count, 2)
    assert (scene.stands(), scene.twin.memory[TOP]) == (place, 249)


def test_they_may_come_before_memory_is_freed_too() -> None:
    scene = _Scene(
        updater=[*_calls(250, 250)[:-1], Line(frees=TEXT), Line(halts=True)], function=CALL
    )
    assert scene.driver.reach("enter", lambda: True)
    scene.updater.freed(TEXT)
    assert not scene.updater.mapped(TEXT)


UNANSWERED = [Line(), Line(until={FLAG: 1}), Line(writes={COUNT: 2}), Line(halts=True)]


def test_a_call_that_the_reader_s_cpu_could_take_and_does_not_is_no_fault_of_the_model_s() -> None:
    scene = _Scene(updater=UNANSWERED, function=CALL)
    assert scene.driver.reach("enter", lambda: True)
    with pytest.raises(Late, match=r"waits at smp_call_function_many_cond\+0x. for the reader"):
        scene.updater.change(scene.count, 2)


def test_one_that_it_cannot_take_is_what_the_trace_has_otherwise() -> None:
    scene = _Scene([Line(), Line(flags=0), Line(halts=True)], UNANSWERED, function=CALL)
    assert scene.driver.reach("enter", lambda: True)
    scene.driver.flag(False)
    with pytest.raises(Differs, match="count does not become 2"):
        scene.updater.change(scene.count, 2)


def test_what_is_pending_comes_and_goes_before_the_reader_does() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    scene.updater.change(scene.count, 1)
    scene.twin.cpus[1].pending.append(IRQ)
    scene.updater.settle()
    assert (scene.twin.cpus[1].pending, scene.twin.memory[FLAG]) == ([], 1)
    scene.driver.change(words().pairs["nest"], 0, ())


def test_another_function_is_called() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    scene.updater.change(scene.count, 1)
    scene.updater.divert("synchronize")
    scene.updater.change(scene.count, 7)


def _held(scene: _Scene) -> Held:
    return Held(scene.twin, 1, scene.twin.symbols[LOOP])  # type: ignore[arg-type] # as a Gdb


def test_a_cpu_that_is_held_takes_interrupts_as_if_it_stood_there() -> None:
    scene = _Scene()
    twin, reader = scene.twin, scene.twin.cpus[1]
    assert scene.driver.reach("enter", lambda: True)
    before = twin.registers(1)
    with _held(scene):
        inside = twin.registers(1)
        assert inside["rsp"] == before["rsp"] - 8
        # An unwinder looks up the byte before a return address.
        assert twin.memory[inside["rsp"]] - 1 == before["rip"]
        reader.pending += [IRQ, IRQ]
        twin.run(1, [1])
        assert reader.frames[-1].name == LOOP
    assert (reader.pending, twin.memory[FLAG], twin.registers(1)) == ([], 1, before)


def test_it_comes_back_from_where_an_interrupt_has_it() -> None:
    scene = _Scene(worker=[Line(), Line(), Line(writes={FLAG: 1}), Line()])
    twin, reader = scene.twin, scene.twin.cpus[1]
    assert scene.driver.reach("enter", lambda: True)
    before = twin.registers(1)
    with _held(scene):
        reader.pending.append(IRQ)
        reader.turn()
        reader.turn()
        assert reader.frames[-1].name == IRQ
        done = reader.done
    assert (twin.registers(1), twin.memory[FLAG]) == (before, 1)
    assert reader.done < done + 10  # it stops where it is back


@pytest.mark.parametrize("anywhere", [False, True])
def test_what_the_updater_s_cpu_holds_is_waited_for_where_that_may_go_on(anywhere: bool) -> None:
    scene = _Scene(
        updater=[
            Line(frees=TEXT),
            *[Line()] * 10000,
            Line(writes={FLAG: 1}),
            Line(until={COUNT: 9}),
        ],
        worker=[Line(), Line(until={FLAG: 1}), Line()],
    )
    assert scene.driver.reach("enter", lambda: True)
    place = scene.stands()
    if anywhere:
        scene.updater.freed(TEXT)
    else:
        assert scene.updater.reach("klp_complete")
    assert scene.twin.memory[FLAG] == 0
    scene.twin.cpus[1].pending.append(IRQ)
    if anywhere:
        scene.updater.settle()
        assert (scene.stands(), scene.twin.memory[FLAG]) == (place, 1)
    else:
        with pytest.raises(Spoiled):
            scene.updater.settle()


def test_others_do_not_go_on_where_it_comes_back_without_them() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    with Held(scene.twin, 1, scene.twin.symbols[LOOP], [0]):  # type: ignore[arg-type] # as a Gdb
        scene.twin.cpus[1].turn()
    assert scene.twin.cpus[0].done == 0


@pytest.mark.parametrize(("place", "off"), [(LOOP, 0x100), (IRQ, 0)])
def test_it_is_back_in_its_loop_and_on_its_stack_only(place: str, off: int) -> None:
    scene = _Scene(worker=[Line(until={0x5000: 1}), Line()])
    twin = scene.twin
    assert scene.driver.reach("enter", lambda: True)
    with pytest.raises(Spoiled), _held(scene):
        twin.jump(1, twin.symbols[place], rsp=twin.registers(1)["rsp"] - off)


def test_what_goes_wrong_meanwhile_is_told_as_it_is() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    with pytest.raises(Late, match="no answer"), _held(scene):
        raise Late("no answer")
    assert scene.stands() == scene.twin.symbols[LOOP]  # a guest that does not answer is left alone


def test_somebody_else_who_comes_by_is_passed() -> None:
    code = [Line(), Line(writes={COUNT: 1}), Line(sends=IRQ), Line(until={FLAG: 1}),
            Line(writes={COUNT: 2}), Line(until={0x5000: 1})]  # fmt: skip
    scene = _Scene(updater=code)
    twin = scene.twin
    scene.updater._symbols = {**twin.symbols, "worker": twin.symbols[IRQ] + 1}
    assert scene.driver.reach("enter", lambda: True)
    place = scene.stands()
    scene.updater._begun = True
    assert not scene.updater.reach("worker")
    assert (twin.memory[COUNT], scene.stands()) == (2, place)


class _User:
    """A CPU that makes a system call: where it stands, and its flags, step by step."""

    def __init__(self, *stands: tuple[int, int]) -> None:
        self.stands = list(stands)

    def registers(self, cpu: int) -> dict[str, int]:
        rip, flags = self.stands[0]
        return {"rip": rip, "eflags": flags}

    def step(self, cpu: int) -> None:
        if len(self.stands) > 1:
            del self.stands[0]


def test_what_is_so_already_is_not_waited_for() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    scene.updater.change(scene.count, 0)
    scene.twin.cpus[0].gone.add(TEXT)
    scene.updater.freed(TEXT)
    assert scene.begun == 0


def test_a_reader_is_in_the_kernel_before_it_is_held() -> None:
    scene = _Scene()
    assert scene.driver.reach("enter", lambda: True)
    entered: list[int] = []
    scene.driver.enter = lambda: entered.append(scene.stands())  # type: ignore[method-assign]
    scene.updater.change(scene.count, 1)
    assert entered == [scene.stands()]


def test_a_function_that_is_entered_twice_is_left_in_between() -> None:
    scene = _Scene(updater=[*UPDATER[:-1], Line(until={0x5000: 1})])
    assert scene.driver.reach("enter", lambda: True)
    assert scene.updater.reach("klp_complete")
    assert not scene.updater.reach("klp_complete")
    assert scene.twin.memory[COUNT] == 2


def test_a_reader_in_user_mode_is_led_to_where_interrupts_are_on() -> None:
    driver, kernel = _Scene().driver, BASE + 0x9000
    cpu = _User((0x400000, ON), (0x400002, ON), (kernel, 0), (kernel + 4, ON), (kernel + 8, ON))
    driver._gdb = cpu  # type: ignore[assignment] # as a Gdb
    driver.enter()
    assert cpu.stands[0] == (kernel + 4, ON)
    cpu.stands = [(kernel, 0), (kernel + 4, ON)]
    driver.enter()
    assert cpu.stands[0] == (kernel, 0)  # it is in the kernel: that is its place
    cpu.stands = [(0x400000, ON)]
    with pytest.raises(Spoiled):
        driver.enter()


COMPLETE = _step("reach", target="klp_complete")
STEPS = (
    ENTER, _step("change", 0, "nest", 0), COMPLETE, _step("change", name="count", value=1),
    _step("look", name="count", value=1), _step("change", name="count", value=2),
    _step("free", value=TEXT),
)  # fmt: skip


def test_memory_that_is_freed_faults() -> None:
    outcome = _Scene().follow(*STEPS, _step("fault", 0, value=TEXT))
    assert outcome.rows[-1].text == "the page fault is of enter+0x3"  # no text of that address
    assert [row.result for row in outcome.rows[:-1]] == [AGREED] * 7
    assert outcome.rows[-1].at == f"{FAULT}+0x0"
    assert outcome.rows[3].at.startswith("klp_complete+")


def test_a_handler_that_reads_what_was_freed() -> None:
    scene = _Scene()
    symbols = scene.twin.symbols
    scene.driver._names = Places({"klp_ftrace_handler": symbols["enter"]})
    outcome = scene.follow(*STEPS, _step("fault", 0, value=TEXT))
    assert outcome.result == AGREED
    assert outcome.rows[-1].irqs is None


def test_a_text_that_is_gone() -> None:
    scene = _Scene()
    text = scene.twin.symbols["enter"] + 3
    reader = [*READER[:3], Line(faults=text)]
    scene = _Scene(reader, [*UPDATER[:5], Line(frees=text), Line(halts=True)])
    steps = (*STEPS[:-1], _step("free", value=text))
    assert scene.follow(*steps, _step("fault", 0, value=text)).result == AGREED


def test_what_is_not_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "_SECONDS", 0.1)
    scene = _Scene(updater=[*UPDATER[:5], Line(halts=True)])
    outcome = scene.follow(*STEPS)
    assert outcome.first is not None
    assert outcome.first.text == "what lies at 0x3000 is not freed"


def test_no_fault_comes() -> None:
    scene = _Scene([Line(), Line(writes={NEST: 0}), Line(halts=True), Line()])
    outcome = scene.follow(ENTER, _step("change", 0, "nest", 0), _step("fault", 0, value=TEXT))
    assert outcome.first is not None
    assert outcome.first.text == "no page fault comes"


def test_once_the_updater_has_begun_an_interrupt_comes_and_goes() -> None:
    scene = _Scene()
    scene.twin.cpus[1].always = ("loop", 2)
    outcome = scene.follow(
        ENTER, _step("change", name="count", value=1), _step("change", 0, "nest", 0)
    )
    assert outcome.rows[1].text == "before the next function that the kernel stops at"
    assert outcome.result == SPOILED
    scene = _Scene()
    scene.twin.cpus[1].always = ("loop", 2)
    outcome = scene.follow(ENTER, COMPLETE, _step("change", 0, "nest", 0))
    assert (outcome.result, outcome.attempts, outcome.rows[-1].text) == (AGREED, 1, "")


@pytest.mark.parametrize("patient", [False, True])
def test_an_interrupt_is_raised_again_where_another_came_first(patient: bool) -> None:
    scene = _Scene([Line()] * 50)
    reader, driver = scene.twin.cpus[1], scene.driver
    reader.code |= {DEVICE: [Line(), Line(writes={NEST: 3}), Line()], IRQ: [Line(flags=ON)] * 4}
    reader.symbols[DEVICE] = reader.symbols[LOOP] + 0x1000
    driver._intruders = {reader.symbols[each]: each for each in (DEVICE, IRQ)}
    driver._symbols = {**scene.twin.symbols, DEVICE: reader.symbols[DEVICE]}
    driver._disturb = lambda: reader.pending.append(DEVICE)
    driver.patient = patient
    assert driver.reach("enter", lambda: True)
    reader.pending.append(IRQ)
    raised = Step(1, Event("enter", 0, 1, "irq", "f", Span("f.c", 1, 1)), "raise irq", DEVICE)
    if not patient:
        with pytest.raises(Spoiled):
            driver.arrive(raised)
        return
    rip, _ = driver.arrive(raised)
    assert (scene.stands(), rip) == (reader.symbols[DEVICE], reader.symbols["enter"])
    assert (reader.pending, scene.twin.memory[NEST]) == ([], 3)


def test_what_the_model_has_otherwise_is_told_while_the_reader_is_elsewhere() -> None:
    away = Step(1, _event(0), "skip", pair=words().pairs["nest"], value=5, why="two", away=True)
    outcome = _Scene().follow(ENTER, away, COMPLETE)
    assert (outcome.result, outcome.rows[2].result) == (DIFFERS, DIFFERS)
    assert outcome.rows[2].text == "nest is 1, the model has 5"


def test_the_reader_s_own_words_say_nothing_while_it_is_elsewhere() -> None:
    nest = words().pairs["nest"]
    own = nest._replace(word=nest.word._replace(home=PER_CPU))
    away = Step(1, _event(0), "skip", pair=own, value=5, why="two", away=True)
    known = Words({**words().pairs, "nest": own}, {})
    scene = _Scene([Line(), Line(halts=True), Line()], known=known)
    outcome = scene.follow(ENTER, away, COMPLETE)
    assert "nest" not in outcome.rows[2].text
    assert sorted(outcome.rows[2].cells) == ["count", "state"]


def test_words_that_went_with_what_was_freed_are_compared_no_more() -> None:
    known = Words({**words().pairs, "gone": pair("gone", TEXT)}, {})
    outcome = _Scene(known=known).follow(*STEPS, _step("look", name="count", value=2))
    assert outcome.result == AGREED
    assert ("gone" in outcome.rows[-3].cells, "gone" in outcome.rows[-1].cells) == (True, False)


def test_a_reader_that_does_not_come_back_ends_the_only_attempt() -> None:
    scene = _Scene(worker=[Line(), Line(writes={FLAG: 1}), Line(until={0x5000: 1}), Line()])
    outcome = scene.follow(ENTER, COMPLETE, _step("change", name="count", value=2))
    assert (outcome.result, outcome.attempts) == (SPOILED, 1)


def test_what_has_not_begun_in_time_is_lost_and_what_does_not_go_on_differs() -> None:
    waits = (Line(until={FLAG: 9}), Line(), Line(halts=True))
    begun, waiting = _Scene(updater=waits, worker=()), _Scene(updater=waits, worker=())
    for scene in (begun, waiting):
        known = scene.twin.symbols
        scene.updater._symbols = {**known, "later": known["klp_complete"] + 1}
        assert scene.driver.reach("enter", lambda: True)
    with pytest.raises(Late, match=r"has not begun: later\(\) is not entered in time"):
        waiting.updater.reach("later")
    assert begun.updater.reach("klp_complete")
    assert not begun.updater.reach("later")
