# SPDX-License-Identifier: GPL-2.0-or-later
"""A schedule, followed by a driver from step to step, with what the model says beside it."""

from klprove.lab.lost import Lost
from klprove.lab.memory import FIXED
from klprove.replay.driving import IF, Differs, Driver, Merged, Spoiled
from klprove.replay.outcome import (
    AGREED,
    DIFFERS,
    MERGED,
    NOT_MAPPED,
    NOT_REACHED,
    SPOILED,
    Cell,
    Outcome,
    Row,
    shown,
)  # fmt: skip
from klprove.replay.schedule import (
    CHANGE,
    CHECK,
    DIVERT,
    FAULT,
    FLAG,
    FREE,
    INJECT,
    OFF,
    ON,
    RAISE,
    REACH,
    READ,
    RETURN,
    SKIP,
    TRAP,
    Schedule,
    Step,
)  # fmt: skip
from klprove.replay.updating import Updater
from klprove.replay.words import Pair

ATTEMPTS = 60
"""Of a replay: in a kernel with interrupts on, one of its own may come at any time."""


def follow(
    driver: Driver,
    plan: Schedule,
    task: str = "",
    attempts: int = ATTEMPTS,
    updater: Updater | None = None,
) -> Outcome:
    """Follow `plan`, its first function in a task named `task` (empty: in any). Raises Lost where
    the machine dies, or its memory cannot be read. `updater`: the second CPU of a trace that has
    one."""
    against = set[tuple[int, str]]()
    for attempt in range(1, attempts + 1):
        run = _Attempt(driver, plan, task, updater)
        try:
            run.go()
        except Spoiled as spoiled:
            against.add((len(run.rows), str(spoiled)))
            if updater is not None and updater.started:
                break
            continue
        except ValueError as error:
            raise Lost(f"the guest is not where its image says: {error}") from None
        return Outcome(tuple(run.rows), attempt)
    return Outcome((*run.rows, _ended(plan.steps[len(run.rows)], against, attempt)), attempt)


def _ended(step: Step, against: set[tuple[int, str]], attempts: int) -> Row:
    """The last row where every attempt was spoiled, the last one at `step`. Where the same word was
    against the model at the same step each time, that is a difference, not bad luck."""
    (_, text), *others = against
    if others or not text:
        text = f"interrupts came in between, {attempts} times"
        return Row(step, SPOILED, text=text)
    return Row(step, DIFFERS, text=f"{text}, {attempts} times of {attempts}")


