"""Both livepatches and the user's handler, put into a guest made up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from klprove.image.btf.reading import POINTER, STRUCTURE
from klprove.kernels import TRANSITION
from klprove.lab import Lost, Ran, Setup
from klprove.lab.gdb import Stop
from klprove.lab.layout import Layout
from klprove.replay import livepatched
from klprove.replay.handler import Built
from klprove.replay.led import Led
from klprove.replay.livepatched import OPTIONS, PATCHES, Core, Modules, modules, placed
from klprove.replay.replaying import Prepared, planned
from klprove.replay.trace import CALLED, Case
from klprove.verdict import Trace
from tests.image.types import types

_NAMES = b"\0func\0ftrace_ops\0fops\0klp_ops\0"


def _at(name: str) -> int:
    return _NAMES.index(b"\0" + name.encode() + b"\0") + 1


RECORDS = [
    (POINTER, 0, 0, 0),
    (STRUCTURE, _at("ftrace_ops"), 64, 1),
    (STRUCTURE, _at("klp_ops"), 96, 1),
]
MEMBERS = {2: [(_at("func"), 1, 64)], 3: [(_at("fops"), 2, 256)]}
SITE = 0xFFFFFFFF81001000
PLACES = Layout(
    "toy", {"register_ftrace_function": 0x77, CALLED: SITE}, types(RECORDS, _NAMES, MEMBERS), {},
    frozenset([SITE]),
)  # fmt: skip
FOPS, HANDLER = 0x9000, 0x5000
PATCH = Built(b"patch", {"functions": (".data", 8), "patch": (".data", 64),
                         "replacement": (".text", 0), "other": (".bss", 0)})  # fmt: skip
OWN = Built(b"own", {"klp_ftrace_handler": (".text", 0), "klp_ops": (".data", 0)})
BOTH = Modules(OWN, dict.fromkeys(PATCHES, PATCH))


class _Gdb:
    def __init__(self, comes: bool) -> None:
        self.comes, self.did = comes, list[Any]()

    def insert(self, address: int) -> None:
        self.did.append(("insert", address))

    def remove(self, address: int) -> None:
        self.did.append(("remove", address))

    def run(self, seconds: float) -> Stop | None:
        return Stop(0) if self.comes else None

    def go(self) -> None:
        self.did.append("go")

    def registers(self, cpu: int) -> Mapping[str, int]:
        return {"rdi": FOPS}

    def write(self, cpu: int, address: int, data: bytes) -> None:
        self.did.append((address, int.from_bytes(data, "little")))

    def wait(self, seconds: float) -> None:
        self.did.append("halt")


class _Led:
    """What of a guest under a stub is used to load."""

    def __init__(self, comes: bool = True, completes: bool = True) -> None:
        self.gdb, self.asked, self.completes = _Gdb(comes), list[str](), completes

    def run(self, command: str, seconds: float = 60) -> Ran:
        self.asked.append(command)
        if "transition" in command and not self.completes:
            return Ran(1, b"")
        return Ran(0, b"[ 1.0] livepatch: failed to find location\n" if "dmesg" in command else b"")

    def ask(self, command: str) -> None:
        self.asked.append(command)

    def settle(self) -> Ran:
        return Ran(0, b"")

    def insert(self, name: str, arguments: str) -> dict[str, int]:
        self.asked.append(f"{name} {arguments}")
        return self.sections(name)

    def sections(self, name: str) -> dict[str, int]:
        return {".text": HANDLER, ".data": {"lower": 0x100, "upper": 0x200}.get(name, 0x300)}


def _core(led: _Led, ready: Modules = BOTH) -> Core:
    return Core(cast(Led, led), PLACES, ready, CALLED)


def test_both_livepatches_are_there_and_the_handler_is_the_user_s() -> None:
    led = _Led()
    found = _core(led).load("reader", raises=True)
    func = FOPS + 8
    assert (func, HANDLER) in led.gdb.did and found["klp_ops"] == func - 32 - 8
    assert (found["klp_funcs[0]"], found["klp_funcs[1]"]) == (0x108, 0x208)
    assert (found["klp_patches[1]"], found["klp_text[1]"]) == (0x240, HANDLER)
    assert led.gdb.did[-1] == "halt"
    assert [each for each in led.asked if each.startswith(("insmod", "upper", "handler"))] == [
        "handler site=0", f"insmod /lower.ko name={CALLED} site={SITE}",
        f"upper name={CALLED} site={SITE}",
    ]  # fmt: skip
    assert "echo 2 > /proc/irq/3/smp_affinity" in led.asked
    assert led.asked[-1].startswith("taskset 2 reader ")


def test_the_kernel_s_own_handler_stays_where_there_is_no_other() -> None:
    led = _Led()
    _core(led, Modules(None, {"lower": PATCH})).load("reader", raises=False)
    assert not any(isinstance(each, tuple) and each[0] == FOPS + 8 for each in led.gdb.did)
    assert not any("smp_affinity" in each for each in led.asked)


def test_what_the_kernel_does_not_take() -> None:
    with pytest.raises(ValueError, match="livepatch: failed to find location"):
        _core(_Led(comes=False)).load("reader", raises=False)


def test_a_transition_that_does_not_end_is_a_loss() -> None:
    with pytest.raises(Lost, match="does not complete its transition"):
        _core(_Led(completes=False)).load("reader", raises=False)


def test_what_the_administrator_does() -> None:
    led = _Led()
    _core(led).start()
    _core(led, Modules(None, {"lower": PATCH})).start()
    folder = "/sys/kernel/livepatch"
    assert led.asked == [
        f"echo 0 > {folder}/upper/enabled; until rmmod upper; do usleep 50000; done",
        f"echo 0 > {folder}/lower/enabled; echo 1 > {folder}/lower/force",
    ]


def test_files_for_the_guest_and_their_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Mapping[str, bytes]] = []

    def built(headers: Path, files: Mapping[str, bytes], name: str) -> Built:
        made.append(files)
        return PATCH

    monkeypatch.setattr(livepatched.handler, "made_of", built)
    assert sorted(modules(Path("h"), OWN).files) == ["handler.ko", "lower.ko", "upper.ko"]
    assert [sorted(each) for each in made] == [["Kbuild", "lower.c"], ["Kbuild", "upper.c"]]
    assert made[1]["Kbuild"] == b"obj-m := upper.o\n"


def test_places_before_anything_is_loaded_are_not_the_same() -> None:
    found = placed(BOTH, {})
    assert found["klp_funcs[1]"] - found["klp_funcs[0]"] == 1 << 20
    assert "klp_ops" in found


def test_ftrace_s_count_is_not_compared_in_the_scene_of_the_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from klprove.replay import replaying
    from tests.replay.guest import pair, words

    found = words()
    found.pairs["__preempt_count"] = pair("__preempt_count", 1)
    monkeypatch.setattr(replaying, "words", lambda *_: found)
    monkeypatch.setattr(replaying.handler, "pairs", lambda *_: {})
    monkeypatch.setattr(Case, "resting", {})
    case = Case("", "v6.1", CALLED, "", Trace((), ()), cast(Any, None), {}, TRANSITION)
    setup = Setup(Path("k"), options=OPTIONS)
    _, seen = planned(Prepared(case, PLACES, None, setup, None, Modules(None, {"lower": PATCH})))
    assert "__preempt_count" not in seen.pairs
    assert seen.reason("__preempt_count").startswith("in this scene")
