"""Calls of a model beside the code of an image: which of them enter what is called."""

import subprocess
from pathlib import Path

import pytest

from klprove.evidence import CallSite
from klprove.evidence.calls import WORDS
from klprove.scan.callsites import call_sites
from tests.scan.kernels import kernel
from tests.scan.toy import toy

ADD, LOG = "mce_gen_pool_add", "mce_log"
EXPECTED = {
    ("do_machine_check", LOG): ("inlined", ()),
    ("scan_banks", LOG): ("inlined", ()),  # itself a copy
    ("of_another", LOG): ("inlined", ()),
    ("of_both", LOG): ("called", (LOG,)),
    ("round_about", LOG): ("open", ()),  # a copy, and a call one function away
    ("do_machine_check", ADD): ("called", (ADD,)),  # from the copy
    (LOG, ADD): ("called", (ADD,)),
    ("caller", ADD): ("called", (ADD,)),
    ("put_into_another", ADD): ("called", (ADD,)),
    ("jumps", ADD): ("called", (ADD,)),
    ("default_do_nmi", "nmi_handle"): ("part", ("nmi_handle.part.0",)),
    ("calls_what_is_closed", "closed"): ("no site", ("closed",)),
    ("calls_what_is_closed", "cloned"): ("no site", ("cloned.isra.0",)),
    ("by_pointer", ADD): ("open", ()),
    ("by_pointer", LOG): ("open", ()),  # copied into others
    ("calls_itself", "calls_itself"): ("called", ("calls_itself",)),
    ("by_another", ADD): ("open", ()),  # the function between them has code of its own
    ("nobody", ADD): ("open", ()),
    ("do_machine_check", "nobody"): ("open", ()),
}


def sites(*flags: str) -> Path:
    return toy("-g", *flags, source="sites.c")


def found(path: Path, *calls: tuple[str, str]) -> dict[tuple[str, str], CallSite]:
    made, untold = call_sites(str(path), calls, kept=False)
    assert untold == ""
    return {(each.caller, each.callee): each for each in made}


def test_every_word() -> None:
    said = found(sites(), *EXPECTED)
    assert {key: (each.word, each.symbols) for key, each in said.items()} == EXPECTED
    assert {each.word for each in said.values()} == set(WORDS)
    enter = {each.word for each in said.values() if each.enters}
    assert enter == {"called", "part", "open"}


def test_the_same_text_with_a_real_call() -> None:
    said = found(sites("-DCALLED"), *EXPECTED)
    for caller in ("do_machine_check", "scan_banks", "of_another"):
        assert said[caller, LOG].word == "called"


def test_dwarf_is_asked_only_where_code_does_not_decide(tmp_path: Path) -> None:
    bare = tmp_path / "vmlinux"
    subprocess.run(["objcopy", "--strip-debug", sites(), bare], check=True)
    assert call_sites(str(bare), [(LOG, ADD)])[1] == ""
    (said, more), untold = call_sites(str(bare), [("do_machine_check", LOG), (LOG, ADD)])
    assert untold == "no DWARF in the image, and no debug file that belongs to it"
    assert (said.word, said.enters, more.word) == ("open", True, "called")


def test_without_a_table_of_sites_every_function_has_one(tmp_path: Path) -> None:
    blind = tmp_path / "vmlinux"
    names = [f"--strip-symbol=__{each}_mcount_loc" for each in ("start", "stop")]
    subprocess.run(["objcopy", *names, sites(), blind], check=True)
    said = found(blind, ("calls_what_is_closed", "closed"), ("do_machine_check", LOG))
    assert [each.word for each in said.values()] == ["called", "inlined"]


@pytest.mark.parametrize("series", ["6.1", "6.12"])
def test_of_debian(series: str) -> None:
    """By the source of both: mce_log() and nmi_handle() are small, in the file of their callers;
    the others are in other files, and called by name, by a pointer or by a chain of notifiers."""
    calls = {
        ("do_machine_check", LOG): "inlined",
        ("do_machine_check", ADD): "called",
        ("cpuidle_enter_state", "tick_broadcast_enter"): "inlined",
        ("default_do_nmi", "nmi_handle"): "part",
        ("common_interrupt", "irq_enter_rcu"): "called",
        ("irq_enter_rcu", "tick_irq_enter"): "called",
        ("cpuidle_idle_call", "cpuidle_reflect"): "called",  # in do_idle(), a copy
        ("cpuidle_enter_state", "intel_idle"): "open",
        ("common_interrupt", "handle_edge_irq"): "open",
        ("exc_debug_kernel", "hw_breakpoint_exceptions_notify"): "open",
        ("default_idle_call", "arch_cpu_idle"): "called" if series == "6.1" else "no site",
    }
    said = found(kernel(series), *calls)
    assert {key: each.word for key, each in said.items()} == calls
