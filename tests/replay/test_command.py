"""`klprove replay` and `klprove fidelity` from the command line, as far as no kernel is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from klprove.cli import replayed as job
from klprove.cli import replaying
from klprove.cli.main import run
from klprove.lab import Lost, Setup
from klprove.replay import STOCK, Case, NotMappable, Outcome, Ready, Row, Schedule, Shown, Step
from klprove.source import Span
from klprove.verdict import Event, Trace
from tests.lab.conftest import Tell, story
from tests.replay.guest import columns

__all__ = ["story"]

EVENT = Event("step", 0, 0, "task", "t", Span("f.c", 1, 1), ("f",))
STEP = Step(1, EVENT, "look")


def _said(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = run(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--vmlinux", "absent"], "a trace, or --stock NAME"),
        (["t.json", "--stock", "stalled", "--vmlinux", "absent"], "a trace, or --stock NAME"),
        (["--stock", "other", "--vmlinux", "absent"], "'other' is not one of"),
        (["t.json"], "missing option '--vmlinux'"),
        (["t.json", "--vmlinux", "README.md"], "README.md: error: not an ELF file"),
    ],
)
def test_bad_input(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, error = _said(["replay", *words], capsys)
    assert status == 2
    assert text in error


class _Ready:
    """What stands in for a prepared replay."""

    case = Case("assert at f", "v6.0", "f", "", Trace((), ()), None)  # type: ignore[arg-type]


@pytest.fixture
def replayed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has `replay` come to given outcomes, and perhaps be lost after them."""

    def given(
        *results: str, lost: bool = False, fatal: str = "", interrupted: bool = False
    ) -> None:
        plan = Schedule((Step(1, EVENT, "skip", why=fatal, fatal=bool(fatal)),), {})

        def outcomes(*_: object) -> Iterator[Outcome]:
            for each in results:
                yield Outcome((Row(STEP, each, text="why"),), 1)
            if lost:
                raise Lost("the machine ended\n  | last words")
            if interrupted:
                raise KeyboardInterrupt

        stand_ins: dict[str, Any] = {
            "resolve": lambda path, scene="": ("v6.0", None),
            "open_image": lambda path: None,
            "release": lambda image: "6.1.0",
            "read_case": lambda *_: _Ready.case,
            "prepare": lambda *_: _Ready,
            "planned": lambda _: (plan, columns()),
            "replay": outcomes,
        }
        for name, stand_in in stand_ins.items():
            monkeypatch.setattr(job, name, stand_in)

    return given


