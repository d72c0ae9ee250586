"""Rules of the judgement with one thing changed: the test of the rule must see it."""

from collections.abc import Callable
from typing import Any

import pytest

from klprove.watch import Finding
from klprove.watch.state import Walk
from klprove.watch.threads import stat
from tests.watch import test_effect, test_seeing, test_transitions

Mutant = tuple[str, Any, Callable[[], None]]
_T, _E, _S = test_transitions, test_effect, test_seeing


def _nothing(*_: Any, **__: Any) -> None:
    return None


MUTANTS: dict[str, Mutant] = {
    "main functions are not told": (
        "blocking._BOTTOM", (), _T.test_the_main_function_of_a_kernel_thread_never_ends,
    ),
    "every function of a kernel thread is a main one": (
        "blocking._BOTTOM", ("kthread", "ret_from_fork", "vhost_worker"),
        _T.test_deeper_in_a_kernel_thread_it_may_end,
    ),
    "no frame is waited for": (
        "blocking._waited_for", _nothing, _T.test_a_user_thread_in_a_patched_function,
    ),
    "older patches are forgotten": (
        "blocking._newest", lambda older: {}, _T.test_what_an_older_patch_put_there_counts,
    ),
    "names of replacements say nothing": (
        "blocking._named", _nothing, _T.test_other_code_of_an_older_patch_does_not_count,
    ),
    "the kernel never signals": (
        "blocking.SIGNALS", 0.0, _T.test_a_user_thread_in_a_patched_function,
    ),
    "the kernel signals late": (
        "blocking.SIGNALS", 100.0, _T.test_after_the_kernel_has_signalled_somebody_else_must,
    ),
    "no round is enough": ("blocking.ROUND", 100.0, _T.test_nothing_on_the_stack),
    "a first round is enough": ("blocking.ROUND", 0.0, _T.test_nothing_on_the_stack),
    "running is never long": ("blocking.LONG", 1e9, _T.test_running_for_long),
    "turning round is not seen": (
        "judging._starts", lambda patch, said: [e.seconds for e in said][-1:], _T.test_turned_round,
    ),
    "starts are never forgotten": (
        "judging._starts",
        lambda patch, said: [e.seconds for e in said if e.meaning == "starting"],
        _T.test_a_transition_that_ended_and_another_one,
    ),
    "the handler has another name": ("effect._HANDLER", "other", _E.test_effective),
    "everybody is the handler": (
        "effect._ours", lambda hook: True,
        _E.test_overridden_by_somebody_who_changes_the_instruction_pointer,
    ),
    "kprobes anywhere are at the entry": (
        "effect._ENTRY", 4096, _E.test_a_kprobe_at_the_entry,
    ),
    "kprobes are only at offset 0": ("effect._ENTRY", 0, _E.test_a_kprobe_at_the_entry),
    "every module is loaded": (
        "effect.loaded", lambda found, name: True, _E.test_an_object_that_is_not_there,
    ),
    "refused modules are all back": (
        "judging.loaded", lambda found, name: True, _E.test_a_module_was_refused,
    ),
    "leftovers are all free": (
        "judging._former", lambda name, references, said: Finding("note", "replaced", "", name),
        _E.test_forced_and_held_for_ever,
    ),
    "a stack that must not be read is empty": (
        "threads.Walker._stack", lambda walker, home: (), _S.test_own_threads_are_seen_without_root,
    ),
    "what must not be read is gone": (
        "threads.PermissionError", KeyError, _S.test_without_root_in_transition,
    ),
    "a thread that ended is still there": (
        "threads.stat", lambda text: stat(text) or stat("7 (x) S 2 0 0 0 -1 2097152" + " 0" * 43),
        _S.test_a_thread_that_ends_in_the_middle,
    ),
    "what ended is not counted": (
        "threads.Walk", lambda seen, denied, gone, *more: Walk(seen, denied, 0, *more),
        _S.test_threads_that_are_gone_are_counted,
    ),
    "sysfs is read once": (
        "looking._TRIES", 1, _S.test_a_transition_that_ends_while_threads_are_read,
    ),
    "one try is enough": ("looking._TRIES", 1, _S.test_a_patch_that_goes_while_it_is_read),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, value, test = MUTANTS[name]
    monkeypatch.setattr(f"klprove.watch.{place}", value, raising=False)
    with pytest.raises(AssertionError):
        test()
