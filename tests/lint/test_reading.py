"""What a module says it does, in every shape, and files that are no livepatch."""

import gzip
import lzma
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.image import symbols
from klprove.lint import Kernel, read_livepatch
from klprove.lint.livepatch import State, klp_symbol
from klprove.source import BadInput
from tests.lint.building import FLAGS, compile_module

Built = Callable[[str], Path]

KPATCH = """
static int new_f(void) { return 1; }
static int before(void *object) { return 0; }
struct { void *at; unsigned long size, old, old_size, sympos; char *name, *object; } records[]
__attribute__((section(".kpatch.funcs"), used)) = {
    { new_f, 6, 0, 0, 3, "f", "ext4" }, { new_f, 6, 0, 0, 0, "g", "vmlinux" },
};
struct { void *at; char *object; } callbacks[]
__attribute__((section(".kpatch.callbacks.pre_patch"), used)) = { { before, "vmlinux" } };
"""

OBJTOOL = """
static int new_f(void) { return 1; }
static int before(void *object) { return 0; }
struct { char *name; void *new; unsigned long sympos; } functions[]
__attribute__((section(".init.klp_funcs"), used)) = { { "f", new_f, 0 }, { "g", new_f, 2 } };
struct { char *name; void *funcs; void *callbacks[4]; long enabled; unsigned count; } objects[]
__attribute__((section(".init.klp_objects"), used)) = { { 0, functions, { before }, 0, 2 } };
"""


def compiled(text: str, path: Path, language: str = "c") -> Path:
    command = ["gcc", *FLAGS, "-x", language, "-", "-c", "-o", path]
    subprocess.run(command, input=text, text=True, check=True)
    return path


def test_kpatch_build(workshop: Path) -> None:
    patch = read_livepatch(str(compiled(KPATCH, workshop / "kpatch.ko")))
    assert patch.plan.builder == "kpatch-build"
    assert patch.plan.replace is None
    assert [each.shown for each in patch.functions] == ["ext4:f,3", "g"]
    assert {each.new.name for each in patch.functions if each.new} == {"new_f"}
    assert [each.callbacks for each in patch.plan.objects] == [{}, {"pre_patch": "before"}]


def test_klp_build(workshop: Path) -> None:
    patch = read_livepatch(str(compiled(OBJTOOL, workshop / "objtool.ko")))
    assert patch.plan.builder == "klp-build (objtool)"
    assert [each.shown for each in patch.functions] == ["f", "g,2"]
    assert patch.plan.objects[0].callbacks == {"pre_patch": "before"}


STORED = "char *made(void); void init_module(void) { char *patch = made(); patch[24] = %d; }"


@pytest.mark.parametrize(("code", "replace"), [("", None), (STORED % 1, True), (STORED % 0, False)])
def test_klp_build_decides_when_it_builds(code: str, replace: bool | None, workshop: Path) -> None:
    path = compiled(OBJTOOL + code, workshop / f"objtool{replace}.ko")
    assert read_livepatch(str(path)).plan.replace is replace


SET = """
#include "patch.h"
static noinline int new(int *device) { return device[7]; }
static bool wanted;
LIVEPATCH(NEW(cmdline_proc_show, new));
void other(void) { %s; }
"""


@pytest.mark.parametrize(
    ("code", "replace"),
    [
        ("", False),
        ("patch.replace = wanted", None),
        ("patch.replace = 1", None),
        ("patch.states = NULL; patch.mod = NULL; patch.internal[8] = 1", False),
    ],
)
def test_a_member_that_code_sets_is_not_known(
    code: str, replace: bool | None, workshop: Path
) -> None:
    source = workshop / "set.c"
    source.write_text(SET % code)
    assert read_livepatch(str(compile_module(source, workshop))).plan.replace is replace


def test_structures_whatever_their_size(built: Built) -> None:
    patch = read_livepatch(str(built("h13_bad")))
    assert patch.name == "h13_bad"
    assert patch.plan.replace is True
    assert patch.plan.states == (State(7, 1),)
    assert [each.name for each in patch.functions] == ["cmdline_proc_show", "version_proc_show"]
    assert "120 bytes a function" in patch.plan.layout
    assert not patch.signed


def test_compressed_and_signed(built: Built, tmp_path: Path) -> None:
    data = built("h01_good").read_bytes()
    for name, pack in (("a.ko.gz", gzip.compress), ("a.ko.xz", lzma.compress)):
        (tmp_path / name).write_bytes(pack(data + b"~Module signature appended~\n"))
        patch = read_livepatch(str(tmp_path / name))
        assert patch.signed
        assert [each.name for each in patch.functions] == ["cmdline_proc_show"]


def test_symbols_of_other_objects() -> None:
    assert klp_symbol(".klp.sym.ext4.f.isra.0,2") == ("ext4", "f.isra.0", 2)
    assert klp_symbol("printk") is None
    assert klp_symbol(".klp.sym.ext4.f") is None


def edited(data: bytes, offset: int, code: str, *values: int) -> bytes:
    return data[:offset] + struct.pack(code, *values) + data[offset + struct.calcsize(code) :]


WRONG = {
    "empty": (lambda data: b"", "only 0 bytes"),
    "text": (lambda data: b"int f(void) { return 1; }\n", "not an ELF file"),
    "header": (lambda data: data[:40], "within the ELF header"),
    "half": (lambda data: data[: len(data) // 2], "truncated"),
    "32 bit": (lambda data: edited(data, 4, "B", 1), "a 32-bit ELF file"),
    "machine": (lambda data: edited(data, 18, "<H", 40), "made for ARM"),
    "linked": (lambda data: edited(data, 16, "<H", 2), "linked already"),
    "sections": (lambda data: edited(data, 40, "<Q", 1 << 60), "truncated"),
    "zstd": (lambda data: b"\x28\xb5\x2f\xfd" + data, "compressed file is damaged"),
    "gzip": (lambda data: gzip.compress(data)[:200], "compressed file is damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_are_no_module(name: str, built: Built, tmp_path: Path) -> None:
    change, expected = WRONG[name]
    path = tmp_path / "bad.ko"
    path.write_bytes(change(built("h01_good").read_bytes()))
    with pytest.raises(BadInput) as refused:
        read_livepatch(str(path))
    assert expected in str(refused.value)


def test_a_module_that_is_no_livepatch(workshop: Path) -> None:
    path = compiled("int f(void) { return 1; }", workshop / "plain.ko")
    with pytest.raises(BadInput, match="not a livepatch module"):
        read_livepatch(str(path))


def test_positions_count_by_address_not_by_file(kernel: Kernel) -> None:
    found = kernel.named("type_show")
    every = symbols(kernel.image)
    values = [each.address for each in every if each.name == "type_show"]
    assert len(values) == 3
    assert values != sorted(values)
    assert [each.address for each in found] == sorted(values)


def test_what_lies_between_functions_is_in_none(kernel: Kernel) -> None:
    places = [each for name in kernel.code_names() for each in kernel.named(name) if each.size]
    gaps = 0
    for each in places:
        assert kernel.at(each.address + each.size - 1) == (each.name, each.size - 1)
        after = kernel.at(each.address + each.size)
        assert after is None or after[1] == 0
        gaps += after is None
    assert gaps > 5
    assert kernel.at(0) is None


def test_a_kernel_has_to_be_one(built: Built) -> None:
    with pytest.raises(BadInput, match="not a kernel"):
        Kernel(str(built("h01_good")))