class _Attempt:
    """One run along one schedule."""

    def __init__(self, driver: Driver, plan: Schedule, task: str, updater: Updater | None) -> None:
        self._driver, self._plan, self._task = driver, plan, task
        self._updater = updater
        self._model = dict(plan.resting)
        self._flag, self._flags = plan.flag, list[bool]()
        """Are interrupts on, as the model says; and below each interrupt."""
        self._frames: list[tuple[int, int]] = []
        self._begun = False
        self._there: dict[int, bool] = {}
        """By the model's CPU: the kernel is where the trace is."""
        self._pairs = [pair for name, pair in driver.pairs.items() if name in plan.resting]
        self.rows: list[Row] = []

    def go(self) -> None:
        """A row a step, up to the first that does not agree."""
        first = next((each.target for each in self._plan.steps if each.do == REACH), "")
        self._driver.begin(first, self._task)
        for step in self._plan.steps:
            row = self._row(step)
            self.rows.append(row)
            if row.result in (DIFFERS, NOT_REACHED, MERGED):
                break

    def _row(self, step: Step) -> Row:
        self._told(step)
        if step.do == SKIP:
            self._there[step.event.cpu] = self._is_there(step) and not step.away
            self._expected(step)
            return Row(step, NOT_MAPPED, text=step.why)
        if not self._is_there(step) and step.do != REACH:
            self._expected(step)
            return Row(step, NOT_MAPPED, text="before the next function that the kernel stops at")
        try:
            if not self._done(step):
                return Row(step, NOT_REACHED, text=f"{step.target} is not entered")
        except Merged as merged:
            return Row(step, MERGED, self._stand(step), text=str(merged))
        except Differs as difference:
            return self._compared(step, str(difference))
        return self._compared(step, "")

    def _is_there(self, step: Step) -> bool:
        return self._there.get(step.event.cpu, False)

    def _stand(self, step: Step) -> str:
        other = self._updater if step.event.cpu else None
        return self._driver.stand(other.cpu if other is not None else None)

    def _told(self, step: Step) -> None:
        """Follow the model's interrupt flag."""
        event = step.event
        if event.cpu:
            return
        if event.action == "enter":
            self._flags.append(self._flag)
            self._flag = False
        elif event.action == "exit" and self._flags:
            self._flag = self._flags.pop()
        for note in event.notes:
            if note in (ON, OFF):
                self._flag = note == ON

    def _expected(self, step: Step) -> None:
        if step.pair is not None:
            self._model[step.pair.model] = step.value

    def _done(self, step: Step) -> bool:
        driver, guarded = self._driver, self._guarded()
        if self._updater is not None and step.event.cpu:
            return self._other(step, self._updater)
        if self._updater is not None:
            self._updater.settle()
        if step.do == REACH:
            found = driver.reach(step.target, self._wanted)
            self._begun = self._there[0] = found
            return found
        if step.do in (INJECT, RAISE, TRAP, CHECK):
            self._frames.append(driver.arrive(step))
        elif step.do == RETURN and self._updater is not None:
            driver.pass_to(*self._frames.pop())  # much has become pending while it stood still
        elif step.do == RETURN:
            driver.back(*self._frames.pop(), guarded)
        elif step.do == FLAG:
            driver.flag(bool(step.value))
        elif step.do == FAULT:
            driver.fault(step.value)
        elif step.pair is not None:
            if step.do == CHANGE:
                driver.change(step.pair, step.value, guarded)
            elif step.do == READ:
                driver.read(step.pair, guarded)
            self._expected(step)
        return True

    def _other(self, step: Step, updater: Updater) -> bool:
        """A step of the second CPU's."""
        if step.do == REACH:
            found = updater.reach(step.target)
            self._there[step.event.cpu] = found
            return found
        if step.do == DIVERT:
            updater.divert(step.target)
        elif step.do == FREE:
            updater.freed(step.value)
            self._pairs = [each for each in self._pairs if self._mapped(each, updater)]
        elif step.pair is not None:
            if step.do == CHANGE:
                updater.change(step.pair, step.value)
            self._expected(step)
        return True

    def _mapped(self, pair: Pair, updater: Updater) -> bool:
        """It did not go with what was freed."""
        return pair.word.home != FIXED or updater.mapped(pair.word.at)

    def _is_compared(self, pair: Pair, step: Step) -> bool:
        """While the second CPU runs and the reader's is not where the trace is, the reader's words
        say nothing, but for the one that the step is about."""
        about = step.pair is not None and step.pair.model == pair.model
        return about or self._there.get(0, False) or pair.word.home == FIXED

    def _wanted(self) -> bool:
        return self._begun or self._driver.ours()

    def _guarded(self) -> list[Pair]:
        return [each for each in self._pairs if each.order]

    def _compared(self, step: Step, difference: str) -> Row:
        driver, pairs = (
            self._driver,
            [each for each in self._pairs if self._is_compared(each, step)],
        )
        now = driver.values(pairs)
        cells = {name: Cell(self._model[name], value) for name, value in now.items()}
        wrong = [
            f"{each.short} is {shown(each, now[each.model])}, "
            f"the model has {shown(each, self._model[each.model])}"
            for each in pairs
            if now[each.model] != self._model[each.model]
        ]
        flag = bool(driver.registers()["eflags"] & IF)
        there = self._there.get(0, False) and step.do not in (REACH, FAULT)
        if flag != self._flag and there:
            wrong.append(f"interrupts are {'on' if flag else 'off'} in the kernel only")
        text = difference or "; ".join(wrong)
        result = DIFFERS if text else AGREED
        irqs = Cell(self._flag, flag) if step.do != FAULT else None
        return Row(step, result, self._stand(step), cells, irqs, text)
