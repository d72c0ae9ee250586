"""An answer as it was written, read back: all that its traces say, and what older ones do not."""

import json
from pathlib import Path
from typing import Any

import pytest

from klprove.api import check
from klprove.check import Answer
from klprove.report import document
from klprove.source import BadInput
from klprove.verdict import Start
from klprove.verdict.reading import READABLE, read_document, read_finding

TEXT = """#include <klprove.h>
%s
struct node { struct node *next; unsigned long value; };
static struct node nodes[2];
static struct node *head = &nodes[1];

__task(0) void reader(void)
{
	struct node *it = READ_ONCE(head);

	if (it == &nodes[0])
		finding("moved");
}

__nmi(0) void writer(void)
{
	WRITE_ONCE(head, &nodes[0]);
}
"""


def asked(folder: Path, pragma: str = "") -> Answer:
    """The answer about a task that reads a pointer and an NMI that moves it."""
    path = folder / "model.c"
    path.write_text(TEXT % pragma)
    return check(str(path), jobs=1)


@pytest.mark.parametrize(
    ("pragma", "unmasks"), [("", False), ("#pragma klprove hardware_nmi", True)]
)
def test_what_is_read_is_what_was_found(tmp_path: Path, pragma: str, unmasks: bool) -> None:
    answer = asked(tmp_path, pragma)
    (found,) = answer.findings
    written = json.loads(json.dumps(document(answer)))
    assert read_finding(written["findings"][0]) == found
    assert found.trace.start == (Start(interrupts=True, nmis_masked=False),)
    assert found.trace.iret_unmasks is unmasks
    assert {*found.trace.addresses.values()} == {"&nodes", "&nodes[1]"}


def test_addresses_are_written_with_their_names(tmp_path: Path) -> None:
    (found,) = document(asked(tmp_path))["findings"]
    (head,) = found["initial"]
    assert (head["name"], head["value_is"]) == ("head", "&nodes[1]")
    moved = next(each for step in found["trace"] for each in step["accesses"])
    assert (moved["before_is"], moved["after_is"]) == ("&nodes[1]", "&nodes")
    assert moved["before"] == head["value"] != moved["after"]


@pytest.mark.parametrize("member", ["before", "after"])
def test_each_value_of_an_access_may_have_a_name(tmp_path: Path, member: str) -> None:
    (row,) = document(asked(tmp_path))["findings"]
    row["initial"] = []
    for each in (access for step in row["trace"] for access in step["accesses"]):
        each.pop("before_is", None)
        each.pop("after_is", None)
        each[f"{member}_is"] = "&here"
    named = read_finding(row).trace.addresses
    assert ("head", each[member]) in named and set(named.values()) == {"&here"}


def older(content: dict[str, Any]) -> dict[str, Any]:
    """`content` as klprove.check/3 had it."""
    new = ("command", "patch", "inlined", "tree", "lift", "lifted", "werror")
    made = {name: value for name, value in content.items() if name not in new}
    text = json.dumps(made | {"schema": "klprove.check/3"})
    made = json.loads(text)
    for found in made["findings"]:
        del found["machine"]
        for row in (*found["initial"], *(a for step in found["trace"] for a in step["accesses"])):
            for member in ("value_is", "before_is", "after_is"):
                row.pop(member, None)
    return made


def test_of_an_older_answer_less_is_known(tmp_path: Path) -> None:
    answer = asked(tmp_path)
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(older(document(answer))))
    content = read_document(str(path))
    found = read_finding(content["findings"][0])
    assert (found.trace.start, found.trace.iret_unmasks, found.trace.addresses) == ((), None, {})
    assert found.trace.events == answer.findings[0].trace.events
    assert content["schema"] == READABLE[0]


@pytest.mark.parametrize(
    "machine",
    [
        None,
        {},
        {"iret_unmasks_nmis": 1, "cpus": []},
        {"iret_unmasks_nmis": True, "cpus": [{}]},
        {"iret_unmasks_nmis": True, "cpus": [{"interrupts": 1, "nmis_masked": False}]},
    ],
)
def test_how_a_machine_begins_has_to_be_said_as_described(tmp_path: Path, machine: Any) -> None:
    (row,) = document(asked(tmp_path))["findings"]
    with pytest.raises((KeyError, TypeError)):
        read_finding(row | {"machine": machine})


@pytest.mark.parametrize("member", ["value", "name", "value_is"])
def test_a_name_of_an_address_is_a_text(tmp_path: Path, member: str) -> None:
    (row,) = document(asked(tmp_path))["findings"]
    row["initial"][0][member] = ["x"]
    with pytest.raises(TypeError):
        read_finding(row)


def test_a_value_that_no_number_is(tmp_path: Path) -> None:
    (row,) = document(asked(tmp_path))["findings"]
    row["initial"][0]["value"] = 1 << 64
    with pytest.raises(ValueError, match="64 bits"):
        read_finding(row)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Is a directory"):
        read_document(str(tmp_path))
