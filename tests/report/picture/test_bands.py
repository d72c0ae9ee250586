"""What bands say, and where they say that nothing is known; lanes and their bars."""

from typing import Any

from klprove.report.picture.bands import bands
from klprove.report.picture.tracks import Bar, tracks
from klprove.verdict import Access, Event, Start, Trace
from tests.report.specimens import event

NMI: dict[str, Any] = {"depth": 1, "kind": "nmi", "context": "do_nmi"}
IRQ: dict[str, Any] = {"depth": 1, "kind": "irq", "context": "do_irq"}
EXCEPTION: dict[str, Any] = {"depth": 2, "kind": "exception", "context": "do_debug"}


def held(*events: Event, initial: tuple[tuple[str, int], ...] = (), **begun: Any) -> dict[str, str]:
    """Title to a letter a step: what the bands of CPU 0 say (? not known). `begun`: what else the
    trace says of its beginning."""
    letters = {True: "#", False: ".", None: "?"}
    return {
        each.title: "".join(letters[run.on] * (run.last - run.first + 1) for run in each.runs)
        for each in bands(Trace(initial, events, **begun), True)
        if each.cpu == 0
    }


def write(name: str, before: int, after: int, kind: str = "write", **more: Any) -> Event:
    """A step that changes `name`."""
    return event(accesses=(Access(kind, name, before, after),), **more)


def test_an_arrival_turns_interrupts_off_and_its_iret_restores_them() -> None:
    said = held(event(), event("enter", **IRQ), event(**IRQ), event("exit", **IRQ), event())
    assert said == {"interrupts off": ".##.."}


def test_the_first_note_says_what_was_before() -> None:
    assert held(event(), event(notes=("irqs off",)), event(notes=("irqs on",))) == {
        "interrupts off": ".#."
    }
    assert held(event(), event(notes=("irqs on",))) == {"interrupts off": "#."}


def test_an_nmi_alone_says_nothing_about_the_flag_below_it() -> None:
    said = held(event(), event("enter", **NMI), event("exit", **NMI))
    assert said == {"interrupts off": "?#?", "NMIs masked": ".#."}


def test_a_note_inside_an_interrupt_says_nothing_about_what_it_interrupted() -> None:
    inner = event(notes=("irqs on",), **NMI)
    said = held(event(), event("enter", **NMI), inner, event("exit", **NMI))
    assert said["interrupts off"] == "?#.?"


def test_an_exception_in_an_nmi_may_unmask_and_a_note_does() -> None:
    nested = (event("enter", **EXCEPTION), event("exit", **EXCEPTION))
    said = held(event("enter", **NMI), *nested, event(**NMI), event("exit", **NMI))
    assert said["NMIs masked"] == "##??."
    said = held(event("enter", **NMI), event(notes=("NMIs unmasked",), **NMI))
    assert said["NMIs masked"] == "#."


def test_a_trace_that_says_how_it_begins_leaves_nothing_open() -> None:
    inner = (event("enter", **EXCEPTION), event("exit", **EXCEPTION))
    steps = (event(), event("enter", **NMI), *inner, event("exit", **NMI))
    on, off = ((Start(flag, False),) for flag in (True, False))
    assert held(*steps, start=on, iret_unmasks=True) == {
        "interrupts off": ".###.",
        "NMIs masked": ".##..",
    }
    assert held(*steps, start=off, iret_unmasks=False) == {
        "interrupts off": "#####",
        "NMIs masked": ".###.",
    }
    assert held(event(), start=(Start(True, True),)) == {"NMIs masked": "#"}
    assert held(event(), start=()) == {}


def test_rcu_watches_where_the_word_of_the_model_says_so() -> None:
    old = "rcu_dynticks[cpu 0].dynticks.counter"
    assert held(write(old, 2, 4, "update"), write(old, 4, 6), initial=((old, 2),)) == {
        "RCU watches": ".#"
    }
    new = "context_tracking[cpu 0].state.counter"
    assert held(event(), write(new, 4, 1), write(new, 1, 5), initial=((new, 4),)) == {
        "RCU watches": "#.#"
    }
    assert held(event(), write(new.replace("0", "1"), 4, 1)) == {}
    assert bands(Trace(((new, 4),), (event(),)), False) == []


def test_a_store_that_waits_is_not_in_memory_yet() -> None:
    word = "cpu_task[cpu 0].rcu_read_lock_nesting"
    events = (write(word, 0, 1, "buffer"), write(word, 0, 1, kind="write"))
    assert held(*events, initial=((word, 0),)) == {"rcu_read_lock() held": ".#"}


def test_other_cpus_are_not_mixed_in() -> None:
    said = held(event(), event("enter", cpu=1, **IRQ), event(notes=("irqs off",)))
    assert said == {"interrupts off": "..#"}


def test_a_bar_lasts_from_arrival_to_iret() -> None:
    seen = tracks(
        Trace((), (event(), event("enter", **NMI), event("exit", **NMI), event("enter", **NMI)))
    )
    assert seen.titles == ("CPU 0 task", "CPU 0 NMI")
    assert seen.of == (0, 1, 1, 1)
    assert seen.bars == (
        Bar(0, 1, 4, "task", "idle_loop", None, False, False),
        Bar(1, 2, 3, "nmi", "do_nmi", 0, True, True),
        Bar(1, 4, 4, "nmi", "do_nmi", 0, True, False),
    )


def test_another_task_takes_the_lane() -> None:
    seen = tracks(Trace((), (event(), event("switch", context="other"), event(context="other"))))
    assert [(each.context, each.first, each.last) for each in seen.bars] == [
        ("idle_loop", 1, 1),
        ("other", 2, 3),
    ]


def test_an_arrival_interrupts_its_own_cpu() -> None:
    events = (event(), event("enter", cpu=1, **IRQ), event(cpu=1), event("enter", cpu=1, **NMI))
    assert [each.below for each in tracks(Trace((), events)).bars] == [None, None, None, 1]
