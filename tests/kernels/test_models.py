"""The models as text: what every file says of itself, and what compilers say of them all."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import klprove
from klprove.kernels import HOME, load, names

HEADER = Path(klprove.__file__).parent / "include" / "klprove.h"
FILES = sorted(each for each in HOME.glob("*/*") if each.suffix in (".c", ".h"))

SITES = [
    "vfs_read",
    "rcu_idle_enter",
    "rcu_eqs_enter",
    "rcu_eqs_enter_common",
    "rcu_dynticks_eqs_enter",
    "rcu_dynticks_task_enter",
    "tick_broadcast_enter",
    "cpuidle_reflect",
    "rcu_idle_exit",
    "rcu_eqs_exit",
    "rcu_eqs_exit_common",
    "rcu_dynticks_task_exit",
    "rcu_dynticks_eqs_exit",
    "do_IRQ",
    "irq_enter",
    "rcu_irq_enter",
    "handle_irq",
    "irq_exit",
    "rcu_irq_exit",
    "printk_nmi_enter",
    "printk_nmi_exit",
    "rcu_nmi_enter",
    "default_do_nmi",
    "rcu_nmi_exit",
    "do_debug",
    "do_machine_check",
    "ist_enter",
    "hw_breakpoint_exceptions_notify",
    "ist_exit",
]


def text_of(name: str) -> str:
    """The whole generation as one text."""
    return "".join(each.read_text() for each in load(name).files)


@pytest.mark.parametrize("file", FILES, ids=lambda each: f"{each.parent.name}/{each.name}")
def test_the_header_says_what_the_file_is(file: Path) -> None:
    text = file.read_text()
    head = text.partition("*/")[0]
    assert text.startswith(f"/* {file.name} - ")
    assert len(text.splitlines()) <= 200
    if not file.name.endswith(("options.h", "properties.c")):  # these are not the kernel's
        assert "Models:" in head and "Leaves out:" in head


@pytest.mark.parametrize("file", FILES, ids=lambda each: f"{each.parent.name}/{each.name}")
def test_commits_are_cited_in_one_form(file: Path) -> None:
    said = re.sub(r"\n \*", "", file.read_text())
    for commit in re.findall(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b", said):
        form = rf'Linux kernel commit {commit} \(".+?"\) \(in v[0-9.]+\)'
        assert re.search(form, said), commit


@pytest.mark.parametrize("name", names())
def test_every_site_is_an_ordinary_function(name: str) -> None:
    text = text_of(name)
    for site in load(name).sites:
        (head,) = re.findall(rf"^(static (?:\w+ )*\**){site}\([^;{{]*\)\n\{{", text, re.M)
        assert "notrace" not in head and "inline" not in head, site
    assert load(name).static <= set(load(name).sites)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("v4.12rc", set()),
        ("v4.12", set()),
        ("v4.14", set()),
        ("v4.16", {"rcu_eqs_enter_common", "rcu_eqs_exit_common"}),
        ("v4.20", {"rcu_eqs_enter_common", "rcu_eqs_exit_common"}),
    ],
)
def test_the_sites_are_those_of_the_issue(name: str, gone: set[str]) -> None:
    assert load(name).sites == tuple(site for site in SITES if site not in gone)


@pytest.mark.parametrize("cpus", [1, 2])
@pytest.mark.parametrize("name", names())
def test_gcc_accepts_the_whole(name: str, cpus: int, tmp_path: Path) -> None:
    if not (gcc := shutil.which("gcc")):
        pytest.skip("no gcc")
    whole = tmp_path / "whole.c"
    whole.write_text("".join(f'#include "{each}"\n' for each in load(name).files))
    flags = ["-std=gnu11", "-Wall", "-Wno-unused", "-Werror", "-fsyntax-only", f"-DNR_CPUS={cpus}"]
    done = subprocess.run(
        [gcc, *flags, "-include", str(HEADER), str(whole)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def handler(text: str) -> str:
    """The text of klp_ftrace_handler in `text`."""
    return text[text.index("static void notrace klp_ftrace_handler") :]


@pytest.mark.parametrize(("name", "letter"), [("v4.12rc", "A"), ("v4.12", "G")])
def test_the_default_handler_is_the_one_of_the_thread(name: str, letter: str) -> None:
    thread = HOME.parents[2] / "handlers" / "2017" / f"{letter}.c"
    assert handler((HOME / name / "klp_handler.c").read_text()) == handler(thread.read_text())
