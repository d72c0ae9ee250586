"""How a run can end: its status, and that nothing found is lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from klprove.cli import main as command
from tests.cli.test_bad_input import klprove

VIOLATED = "int x;\n__task(0) void t(void) { x = 1; }\n__irq(0) void i(void) { assert(!x); }\n"
HOLDS = "int x;\n__task(0) void t(void) { x = 1; }\n__irq(0) void i(void) { assert(x < 2); }\n"
WARNED = "int x;\n__task(0) void t(void) { x = 1; WARN_ON(x); }\n"
VACUOUS = HOLDS + "__nmi(0) void n(void) { if (x > 1) reach(never_there); }\n"
ENDLESS = """\
unsigned int a, b, c, d;
__task(0) void t(void) { for (;;) a++; }
__task(1) void u(void) { for (;;) b++; }
__task(2) void v(void) { for (;;) c++; }
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file whose verdict is violated."""
    (tmp_path / "model.c").write_text(VIOLATED)
    return tmp_path / "model.c"


@pytest.mark.parametrize(
    ("text", "options", "status", "said"),
    [
        (HOLDS, [], 0, "klprove: HOLDS"),
        (HOLDS, ["--arrivals", "irq=1"], 0, "HOLDS  within irq <= 1"),
        (VIOLATED, [], 1, "klprove: VIOLATION assert"),
        (WARNED, [], 0, "HOLDS  (warned)"),
        (WARNED, ["--werror"], 1, "klprove: VIOLATION warned"),
        (VACUOUS, [], 3, "witness never_there is never reached"),
        (ENDLESS, ["--time", "1s"], 3, "go on   : give it more (--time"),
        (ENDLESS, ["--memory", "150M"], 3, "memory limit"),
    ],
    ids=["holds", "bounded", "violated", "warned", "werror", "vacuous", "time", "memory"],
)
def test_statuses(tmp_path: Path, text: str, options: list[str], status: int, said: str) -> None:
    (tmp_path / "model.c").write_text(text)
    done = klprove("check", "model.c", *options, cwd=tmp_path)
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout
    assert "Observation" in done.stdout


def test_what_the_time_did_not_suffice_for_is_said(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(ENDLESS)
    start = time.monotonic()
    done = klprove("check", "model.c", "--time", "1s", cwd=tmp_path)
    assert time.monotonic() - start < 30
    assert "go on   : give it more" in done.stdout
    assert re.search(r"bounds : 3 CPUs; .* states.*NOT complete", " ".join(done.stdout.split()))


def test_ctrl_c_prints_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(ENDLESS)
    with subprocess.Popen(
        [sys.executable, "-m", "klprove", "check", "model.c"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        time.sleep(2.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "Traceback" not in out + err
    assert out.startswith("klprove: INCOMPLETE")
    assert "stopped : interrupted" in out
    assert re.search(r"[\d,]+ states", out)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_in_the_middle_of_a_table(tmp_path: Path, jobs: str) -> None:
    text = ENDLESS.replace("a++", "f()").replace("b++", "g()")
    functions = "static void f(void) { a++; }\nstatic void g(void) { b++; }\n"
    head, tasks = text.split("\n", 1)
    fentry = "void notrace __fentry__(unsigned long ip) { d++; }\n"
    (tmp_path / "model.c").write_text(f"{head}\n{fentry}{functions}{tasks}")
    with subprocess.Popen(
        [sys.executable, "-m", "klprove", "check", "model.c", "--patch", "each", "-j", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "states" in line)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, err = process.communicate(timeout=60)
    assert "Traceback" not in told + out + err
    assert process.returncode == 3
    assert "stopped : interrupted" in out
    assert "stopped : not searched: interrupted" in out
    rows = re.findall(r"^(\w) .* (incomplete|not searched) +([\d,]+)$", out, re.MULTILINE)
    assert [name for name, _, _ in rows] == ["f", "g", "t", "u", "v"]
    assert rows[0][1] == "incomplete" and rows[0][2] != "0"
    assert rows[-1][1:] == ("not searched", "0")


def test_a_reader_that_leaves_early(model: Path) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m klprove check {model} | true; exit ${{PIPESTATUS[0]}}",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.parametrize("stream", [1, 2])
def test_a_closed_stream(model: Path, stream: int) -> None:
    command = f"{sys.executable} -m klprove check {model} {stream}>&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ""
    assert ("VIOLATION" in done.stdout) == (stream == 2)


needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


@needs_full
def test_a_full_disk_for_json_loses_nothing(model: Path) -> None:
    done = klprove("check", model, "--json", "/dev/full")
    assert done.returncode == 2
    assert "klprove: error: cannot write /dev/full: No space left on device" in done.stderr
    assert "VIOLATION assert" in done.stdout


@needs_full
def test_a_full_disk_for_the_text(model: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "klprove", "check", str(model)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("klprove: error: cannot write to standard output")


def test_json_to_a_folder_that_does_not_exist(model: Path) -> None:
    done = klprove("check", model, "--json", model.parent / "no" / "x.json")
    assert done.returncode == 2
    assert "x.json: No such file or directory" in done.stderr
    assert done.stdout == ""  # nothing was searched in vain


def test_json_alone_on_standard_output(model: Path) -> None:
    done = klprove("check", model, "--json", "-")
    assert done.returncode == 1
    content = json.loads(done.stdout)
    assert content["schema"] == "klprove.check/4"
    assert [each["code"] for each in content["findings"]] == ["assert"]


def test_json_file_is_replaced_whole(model: Path) -> None:
    target = model.parent / "out.json"
    target.write_text("old")
    assert klprove("check", model, "--json", target).returncode == 1
    assert json.loads(target.read_text())["verdict"] == "violated"
    assert sorted(each.name for each in model.parent.iterdir()) == ["model.c", "out.json"]


def test_a_bug_of_ours_is_status_70(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("as if")

    monkeypatch.setattr("klprove.cli.checking.check", broken)
    with pytest.raises(SystemExit) as ended:
        command(["check", str(model)])
    assert ended.value.code == 70
    error = capsys.readouterr().err
    assert "Traceback" in error and "as if" in error and "bug in klprove" in error


def test_the_answer_does_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    text = """\
int x;
void notrace __fentry__(unsigned long ip) { x = x + 1; }
static void a(void) { x = x + 2; }
static void b(void) { assert(x < 4); }
static void c(void) { x = 0; }
__task(0) void t(void) { a(); b(); c(); }
"""
    (tmp_path / "model.c").write_text(text)
    outputs = {
        re.sub(r"[\d.]+s,", "", klprove(*_each(jobs), cwd=tmp_path).stdout) for jobs in (1, 2, 4)
    }
    assert len(outputs) == 1
    (text,) = outputs
    rows = re.findall(r"^(\w+) +[.Xw ]+(holds|violated)", text, re.MULTILINE)
    assert [name for name, _ in rows] == ["a", "b", "c", "t"]


def _each(jobs: int) -> list[str]:
    return ["check", "model.c", "--patch", "each", "-j", str(jobs)]
