"""What a bundle's driver does with a guest: one that is made up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from klprove.lab import Lost, Ran
from klprove.replay.carried import Bundle, Known, lead, show
from klprove.replay.led import Led
from klprove.replay.packing import _row, _step
from klprove.replay.schedule import Step
from klprove.replay.telling import done
from tests.replay.guest import NMI, Guest, words
from tests.replay.test_following import ARRIVAL, BACK, REST, STEPS, _change, _guest


class _Led:
    """What of a guest under a stub a driver uses."""

    def __init__(self, gdb: Guest, refuses: bool = False) -> None:
        self.gdb, self.nmi, self.refuses = gdb, gdb.nmi, refuses
        self.asked: list[str] = []

    def prompt(self) -> None:
        """Nothing to do."""

    def disturb(self) -> None:
        """Nobody does."""
        raise AssertionError

    def run(self, command: str, seconds: float = 60) -> Ran:
        """Notes it."""
        self.asked.append(command)
        return Ran(0, b"")

    def insert(self, name: str, arguments: str) -> dict[str, int]:
        """Sections of the module."""
        if self.refuses:
            raise ValueError("Invalid module format")
        self.asked.append(f"{name} {arguments}")
        return {".text": 0x100}


def _bundle(guest: Guest, steps: Sequence[Step], **more: Any) -> Bundle:
    content: Mapping[str, Any] = {
        "task": "", "module": None, "symbols": {}, "resting": REST,
        "words": [_row(each, {}) for each in words().pairs.values()],
        "steps": [_step(each, {}) for each in steps],
        **more,
    }  # fmt: skip
    made = Bundle.__new__(Bundle)
    made.home, made.content = Path("nowhere"), content
    made.kernel = Known(guest.symbols, {})
    return made


def _led(guest: Guest, steps: Sequence[Step], times: int = 1, **more: Any) -> tuple[int, list[str]]:
    said: list[str] = []
    led = cast(Led, _Led(guest))
    return lead(_bundle(guest, steps, **more), led, times, said.append), said


def test_a_guest_that_agrees() -> None:
    body = (_change("nest", 3, 1), _change("nest", 0, 1))
    status, said = _led(_guest(), [*STEPS[:2], ARRIVAL, *body, BACK, STEPS[2]], times=2)
    assert status == 0
    assert said[:2] == ["replay 1 of 2: agreed", "replay 2 of 2: agreed"]
    text = "\n".join(said)
    assert "agreed: run until enter() is entered" in text
    assert "at enter+0x3; 3 words compared" in text
    assert "agreed: run until state changes; state: model 1, kernel 1" in text


def test_a_guest_that_does_not() -> None:
    status, said = _led(_guest(), [*STEPS[:2], _change("state", 3)], times=3)
    assert status == 1
    assert said[:3] == [f"replay {number} of 3: differs" for number in (1, 2, 3)]
    assert said[-1].strip() == "state becomes 1, not 3"


def test_a_guest_that_is_always_disturbed() -> None:
    guest = _guest()
    guest.always = ("loop", 3)
    status, said = _led(guest, STEPS)
    assert (status, said[0]) == (4, "replay 1 of 1: spoiled")


def test_a_module_is_loaded_and_its_symbols_are_places() -> None:
    guest = _guest()
    module = {"name": "handler", "site": 77}
    found = guest.symbols.pop("enter")
    symbols = {"enter": [".text", found - 0x100], "other": [".absent", 1]}
    made = _bundle(guest, STEPS, module=module, symbols=symbols, task="reader")
    led = _Led(guest)
    guest.memory[0] = 0
    assert made.kernel.member("task_struct", "comm") is None
    status = lead(made, cast(Led, led), 1, lambda line: None)
    assert led.asked == ["handler site=77", "reader >/dev/null 2>&1 &"]
    assert status == 1  # of no task is known that it is the reader


def test_a_module_that_the_kernel_does_not_take() -> None:
    guest = _guest()
    made = _bundle(guest, STEPS, module={"name": "handler", "site": 1})
    with pytest.raises(Lost, match="does not take the module: Invalid module format"):
        lead(made, cast(Led, _Led(guest, refuses=True)), 1, lambda line: None)


def test_a_reproducer_that_holds_and_one_that_does_not() -> None:
    guest = _guest()
    made = _bundle(guest, (), name="stalled", state="s", promised=True)
    made.kernel = Known(guest.symbols, {})
    made.content = {**made.content, "kernel": {"s": ["per-CPU", 8, 4, True]}}
    said: list[str] = []
    answers = {"cat ": b"1\n", "for ": b"kswapd0\n"}

    class Shell(_Led):
        def run(self, command: str, seconds: float = 60) -> Ran:
            return Ran(0, answers.get(command[:4], b""))

    assert show(made, cast(Led, Shell(guest)), said.append) == 0
    assert said == [
        "the transition, after 10 s: pending; not patched: kswapd0", "it happened as promised",
    ]  # fmt: skip
    answers["for "] = b"kswapd0\nsh\n"
    assert show(made, cast(Led, Shell(guest)), said.append) == 1
    assert said[-1] == "it did not happen as promised"


def test_what_is_done_in_words() -> None:
    told = [done(each) for each in (*STEPS, ARRIVAL, BACK)]
    assert told == [
        "run until enter() is entered", "run until nest changes", "run until state changes",
        f"send an NMI, and run until {NMI}", "run until the interrupted code goes on",
    ]  # fmt: skip


def test_another_format(tmp_path: Path) -> None:
    (tmp_path / "replay.json").write_text('{"schema": "klprove.bundle/0"}')
    with pytest.raises(ValueError, match=r"is of klprove\.bundle/0, not of klprove\.bundle/1"):
        Bundle(tmp_path)
