"""A trace read back, its schedule, and what of it cannot be replayed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from klprove.api import Options, check, question
from klprove.check.checking import program
from klprove.image.btf import Types
from klprove.lab.layout import Layout
from klprove.lab.memory import FIXED, TASK, Word
from klprove.replay.schedule import Schedule, schedule
from klprove.replay.trace import Case, NotMappable, read_case, resting
from klprove.replay.words import Pair, Words, bare, table, words
from klprove.report import document
from klprove.source import BadInput
from klprove.verdict import Access, Event, Trace
from tests.lift.trees import plant
from tests.schemas.law import obey

HANDLER = "handlers/2017/A.c"
SYMBOLS = {"ksys_read": 1, "vfs_read": 2, "klp_ftrace_handler": 3, "asm_exc_nmi": 4}


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """What a check of handler A on v6.0 writes."""
    return document(check(HANDLER, kernel="v6.0", patch="vfs_read", jobs=1))


def _file(folder: Path, content: object) -> str:
    path = folder / "trace.json"
    path.write_text(json.dumps(content))
    return str(path)


@pytest.fixture
def case(written: dict[str, Any], tmp_path: Path) -> Case:
    """Its trace."""
    return read_case(_file(tmp_path, written))


def _words(more: Mapping[str, Pair] | None = None) -> Words:
    every = 2**64 - 1
    reader = "cpu_task.rcu_read_lock_nesting"
    pairs = {
        reader: Pair(reader, "reader", Word(TASK, 0, 4, True), every, False),
        **(more or {}),
    }
    return Words(pairs, {"file_table": "stands for something"})


def _planned(case: Case, found: Words | None = None) -> Schedule:
    return schedule(case.trace, case.resting, found or _words(), SYMBOLS)


def test_a_case_says_what_it_is_of(case: Case) -> None:
    assert (case.name, case.kernel, case.site) == (
        "unwatched-silent at vfs_read", "v6.0", "vfs_read",
    )  # fmt: skip
    assert case.handler == HANDLER
    assert len(case.trace.events) == 12
    assert case.resting["context_tracking.state.counter"] == 4
    assert case.resting["cpu_task.rcu_tasks_idle_cpu"] == -1


def test_the_schedule_of_a_handler(case: Case) -> None:
    klp = "klp_ops.func_stack.next"
    found = _words({klp: Pair(klp, klp, Word(FIXED, 64, 8, False), 2**64 - 1, False)})
    plan = _planned(case, found)
    assert [(each.number, each.do, each.target, each.value) for each in plan.steps[:8]] == [
        (1, "reach", "ksys_read", 0),
        (1, "look", "", 0),
        (2, "change", "", 1),
        (3, "skip", "", 0),
        (4, "look", "", 1),
        (5, "change", "", 0),
        (6, "reach", "vfs_read", 0),
        (6, "reach", "klp_ftrace_handler", 0),
    ]
    assert plan.steps[10].do == "read"
    assert plan.steps[3].why == "file_table: stands for something"
    assert plan.fatal is None
    assert plan.mapped == 9


def test_addresses_of_the_model_mean_places_in_the_kernel() -> None:
    pair = Pair("p", "p", Word(FIXED, 0, 8, False), 2**64 - 1, False, {0x10: 0x9000})
    assert (pair.told(0x10), pair.told(0x11), pair.masked(0x10)) == (0x9000, 0x11, 0x10)


def _event(**changed: Any) -> Event:
    given: dict[str, Any] = {
        "action": "step", "cpu": 0, "depth": 0, "kind": "task", "context": "task", "span": None,
        "calls": ("f",),
    }  # fmt: skip
    return Event(**given | changed)


def _one(*events: Event) -> Schedule:
    return schedule(Trace((), events), {}, _words(), SYMBOLS)


def test_an_exception_cannot_be_made_to_come() -> None:
    plan = _one(_event(action="enter", depth=1, kind="exception"))
    assert plan.fatal is not None
    assert plan.fatal.why.startswith("exception: there is no way")


def test_an_idle_driver_does_not_run_here() -> None:
    plan = _one(_event(calls=("cpuidle_enter_state", "intel_idle")))
    assert plan.fatal is not None
    assert "cpuidle" in plan.fatal.why


def test_arrivals_and_returns() -> None:
    plan = _one(
        _event(action="enter", depth=1, kind="nmi"), _event(action="exit", depth=1, kind="nmi")
    )
    assert [(each.do, each.target) for each in plan.steps] == [
        ("inject NMI", "asm_exc_nmi"), ("return", ""),
    ]  # fmt: skip


def test_a_read_before_an_arrival_has_its_place() -> None:
    read = _event(accesses=(Access("read", "cpu_task[cpu 0].rcu_read_lock_nesting", 0, 0),))
    after = _event(action="enter", depth=1, kind="nmi")
    assert [each.do for each in _one(read, after).steps] == ["read", "inject NMI"]
    assert [each.do for each in _one(read, read).steps] == ["look", "look"]


def test_what_a_switch_changes_counts() -> None:
    name = "cpu_task[cpu 0].rcu_read_lock_nesting"
    plan = _one(_event(calls=("context_switch",), accesses=(Access("write", name, 0, 3),)))
    (step,) = plan.steps
    assert (step.do, step.value, step.away) == ("skip", 3, True)


def test_the_interrupt_flag_is_a_step() -> None:
    assert [(each.do, each.value) for each in _one(_event(notes=("irqs off",))).steps] == [
        ("irq flag", 0)
    ]


def test_names_without_their_cpu() -> None:
    assert bare("cpu_task[cpu 12].flags") == "cpu_task.flags"
    assert bare("klp_funcs[1].nop") == "klp_funcs[1].nop"


def test_words_of_an_image_that_has_few() -> None:
    empty = Layout("none", {}, Types([(0, 0, 0, 0)], b"\0", {}), {})
    found = words(empty, {"klp_ops.fops.flags": _words().pairs["cpu_task.rcu_read_lock_nesting"]})
    assert found.pairs == {}
    assert found.reason("klp_ops.fops.flags") == "ftrace keeps more there than the model"
    assert found.reason("klp_opsx") == "nothing in the image has this name"


def test_every_row_of_the_table_says_why() -> None:
    for key in ("other", "never", "apart"):
        assert all(row["model"] and len(row["why"]) > 10 for row in table()[key])


def _complaint(path: str, **wanted: str) -> str:
    with pytest.raises(BadInput) as caught:
        read_case(path, **wanted)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.render()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "klprove.check/2"}, "its schema is 'klprove.check/2'"),
        ({"kernel": None}, "of no kernel model"),
        ({"scene": "transition"}, "of the scene transition"),
        ({"model": "0" * 64}, "the model v6.0 has changed since"),
        ({"findings": []}, "no finding with a trace in it"),
        ({"files": [{"path": "absent.c", "sha256": ""}]}, "absent.c: error: No such file"),
        ({"files": [{"path": HANDLER, "sha256": "00"}]}, "A.c: error: has changed since"),
    ],
)
def test_traces_that_cannot_be_replayed(
    written: dict[str, Any], tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    assert said in _complaint(_file(tmp_path, written | change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("trace", [1]), ("trace", [{"step": 1}]), ("initial", [{"name": "x", "value": "1"}]),
     ("site", None)],
)  # fmt: skip
def test_findings_that_are_not_as_the_schema_says(
    written: dict[str, Any], tmp_path: Path, name: str, value: object
) -> None:
    other = json.loads(json.dumps(written))
    other["findings"][0][name] = value
    said = _complaint(_file(tmp_path, other))
    assert "is not as the schema says" in said or "no function None()" in said


def test_a_trace_of_two_cpus(written: dict[str, Any], tmp_path: Path) -> None:
    other = written | {"bounds": written["bounds"] | {"cpus": 2}}
    assert "only traces of one CPU" in _complaint(_file(tmp_path, other))


def test_a_trace_with_store_buffers(written: dict[str, Any], tmp_path: Path) -> None:
    other = written | {"bounds": written["bounds"] | {"memory_model": "tso"}}
    with pytest.raises(NotMappable, match="TCG has no store buffer"):
        read_case(_file(tmp_path, other))


def test_a_finding_that_is_not_there(written: dict[str, Any], tmp_path: Path) -> None:
    said = _complaint(_file(tmp_path, written), code="assert")
    assert "there are: unwatched-silent at vfs_read" in said


def test_a_trace_with_another_beginning(written: dict[str, Any], tmp_path: Path) -> None:
    other = json.loads(json.dumps(written))
    other["findings"][0]["initial"][0]["value"] = 5
    assert "begins as 5, and as 0 in the model" in _complaint(_file(tmp_path, other))


def test_the_macros_of_the_check_make_the_model(written: dict[str, Any], tmp_path: Path) -> None:
    macros = {"KLP_WAIT_RCU": "1", "EMPTY": ""}
    given = read_case(_file(tmp_path, written | {"defines": macros}))
    before = {name: value for name, value in written.items() if name != "defines"}
    without = read_case(_file(tmp_path, before))
    assert (given.defines, without.defines) == (macros, {})
    assert repr(given.text) != repr(without.text)


def test_the_options_of_the_check_make_the_model(written: dict[str, Any], tmp_path: Path) -> None:
    assert (written["inlined"], written["bounds"]["recursion"]) == ([], None)
    said = _complaint(_file(tmp_path, written | {"inlined": ["vfs_read"]}))
    assert "vfs_read() cannot be patched" in said
    assert read_case(_file(tmp_path, written | {"inlined": ["arch_cpu_idle"]})).site == "vfs_read"
    bottomless = {**written, "bounds": written["bounds"] | {"recursion": 0}}
    assert "recursion: error: 0 is not a number of 1" in _complaint(_file(tmp_path, bottomless))


@pytest.mark.parametrize("given", [1, "f", [1], None])
def test_inlined_functions_that_are_none(
    given: object, written: dict[str, Any], tmp_path: Path
) -> None:
    said = _complaint(_file(tmp_path, written | {"inlined": given}))
    assert "is not as the schema says" in said


def test_text_from_a_tree_has_to_be_there_and_the_same(
    written: dict[str, Any], tmp_path: Path
) -> None:
    tree = plant(tmp_path / "tree")
    lifted = ["kernel/rcu/tree.c:rcu_nmi_enter"]
    asked: Options = {"kernel": "v4.12", "patch": "vfs_read", "tree": tree, "lift": lifted}
    made = document(check("handlers/2017/F.c", jobs=1, **asked))
    assert [each["path"] for each in made["lifted"]] == lifted
    obey(made)
    made["findings"] = written["findings"]
    for found in made["findings"]:
        found["initial"] = []
    path = _file(tmp_path, made)
    assert read_case(path).text == program(question("handlers/2017/F.c", **asked))
    file = Path(tree) / "kernel/rcu/tree.c"
    file.write_text(file.read_text().replace("int incby = 2;", "int incby = 3;"))
    assert "tree.c:rcu_nmi_enter of " in _complaint(path)
    assert "has changed since it was written" in _complaint(path)
    file.unlink()
    assert "error: " in _complaint(path)


def test_what_was_taken_from_a_mail_is_no_file(written: dict[str, Any], tmp_path: Path) -> None:
    said = _complaint(_file(tmp_path, written | {"mail": {"file": "a.mbox", "text": "int x;"}}))
    assert "of C that was taken from a mail" in said and "jq -r .mail.text" in said


@pytest.mark.parametrize("macros", [{"A-B": "1"}, {"A": "1\n#error"}, {"A(x)": "1"}, ["A"], 1])
def test_macros_that_are_none(macros: object, written: dict[str, Any], tmp_path: Path) -> None:
    said = _complaint(_file(tmp_path, written | {"defines": macros}))
    assert "is not as the schema says" in said


def test_files_that_are_no_json(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{")
    (tmp_path / "b").write_text("[1]")
    assert "is no JSON" in _complaint(str(tmp_path / "a"))
    assert "is a JSON array, no object" in _complaint(str(tmp_path / "b"))
    assert "No such file" in _complaint(str(tmp_path / "c"))


def test_resting_words_are_signed(case: Case) -> None:
    assert resting(case.text)["cpu_task.patch_state"] == -1
