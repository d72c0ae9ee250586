"""A real cluster of two workers on this machine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from klprove.check import EACH, Answer, Progress, Question, check
from klprove.cluster import Cluster, Worker, crew
from klprove.cluster.identity import digest
from klprove.engine import Limits
from klprove.engine.machine import Machine
from klprove.engine.partition.crewed import Crewed
from klprove.source import BadInput, Unavailable
from tests.cli.test_bad_input import klprove
from tests.cli.test_endings import ENDLESS
from tests.engine.test_partition import ARRIVALS, conducted, large, outcome, reference

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed (make cluster)"
)

MODEL = """\
int x;
void notrace __fentry__(unsigned long ip) { x = x + 1; }
static void a(void) { x = x + 2; }
static void b(void) { assert(x < 4); }
static void c(void) { x = 0; }
static void d(void) { x = x - 1; }
__task(0) void t(void) { a(); b(); c(); d(); }
__irq(0) void i(void) { x = x | 8; }
__nmi(0) void n(void) { x = x ^ 16; }
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two workers, up."""
    with Cluster("local", 2) as found:
        found.crew()
        yield found


@pytest.fixture
def question(tmp_path: Path) -> Question:
    """A campaign of some sites."""
    (tmp_path / "model.c").write_text(MODEL)
    return Question((str(tmp_path / "model.c"),), patch=(EACH,), arrivals={"irq": 2, "nmi": 2})


def content(answer: Answer) -> object:
    """An answer without its seconds."""
    return (
        answer.assumptions,
        answer.asked,
        answer.addresses,
        [
            replace(each, statistics=replace(each.statistics, seconds=0.0))
            for each in answer.sites.values()
        ],
    )


@needs_ray
def test_the_answer_is_that_of_one_process(cluster: Cluster, question: Question) -> None:
    alone, spread = check(question, jobs=1), check(question, cluster=cluster)
    assert alone.findings
    assert content(alone) == content(spread)


@needs_ray
def test_a_worker_killed_in_the_middle_changes_nothing(
    cluster: Cluster, question: Question
) -> None:
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        busy = [each.who.pid for each in cluster.crew().workers.values() if each.busy]
        if busy and not killed:
            killed.append(busy[0])
            os.kill(busy[0], signal.SIGKILL)

    alone, spread = check(question, jobs=1), check(question, kill, cluster=cluster)
    assert killed
    assert content(alone) == content(spread)


@needs_ray
@pytest.mark.parametrize("kill", [False, True])
def test_one_search_in_two_parts(cluster: Cluster, tmp_path: Path, kill: bool) -> None:
    made, limits = large(), Limits(arrivals=ARRIVALS)
    parts = Crewed(cluster.crew(), made, limits, str(tmp_path))
    assert parts.count == 2
    if kill:
        expand, levels = parts.each, []

        def killing(method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
            levels.append(method)
            if levels.count("expand") == 5 and method == "absorb":
                os.kill(min(cluster.crew().workers.values(), key=_number).who.pid, signal.SIGKILL)
            return expand(method, arguments)

        parts.each = killing  # type: ignore[method-assign]
    search = conducted(Machine(made, limits), parts)
    assert outcome(search) == outcome(reference(made, limits))
    parts.close()


@needs_ray
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_one_site_is_parted_among_the_workers(
    cluster: Cluster, tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.c").write_text(PAIR)
    question = Question((str(tmp_path / "model.c"),), engine=engine)
    alone = check(replace(question, engine="reference"), jobs=1)
    made: list[Crewed] = []
    close = Crewed.close
    monkeypatch.setattr(Crewed, "close", lambda self: (made.append(self), close(self)))
    spread = check(question, cluster=cluster)
    assert made and made[0].count == 2 and made[0].lasting
    assert spread.findings and spread.statistics.engine == engine
    for name in ("states", "transitions", "depth"):
        assert getattr(spread.statistics, name) == getattr(alone.statistics, name)
    assert said(spread) == said(alone)


def said(answer: Answer) -> list[tuple[object, ...]]:
    """Findings and the lengths of their traces."""
    return sorted((each.code, each.span, len(each.trace.events)) for each in answer.findings)


PAIR = """\
unsigned char a, b;
__task(0) void t(void) { a = a + 1; assert(b < 3); a = a + 2; }
__task(1) void u(void) { b = b + 1; b = b + 2; assert(a != 3); }
__irq(0) void i(void) { a = a ^ 8; }
"""


def _number(worker: Worker) -> int:
    return worker.number


@needs_ray
def test_bad_input_of_a_worker(cluster: Cluster, question: Question) -> None:
    with pytest.raises(BadInput, match="no engine"):
        check(replace(question, engine="steam"), cluster=cluster)


@needs_ray
def test_another_klprove_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("klprove.cluster.identity.digest", lambda: "another")
    with (
        pytest.raises(Unavailable, match=rf"has klprove [\d.]+ \({digest()}\), this is .*another"),
        Cluster("local", 1) as found,
    ):
        found.crew()


@needs_ray
def test_the_command_says_no_word_more_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(MODEL)
    temporary = Path(f"/tmp/t{os.getpid()}")  # short: Ray has sockets in it
    temporary.mkdir()
    words = ["check", "model.c", "--patch", "each", "--arrivals", "1"]
    alone = klprove(*words, cwd=tmp_path)
    env = {**os.environ, "TMPDIR": str(temporary)}
    spread = subprocess.run(
        [sys.executable, "-m", "klprove", *words, "--cluster", "local", "-j", "2"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        timeout=100,
    )
    # On a slow machine there is progress to tell.
    assert [line for line in spread.stderr.splitlines() if " sites, " not in line] == []
    assert _timeless(spread.stdout) == _timeless(alone.stdout)
    assert spread.returncode == alone.returncode
    temporary.rmdir()


def _timeless(text: str) -> str:
    return re.sub(r"[\d.]+s,", "", " ".join(text.split()))


@needs_ray
def test_ctrl_c_prints_what_is_known(tmp_path: Path) -> None:
    text = ENDLESS.replace("a++", "f()").replace("b++", "g()")
    functions = "static void f(void) { a++; }\nstatic void g(void) { b++; }\n"
    head, tasks = text.split("\n", 1)
    fentry = "void notrace __fentry__(unsigned long ip) { d++; }\n"
    (tmp_path / "model.c").write_text(f"{head}\n{fentry}{functions}{tasks}")
    words = ["check", "model.c", "--patch", "each", "--cluster", "local", "-j", "2"]
    with subprocess.Popen(
        [sys.executable, "-m", "klprove", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    ) as process:
        assert process.stderr
        process.stderr.readline()  # the first line of progress: the search runs
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, err = process.communicate(timeout=40)
    assert "Traceback" not in out + err
    assert process.returncode == 3
    assert "stopped : interrupted" in out
    rows = re.findall(r"^(\w) .* incomplete +([\d,]+)$", out, re.MULTILINE)
    assert [name for name, _ in rows] == ["f", "g", "t", "u", "v"]
    assert rows[0][1] != "0" and rows[-1][1] == "0"


@needs_ray
def test_where_nothing_listens() -> None:
    start = time.monotonic()
    with (
        pytest.raises(Unavailable, match=r"no cluster at 127\.0\.0\.1:1: "),
        Cluster("127.0.0.1:1", 1) as found,
    ):
        found.crew()
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("address", ["", "here", "host:", "host:port", "-x:1"])
def test_what_is_not_an_address(address: str) -> None:
    with pytest.raises(Unavailable, match="not `local`, `auto` or HOST:PORT"):
        Cluster(address, None)


def test_without_ray_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from klprove.cli.main import run

    (tmp_path / "model.c").write_text(MODEL)
    monkeypatch.setattr(crew, "find_spec", lambda name: None)
    assert run(["check", str(tmp_path / "model.c"), "--cluster", "local"]) == 2
    said = capsys.readouterr()
    assert said.err == "klprove: error: --cluster needs Ray: pip install klprove[cluster]\n"
    assert said.out == ""