@pytest.mark.parametrize(
    ("results", "status", "word"),
    [
        (["agreed", "agreed"], 0, "AGREED"),
        (["agreed", "differs"], 1, "DISAGREED"),
        (["not reached", "agreed"], 1, "DISAGREED"),
        (["spoiled", "agreed"], 4, "LOST"),
        (["merged"], 4, "LOST"),
    ],
)
def test_the_exit_status(
    replayed: Any,
    results: list[str],
    status: int,
    word: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replayed(*results)
    found, out, _ = _said(["replay", "t.json", "--vmlinux", "v"], capsys)
    assert found == status
    assert out.startswith(f"klprove: {word}  assert at f")


def test_a_machine_that_is_lost(replayed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replayed("agreed", lost=True)
    status, out, error = _said(["replay", "t.json", "--vmlinux", "v"], capsys)
    assert status == 4
    assert "1 of 1 replay agreed" in out  # what was learned so far
    assert error == "klprove: lost: the machine ended\n  | last words\n"


@pytest.mark.parametrize(("results", "status"), [(["agreed"], 3), (["differs", "agreed"], 1)])
def test_ctrl_c_tells_what_was_learned(
    replayed: Any, results: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed(*results, interrupted=True)
    found, out, error = _said(["replay", "t.json", "--vmlinux", "v", "--times", "9"], capsys)
    assert found == status
    assert f"1 of {len(results)} replay" in out
    assert error == f"klprove: interrupted after {len(results)} of 9\n"


def test_ctrl_c_before_anything_was_learned(
    replayed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed(interrupted=True)
    status, out, error = _said(["replay", "t.json", "--vmlinux", "v"], capsys)
    assert (status, out, error.strip()) == (3, "", "klprove: interrupted: there is no answer")


def test_what_cannot_be_mapped(replayed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replayed(fatal="no such thing")
    status, out, error = _said(["replay", "t.json", "--vmlinux", "v"], capsys)
    assert (status, out) == (4, "")
    assert error == "klprove: not mappable: step 1: no such thing\n"


@pytest.mark.parametrize(("cpu", "do"), [(1, "look"), (0, "breakpoint"), (0, "machine check")])
def test_a_bundle_of_what_a_bundle_cannot_do(
    cpu: int,
    do: str,
    replayed: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replayed("agreed")
    plan = Schedule((Step(1, replace(EVENT, cpu=cpu), do),), {})
    monkeypatch.setattr(job, "planned", lambda _: (plan, columns()))
    words = ["replay", "t.json", "--vmlinux", "v", "--bundle", "out.tar"]
    status, _, error = _said(words, capsys)
    assert (status, "neither a second CPU nor exceptions" in error) == (4, True)


def test_store_buffers_cannot_be_mapped(
    replayed: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed("agreed")

    def read(*_: object) -> None:
        raise NotMappable("store buffers")

    monkeypatch.setattr(job, "read_case", read)
    status, out, error = _said(["replay", "t.json", "--vmlinux", "v"], capsys)
    assert (status, out, error) == (4, "", "klprove: not mappable: store buffers\n")


def test_a_trace_of_another_generation(
    replayed: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed("agreed")
    monkeypatch.setattr(job, "resolve", lambda path, scene="": ("v6.12", None))
    status, _, error = _said(["replay", "t.json", "--vmlinux", "v"], capsys)
    assert status == 2
    assert "fitted by the model v6.12, and the trace is of v6.0" in error


@pytest.mark.parametrize(("held", "status"), [(True, 0), (False, 1)])
def test_a_reproducer(
    replayed: Any,
    monkeypatch: pytest.MonkeyPatch,
    held: bool,
    status: int,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    replayed()
    monkeypatch.setattr(job, "release_of", lambda headers: "6.1.0")
    monkeypatch.setattr(job, "prepare_stock", lambda name, *_: name)
    monkeypatch.setattr(job, "reproduce", lambda name, _: Shown(name, held, ("this",)))
    words = ["replay", "--stock", "stalled", "--vmlinux", "v", "--headers", str(tmp_path)]
    found, out, _ = _said(words, capsys)
    assert found == status
    assert out.splitlines() == [
        f"klprove: {'HELD' if held else 'NOT HELD'}  stalled  6.1.0", "seen    : this",
    ]  # fmt: skip


def test_a_reproducer_that_is_only_planned(
    replayed: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    story: Tell,
    tmp_path: Path,
) -> None:
    replayed()
    ready = Ready("stalled", None, Setup(tmp_path / "vmlinux"), True)  # type: ignore[arg-type]
    monkeypatch.setattr(job, "release_of", lambda headers: "6.1.0")
    monkeypatch.setattr(job, "prepare_stock", lambda *_: ready)
    monkeypatch.delattr(job, "reproduce")
    words = ["replay", "--stock", "stalled", "--vmlinux", "v", "--headers", str(tmp_path)]
    status, out, _ = _said([*words, "--dry-run"], capsys)
    assert (status, out.splitlines()[0]) == (0, "klprove: SCHEDULE  stalled")
    assert f"-kernel{tmp_path}/vmlinux" in "".join(out.split())  # folded where it is long


def test_a_bundle_is_written_and_nothing_is_booted(
    replayed: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    replayed(lost=True)
    out = tmp_path / "out.tar"
    monkeypatch.setattr(job, "release_of", lambda headers: "6.1.0")
    monkeypatch.setattr(job, "prepare_stock", lambda name, *_: name)
    monkeypatch.setattr(job, "bundle", lambda ready: b"a trace")
    monkeypatch.setattr(job, "stock_bundle", lambda chosen: chosen.encode())
    words = ["replay", "t.json", "--vmlinux", "v", "--bundle", str(out)]
    status, said, _ = _said(words, capsys)
    assert (status, out.read_bytes()) == (0, b"a trace")
    assert said == f"klprove: written: {out}, 0 MiB; unpacked, its run.sh does the rest\n"
    words = ["replay", "--stock", "stalled", "--vmlinux", "v", "--bundle", str(out)]
    assert _said(words, capsys)[0] == 0
    assert out.read_bytes() == b"stalled"
    status, _, error = _said([*words[:-1], str(tmp_path / "no" / "out.tar")], capsys)
    assert (status, "cannot write" in error) == (2, True)


def test_headers_of_another_kernel(
    replayed: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    replayed()
    monkeypatch.setattr(job, "release_of", lambda headers: "6.2")
    words = ["replay", "--stock", "stalled", "--vmlinux", "v", "--headers", str(tmp_path)]
    status, _, error = _said(words, capsys)
    assert status == 2
    assert "headers of 6.2, but the kernel is 6.1.0" in error


def test_the_names_of_the_reproducers() -> None:
    assert tuple(STOCK) == replaying.STOCK
