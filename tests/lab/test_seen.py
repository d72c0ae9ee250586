"""What the module writes, what a file keeps of it, and several runs as one."""

import json
import os
from pathlib import Path

import pytest

from klprove.lab import Entered, Run, Seen, Way, merged, read_seen, seen_document, totals
from klprove.lab.seen import LARGEST, names_of, parse
from klprove.source import BadInput
from tests.schemas.law import obey

TASK = Way("task", False, False, False)
IDLE = Way("task", True, True, True)
NMI = Way("nmi", True, False, False)


def seen(build_id: str = "ab", **sites: dict[Way, Entered]) -> Seen:
    places = {int(name[1:], 16): ways for name, ways in sites.items()}
    return Seen(
        "6.1", build_id, [Run("max", ["idle=poll"], 1.5, 10, 2, 0)], frozenset({"f"}), places
    )


def test_a_line_is_a_way_of_one_function() -> None:
    text = "ffffffff81000000 0 7 ffffffff81000100\nffffffff81000000 1c 1 2\nffff 7 3 4\n"
    assert parse(text, "seen") == {
        0xFFFFFFFF81000000: {TASK: Entered(7, 0xFFFFFFFF81000100), IDLE: Entered(1, 2)},
        0xFFFF: {NMI: Entered(3, 4)},
    }


@pytest.mark.parametrize(
    "line", ["1 2 3", "1 20 3 4", "1 -1 3 4", "x 0 1 2", "1 0 y 2", "1 0 1 2 3"]
)
def test_a_line_that_is_none(line: str) -> None:
    with pytest.raises(BadInput, match=r"seen:2:1: error: not a line"):
        parse(f"1 0 1 2\n{line}\n", "seen")


def test_every_bit_of_a_way_has_its_word() -> None:
    found = parse("".join(f"1 {bits:x} 1 1\n" for bits in range(32)), "seen")[1]
    assert len(found) == 32
    assert sum(way.irqs_off for way in found) == sum(way.rcu_off for way in found) == 16
    assert {way.context for way in found} == {"task", "softirq", "hardirq", "nmi"}


def test_a_file_gives_back_what_was_seen(tmp_path: Path) -> None:
    before = seen(
        x10={TASK: Entered(1, 2), IDLE: Entered(3, 4)}, xffffffff81000000={NMI: Entered(5, 6)}
    )
    path = tmp_path / "seen.json"
    obey(seen_document(before))
    path.write_text(json.dumps(seen_document(before)))
    assert read_seen(str(path)) == before


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "klprove.map/2"},
        {"sites": []},
        {"sites": {"0x1": [{}]}},
        {"sites": {"1 2": []}},
        {"runs": 3},
        {"runs": [{"model": "max"}]},
        {"runs": [3]},
        {"sites": {"0x1": [{**TASK._asdict(), "count": float("inf"), "parent": "0"}]}},
        {"traceable": None},
    ],
)
def test_a_file_of_something_else(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "seen.json"
    path.write_text(json.dumps({**seen_document(seen()), **change}))
    with pytest.raises(BadInput, match=r"seen\.json: error: "):
        read_seen(str(path))


def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    text = json.dumps(seen_document(seen(x10={TASK: Entered(1, 2)})))
    path.write_text(text.replace('"task"', '"thread"'))
    with pytest.raises(BadInput, match="does not say what was seen"):
        read_seen(str(path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON"),
        (b'{\n"a": [', ":2:7: error: is no JSON: it ends too early"),
        (b'{"a": "\xff"}', "byte 7 is no UTF-8"),
        (b"[]", "does not say what was seen"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"format": "klprove-seen 1"}', "its schema is 'klprove-seen 1', not 'klprove.seen/2'"),
    ],
)
def test_a_file_that_is_no_json(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "seen.json"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_seen(str(path))
    assert said in caught.value.diagnostics[0].render()


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    path.touch()
    os.truncate(path, LARGEST + 1)
    with pytest.raises(BadInput, match="more than 64 MiB: 67,108,865 bytes"):
        read_seen(str(path))


def test_runs_add_up_and_the_first_parent_stays() -> None:
    found = merged([
        seen(x10={TASK: Entered(1, 2)}),
        seen(x10={TASK: Entered(10, 20), NMI: Entered(5, 6)}, x20={IDLE: Entered(1, 1)}),
    ])  # fmt: skip
    assert found.sites[0x10] == {TASK: Entered(11, 2), NMI: Entered(5, 6)}
    assert found.sites[0x20] == {IDLE: Entered(1, 1)}
    assert len(found.runs) == 2
    assert totals(found) == {
        "functions": 2, "task": 2, "nmi": 1, "irqs_off": 2, "rcu_off": 1, "idle": 1
    }  # fmt: skip


def test_runs_of_two_kernels_are_not_one() -> None:
    with pytest.raises(BadInput, match="two kernels"):
        merged([seen("ab"), seen("cd")])


def test_the_kernels_own_list() -> None:
    lines = ["vfs_read\n", "klp [test_klp]\n", "__ftrace_invalid_address___16\n", "\n", "open\n"]
    assert names_of(lines) == {"vfs_read", "open"}
