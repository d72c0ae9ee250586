"""A trace read back, its schedule, and what of it cannot be replayed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from klprove.api import Options, check, question
from klprove.check.checking import program
from klprove.image.btf import NO_TYPES
from klprove.image.btf.reading import STRUCTURE
from klprove.kernels import TRANSITION, load
from klprove.lab.layout import Layout
from klprove.lab.memory import FIXED, TASK, Word
from klprove.replay.schedule import Schedule, schedule
from klprove.replay.trace import Case, NotMappable, read_case, resting
from klprove.replay.words import Pair, Words, bare, table, words
from klprove.report import document
from klprove.source import BadInput
from klprove.verdict import Access, Event, Trace
from tests.image.types import types
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


def _exception(*calls: str, symbols: Mapping[str, int]) -> Schedule:
    entered = _event(action="enter", depth=1, kind="exception", calls=())
    body = _event(depth=1, kind="exception", calls=calls)
    gone = _event(action="exit", depth=1, kind="exception", calls=())
    return schedule(Trace((), (entered, body, gone)), {}, _words(), symbols)


def test_an_exception_is_a_hardware_breakpoint_in_a_task_that_has_a_place() -> None:
    symbols = {**SYMBOLS, "asm_exc_debug": 9}
    plan = _exception("paranoid_idtentry", "exc_debug_kernel", symbols=symbols)
    assert [(each.do, each.target) for each in plan.steps] == [
        ("reach", "ksys_read"), ("breakpoint", "asm_exc_debug"), ("skip", ""), ("return", ""),
    ]  # fmt: skip
    assert (plan.fatal, plan.steps[0].event.depth) == (None, 0)


def test_a_machine_check_is_the_other_exception() -> None:
    symbols = {**SYMBOLS, "asm_exc_debug": 9, "asm_exc_machine_check": 10}
    plan = _exception("paranoid_idtentry", "exc_machine_check_kernel", symbols=symbols)
    arrival = plan.steps[1]
    assert (arrival.do, arrival.target) == ("machine check", "asm_exc_machine_check")
    assert plan.excepts and plan.fatal is None


def test_an_arrival_that_the_kernel_has_no_entry_for() -> None:
    plan = _exception("exc_debug_kernel", symbols=SYMBOLS)
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
        ("reach", "ksys_read"), ("inject NMI", "asm_exc_nmi"), ("return", ""),
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
    empty = Layout("none", {}, NO_TYPES, {})
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
        ({"scene": "other"}, "of the scene other: there is none of that name"),
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


def test_a_trace_of_three_cpus(written: dict[str, Any], tmp_path: Path) -> None:
    other = written | {"bounds": written["bounds"] | {"cpus": 3}}
    assert "of a reader's CPU and an updater's" in _complaint(_file(tmp_path, other))


@pytest.fixture(scope="module")
def both() -> dict[str, Any]:
    """What a check of handler A with an updater writes."""
    return document(check(HANDLER, kernel="v6.0", patch="vfs_read", cpus=2, jobs=1))


def _core() -> Words:
    """Words as a kernel with both livepatches in it would have them."""
    named = {"klp_transition_patch": 0x9000, "klp_target_state": 0x9008}
    fixed = {"klp_funcs[1].transition": 0x100, "klp_ops.func_stack.next": 0x200}
    more = {
        name: Pair(name, name, Word(FIXED, at, 8, False), 2**64 - 1, False, {7: 8})
        for name, at in fixed.items()
    }
    return words(Layout("none", named, NO_TYPES, {}), more, reader=1)


def test_the_schedule_of_a_reader_and_an_updater(both: dict[str, Any], tmp_path: Path) -> None:
    case = read_case(_file(tmp_path, both), "use-after-free")
    core = {"klp_init_transition": 5, "klp_complete_transition": 6, "free_module": 7,
            "asm_common_interrupt": 8, "klp_text[1]": 0x700}  # fmt: skip
    plan = schedule(case.trace, case.resting, _core(), SYMBOLS | core)
    assert (plan.fatal, plan.updater, plan.raises) == (None, True, True)
    own = [each for each in plan.steps if each.event.cpu]
    assert [each.target for each in own if each.do == "reach"] == [
        "klp_init_transition", "klp_complete_transition", "free_module",
    ]  # fmt: skip
    changed = [each.pair.model for each in own if each.do == "change" and each.pair is not None]
    assert changed[:3] == ["klp_transition_patch", "klp_target_state", "klp_funcs[1].transition"]
    assert [(each.do, each.value) for each in plan.steps if each.do in ("free", "fault")] == [
        ("free", 0x700), ("fault", 0x700),
    ]  # fmt: skip
    passed = [each for each in plan.steps if "cpuidle" in each.why]
    assert passed and all(each.away for each in passed)


def test_words_of_the_core_are_there_with_an_updater_only() -> None:
    found = _core()
    assert found.pairs["klp_target_state"].word == Word(FIXED, 0x9008, 4, True)
    assert found.pairs["klp_transition_patch"].told(7) == 8
    places = Layout("none", {"klp_target_state": 1}, NO_TYPES, {})
    assert "klp_target_state" not in words(places).pairs


def test_another_wait_than_the_kernel_s_is_called() -> None:
    calls = ("klp_synchronize_transition", "synchronize_rcu")
    waits = {"schedule_on_each_cpu": 5, "synchronize_rcu": 6}
    for number, divert in ((2, ["reach", "divert"]), (1, ["reach"])):
        events = (_event(cpu=1, calls=calls[:number]),)
        plan = schedule(Trace((), events), {}, _words(), SYMBOLS | waits)
        assert [each.do for each in plan.steps][:-1] == divert


def test_no_other_wait_is_another() -> None:
    waits = {"free_module": 5, "synchronize_rcu": 6}
    events = (_event(cpu=1, calls=("free_module", "synchronize_rcu")),)
    plan = schedule(Trace((), events), {}, _words(), SYMBOLS | waits)
    assert [each.do for each in plan.steps][:-1] == ["reach"]


def test_the_number_of_the_reader_s_cpu_is_another_in_the_kernel() -> None:
    names = b"\0int\0task_struct\0rcu_tasks_idle_cpu\0"
    records = [(1, 1, 4, 0), (STRUCTURE, 5, 64, 1)]
    known = types(records, names, {2: [(17, 1, 64)]})
    places = Layout("none", {}, known, {})
    name = "cpu_task.rcu_tasks_idle_cpu"
    assert words(places, reader=1).pairs[name].told(0) == 1
    assert words(places).pairs[name].told(0) == 0


def test_a_driver_that_is_only_passed_through_is_no_obstacle() -> None:
    inside = _event(calls=("cpuidle_enter_state",))
    assert _one(inside, _event(calls=("f",))).fatal is None
    assert _one(inside, _event(action="enter", depth=1, kind="nmi")).fatal is not None
    handler = _event(calls=("cpuidle_enter_state", "klp_ftrace_handler"))
    assert _one(inside, handler, _event(calls=("f",))).fatal is not None


def _forced(written: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A document of the livepatch core's scene, with a trace of one step."""
    event = written["findings"][0]["trace"][0] | {"step": 1, "accesses": [], "calls": ["user_task"]}
    finding = written["findings"][0] | {"site": "", "initial": [], "trace": [event]}
    model = load("v6.1", scene=TRANSITION).digest
    return written | {
        "kernel": "v6.1", "scene": TRANSITION, "action": "force", "files": [], "model": model,
        "bounds": written["bounds"] | {"cpus": 2}, "findings": [finding], **changed,
    }  # fmt: skip


def test_a_trace_of_the_livepatch_core(written: dict[str, Any], tmp_path: Path) -> None:
    case = read_case(_file(tmp_path, _forced(written)))
    assert (case.scene, case.site, case.handler) == (TRANSITION, "vfs_read", "")
    assert case.resting["tasks[0].patch_state"] == -1


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"action": "reverse"}, "reverse: nobody in it"), ({"defines": {"EXITS": "1"}}, "with -D")],
)
def test_what_nobody_in_the_lab_does(
    changed: dict[str, Any], said: str, written: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(NotMappable, match=said):
        read_case(_file(tmp_path, _forced(written, **changed)))


def test_a_text_that_is_read_is_executed() -> None:
    read = _event(accesses=(Access("read", "klp_text[0]", 0, 0),))
    for symbols, do in ((SYMBOLS | {"klp_text[0]": 5}, "reach"), (SYMBOLS, "skip")):
        (step,) = schedule(Trace((), (read,)), {}, _words(), symbols).steps
        assert step.do == do


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
