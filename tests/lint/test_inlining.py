"""H03, and what H12 says of functions that exist only inlined: a kernel made for it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from klprove.image.dwarf import DebugSections, debug_image
from klprove.lint import Case, Finding, Kernel, lint, read_livepatch
from klprove.lint.debug import ObjectDebug
from klprove.lint.objects import ModuleTarget, read_object
from klprove.scan.inlining import inlines, inlines_in
from tests.lint.building import FLAGS, MINI, compile_module

KERNEL = """
const char linux_banner[] = "Linux version 6.1.0-mini (klprove)";
#define used __attribute__((__used__, __noinline__))
static inline __attribute__((always_inline)) int inner(int x) { return x > 3 ? x * 7 : x - 5; }
static inline __attribute__((always_inline)) int gone(int x) { return inner(x) ^ 9; }
used int first(int x) { return gone(x) + 1; }
used int second(int x) { return gone(x) - inner(x + 2); }
int shared(int x) { if (x > 4) return x; return first(x); }
used int late(int x) { return shared(x) + 2; }
__attribute__((section(".init.text"))) used int early(int x) { return shared(x) + 3; }
__attribute__((no_instrument_function)) void __fentry__(void) { }
"""
MODULE = '#include "patch.h"\n{}\nstatic int new(int x) {{ return {}; }}\nLIVEPATCH({});\n'


@pytest.fixture(scope="module")
def image(workshop: Path) -> Path:
    """A kernel with functions in each other."""
    source, made = workshop / "inlining.c", workshop / "vmlinux.inlining"
    source.write_text(KERNEL)
    script = f"-Wl,-T,{MINI / 'kernel.ld'}"
    link = ["-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", script]
    command = ["gcc", *FLAGS, "-g", *link, source, "-o", made]
    subprocess.run(command, check=True, capture_output=True)
    return made


def judged(
    image: Path, workshop: Path, functions: str, code: str = "", body: str = "x"
) -> Sequence[Finding]:
    source = workshop / "h21_inlining.c"
    source.write_text(MODULE.format(code, body, functions))
    patch = read_livepatch(str(compile_module(source, workshop)))
    kernel = Kernel(str(image))
    case = Case(patch, kernel, inlines=inlines(str(image)), debug=DebugSections(kernel.image))
    return lint(case, ["H03", "H12"]).findings


def test_hosts_and_setup_code(image: Path, workshop: Path) -> None:
    found = [e for e in judged(image, workshop, "NEW(shared, new)") if e.rule == "H03"]
    assert [(each.severity, each.where) for each in found] == [
        ("error", "shared"), ("note", "shared"),
    ]  # fmt: skip
    assert "inlined into late, not patched" in found[0].text
    assert found[0].evidence[0].startswith("into late, at ")
    assert "inlined into early: setup code" in found[1].text
    both = judged(image, workshop, "NEW(shared, new), NEW(late, new)")
    assert [each.severity for each in both if each.rule == "H03"] == ["note"]


def test_a_function_that_exists_only_inlined(image: Path, workshop: Path) -> None:
    [found] = [
        e
        for e in judged(image, workshop, "NEW(gone, new)")
        if (e.where, e.severity) == ("gone", "error")
    ]
    assert found.text.startswith("no symbol gone in this kernel: it is inlined into first, second")


def test_inline_functions_that_a_module_has_again(image: Path, workshop: Path) -> None:
    code = "static inline int gone(int x) { return x > 9 ? x * x : x + 7; }"
    notes = [
        each
        for each in judged(image, workshop, "NEW(first, new)", code, "gone(x) + 1")
        if each.rule == "H03"
    ]
    assert [(each.severity, each.evidence) for each in notes] == [("note", ("gone: in second",))]
    both = judged(image, workshop, "NEW(first, new), NEW(second, new)", code, "gone(x) + 1")
    assert [each for each in both if each.rule == "H03"] == []
    other = judged(image, workshop, "NEW(late, new)", "static int aside(int x) { return x; }")
    assert [each for each in other if each.rule == "H03"] == []


def test_a_module_and_its_debug_file(workshop: Path) -> None:
    source, whole = workshop / "inlined.c", workshop / "inlined.ko"
    source.write_text(KERNEL)
    subprocess.run(
        ["gcc", *FLAGS, "-g", "-ffunction-sections", "-c", source, "-o", whole], check=True
    )
    for name, option in (("inlined.debug", "--only-keep-debug"), ("bare.ko", "--strip-debug")):
        subprocess.run(["objcopy", option, whole, workshop / name], check=True)
    for given in (None, workshop / "inlined.debug"):
        target = read_object(str(whole if given is None else workshop / "bare.ko"))
        assert isinstance(target, ModuleTarget)
        found = debug_image(target.image, str(given) if given else None)
        assert found is not None
        dwarf = ObjectDebug(target, DebugSections(found), inlines_in(found, cache=False))
        [shared] = target.named("shared")
        hosts = {target.at(host) for host, _ in dwarf.calls(shared)}
        assert hosts == {("late", 0), ("early", 0)}
        assert [target.at(each) for each in dwarf.instances(shared)] == [("shared", 0)]
        assert dwarf.entry(shared) is not None
