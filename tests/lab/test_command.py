"""`klprove observe`: its statuses, and what it says of bad input."""

import json
from pathlib import Path

import pytest

from klprove.cli import observing
from klprove.cli.main import run
from klprove.lab import Entered, Lost, Seen, Way, seen_document
from klprove.scan import Map
from tests.lab.test_comparing import WAYS, map_of, site

Capture = pytest.CaptureFixture[str]


class Bytes:
    """An image without code."""

    def at(self, address: int, size: int) -> memoryview:
        """Nothing."""
        return memoryview(b"")


@pytest.fixture(autouse=True)
def small_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is scanned has the five functions of test_comparing."""

    def scanned(path: str) -> Map:
        return map_of(reached={"irq": {"handler": 1}})

    monkeypatch.setattr(observing, "mapped", scanned)
    monkeypatch.setattr("klprove.image.open_image", lambda path: Bytes())


def seen(build_id: str = "ab", way: Way = WAYS["irq"]) -> Seen:
    return Seen("6.1", build_id, [], frozenset(), {site("handler"): {way: Entered(1, 2)}})


def written(tmp_path: Path, it: Seen) -> str:
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(seen_document(it)))
    return str(path)


def headers(tmp_path: Path, release: str = "6.1") -> str:
    there = tmp_path / "headers" / "include" / "generated"
    there.mkdir(parents=True)
    (there / "utsrelease.h").write_text(f'#define UTS_RELEASE "{release}"\n')
    return str(tmp_path / "headers")


@pytest.mark.parametrize(("way", "status"), [(WAYS["irq"], 0), (WAYS["nmi"], 1)])
def test_the_status_says_whether_the_map_is_sound(
    tmp_path: Path, capsys: Capture, way: Way, status: int
) -> None:
    assert run(["observe", "vmlinux", "--seen", written(tmp_path, seen(way=way))]) == status
    assert ("UNSOUND" in capsys.readouterr().out) == bool(status)


def test_json_on_standard_output_is_alone_there(tmp_path: Path, capsys: Capture) -> None:
    file = written(tmp_path, seen(way=WAYS["nmi"]))
    assert run(["observe", "vmlinux", "--seen", file, "--json", "-"]) == 1
    assert json.loads(capsys.readouterr().out)["missing"][0]["function"] == "handler"


def test_another_build(tmp_path: Path, capsys: Capture) -> None:
    assert run(["observe", "vmlinux", "--seen", written(tmp_path, seen("cd"))]) == 2
    assert (
        "seen.json: error: was seen of another build: 6.1, build-id cd" in capsys.readouterr().err
    )


def test_no_headers(tmp_path: Path, capsys: Capture) -> None:
    assert run(["observe", "vmlinux", "--headers", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "no kernel headers" in told and "linux-headers" in told


def test_headers_of_another_kernel(tmp_path: Path, capsys: Capture) -> None:
    assert run(["observe", "vmlinux", "--headers", headers(tmp_path, "6.2")]) == 2
    assert "headers of 6.2, but the kernel is 6.1" in capsys.readouterr().err


def test_a_machine_that_the_plan_does_not_have(tmp_path: Path, capsys: Capture) -> None:
    assert run(["observe", "vmlinux", "--headers", headers(tmp_path), "--machine", "9"]) == 2
    assert "the plan has machines 1 to " in capsys.readouterr().err


Early = tuple[BaseException, int, str]
EARLY: list[Early] = [
    (Lost("the machine ended\n  | panic"), 4, "klprove: lost: the machine ended\n  | panic\n"),
    (KeyboardInterrupt(), 3, "klprove: interrupted"),
]


@pytest.mark.parametrize(("early", "status", "text"), EARLY, ids=["lost", "interrupted"])
def test_what_was_seen_before_an_early_end_is_told(
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    early: BaseException,
    status: int,
    text: str,
) -> None:
    logs: list[Path | None] = []

    def observe(*words: object) -> Seen:
        log = words[3]
        assert isinstance(log, Path)
        logs.append(log)
        if len(logs) == 2:
            raise early
        return seen()

    monkeypatch.setattr(observing, "observe", observe)
    monkeypatch.setattr(observing, "guest_files", lambda place: {})
    out, folder = tmp_path / "out.json", tmp_path / "logs"
    words = ["observe", "vmlinux", "--headers", headers(tmp_path), "-o", str(out)]
    assert run([*words, "--logs", str(folder)]) == status
    told = capsys.readouterr()
    assert told.out.startswith("klprove: OBSERVED") and json.loads(out.read_text())["sites"]
    assert text in told.err
    assert logs == [folder / "machine-1.log", folder / "machine-2.log"]


def test_logs_where_a_file_is(tmp_path: Path, capsys: Capture) -> None:
    place = headers(tmp_path)
    file = written(tmp_path, seen())
    assert run(["observe", "vmlinux", "--headers", place, "--logs", file]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
