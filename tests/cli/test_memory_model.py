"""`--memory-model`: what is asked, what is shown, and that the question can be asked again."""

import json
import re
import shlex
from pathlib import Path

import pytest

from klprove.ir import parse_ir
from tests.cli.test_bad_input import klprove
from tests.schemas.law import obey

TEXT = """\
static int x, y, r, s, done;
__task(0) void f(void) { x = 1; r = y; atomic_inc(&done); }
__task(1) void g(void) { y = 1; s = x; atomic_inc(&done); }
__task(2) void judge(void) { await(done == 2); assert(r || s); }
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Store buffering, and a task that looks at the outcome."""
    path = tmp_path / "model.c"
    path.write_text("#include <klprove.h>\n" + TEXT)
    return path


def test_a_trace_shows_the_store_buffer(model: Path) -> None:
    told = klprove("check", str(model), "--memory-model", "tso")
    assert told.returncode == 1
    shown = re.sub(r" +model.c:\d+", "", told.stdout)
    for line in (
        "assume  : memory is x86-TSO",
        "CPU 0 buffer",
        "x := 1 (buffered)",
        "x: 0 -> 1",
    ):
        assert line in shown
    assert klprove("check", str(model)).returncode == 0


def test_a_forwarded_read_says_so(model: Path) -> None:
    text = "static int x; __task(0) void f(void) { x = 1; assert(x != 1); }"
    model.write_text("#include <klprove.h>\n" + text + "__task(1) void g(void) { (void)x; }")
    told = klprove("check", str(model), "--memory-model", "tso")
    assert "x is 1 (own store)" in told.stdout
    assert "initial : all 0" in told.stdout or "nothing is read or written" in told.stdout


def test_the_question_is_the_same_when_asked_again(model: Path) -> None:
    asked = ["check", str(model), "--memory-model", "tso", "--store-buffer", "1"]
    text = "static int x; __task(0) void f(void) { for (;;) x ^= 1; }"
    model.write_text("#include <klprove.h>\n" + text + "__task(1) void g(void) { assert(!x); }")
    first = klprove(*asked)
    assert first.returncode == 1
    assert "store buffer <= 1" in first.stdout
    line = re.search(r"^replay  : klprove (.*?)\n\n", first.stdout, re.DOTALL | re.MULTILINE)
    assert line
    again = klprove(*shlex.split(line[1].replace("\\\n", "")))
    timeless = [re.sub(r"\d+\.\d+s", "", told.stdout) for told in (first, again)]
    assert timeless[0] == timeless[1]
    prints = {
        klprove(*words).stdout.rsplit(None, 1)[-1]
        for words in (asked, asked[:4], asked[:2], [*asked[:5], "2"])
    }
    assert len(prints) == 4


def test_the_json_answer_has_it(model: Path) -> None:
    text = "static int x; __task(0) void f(void) { x = 1; assert(x != 1); }"
    text += "__task(1) void g(void) { assert(!x); }"
    model.write_text("#include <klprove.h>\n" + text)
    told = klprove("check", str(model), "--memory-model", "tso", "--traces", "all", "--json", "-")
    content = json.loads(told.stdout)
    obey(content)
    assert content["bounds"] | {"memory_model": "tso", "store_buffer": None} == content["bounds"]
    assert content["bounds"]["cpus"] == 2
    events = [event for found in content["findings"] for event in found["trace"]]
    assert {event["kind"] for event in events} == {"task", "store-buffer"}
    kinds = {access["kind"] for event in events for access in event["accesses"]}
    assert kinds == {"buffer", "forwarded", "read", "write"}
    assert {event["cpu"] for event in events} <= {0, 1}


def test_the_program_can_be_printed(model: Path) -> None:
    told = klprove("lower", str(model), "--memory-model", "tso")
    made = parse_ir(told.stdout)
    assert made.tso and [each.cpu for each in made.buffers] == [0, 1]
    assert not parse_ir(klprove("lower", str(model)).stdout).tso


def test_a_size_without_buffers_is_refused(model: Path) -> None:
    told = klprove("check", str(model), "--store-buffer", "2")
    assert told.returncode == 2
    assert "--store-buffer needs --memory-model tso" in told.stderr
