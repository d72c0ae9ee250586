"""H10 and H21: prototypes and layouts, against a kernel of our own with DWARF or BTF."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from klprove.image.dwarf import DebugSections, Inlines
from klprove.lint import Case, Finding, Kernel, lint, read_livepatch
from tests.lint.building import FLAGS, build_module, compile_module

Built = Callable[[str], Path]

SIGNATURES = {
    "same": ("int", "struct seq_file *m, void *v", []),
    "a name of a type": ("myint", "struct seq_file *m, const void *v", []),
    "a pointer to anything": ("int", "void *m, char *v", []),
    "one more": ("int", "struct seq_file *m, void *v, int more", ["error"]),
    "one less": ("int", "struct seq_file *m", ["error"]),
    "more, as many as you like": ("int", "struct seq_file *m, void *v, ...", ["error"]),
    "a smaller one": ("int", "struct seq_file *m, int v", ["error"]),
    "another structure": ("int", "struct mutex *m, void *v", ["warning"]),
    "a number for a pointer": ("int", "unsigned long m, void *v", ["warning"]),
    "a structure for a pointer": ("int", "struct mutex m, void *v", ["error"]),
    "nothing returned": ("void", "struct seq_file *m, void *v", ["error"]),
    "more returned": ("long", "struct seq_file *m, void *v", ["error"]),
    "unsigned": ("unsigned int", "struct seq_file *m, void *v", ["warning"]),
}


def findings(
    path: Path, kernel: Kernel, rule: str, inlined: Inlines | str, dwarf: DebugSections | None
) -> Sequence[Finding]:
    case = Case(read_livepatch(str(path)), kernel, inlines=inlined, debug=dwarf)
    return lint(case, [rule]).findings


def written(folder: Path, result: str, parameters: str) -> Path:
    source = folder / "h21_made.c"
    body = "" if result == "void" else "return 0;"
    source.write_text(
        f'#include "patch.h"\ntypedef int myint;\nstruct seq_file;\n'
        f"static {result} new({parameters}) {{ {body} }}\n"
        "LIVEPATCH(NEW(cmdline_proc_show, new));\n"
    )
    return compile_module(source, folder)


@pytest.mark.parametrize("name", SIGNATURES)
def test_prototypes(
    name: str, kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, workshop: Path
) -> None:
    result, parameters, expected = SIGNATURES[name]
    found = findings(written(workshop, result, parameters), kernel, "H21", inlined, dwarf)
    assert [each.severity for each in found] == expected
    for each in found:
        assert each.where == "cmdline_proc_show"
        assert each.evidence[0] == "old: int (struct seq_file *, void *)"


def test_what_nobody_reads_is_no_harm(
    kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, workshop: Path
) -> None:
    path = written(workshop, "int", "void")
    data = path.read_bytes().replace(b"cmdline_proc_show\0", b"text_poke_finish\0\0")
    path.write_bytes(data)
    [found] = findings(path, kernel, "H21", inlined, dwarf)
    assert (found.severity, found.where) == ("note", "text_poke_finish")


def test_a_clone_is_not_compared(
    kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, built: Built
) -> None:
    found = findings(built("h03_good"), kernel, "H21", inlined, dwarf)
    assert {each.severity for each in found} == {"unknown"}
    assert any("a clone takes what the compiler chose" in each.text for each in found)


def test_without_types_it_cannot_be_told(
    kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, built: Built
) -> None:
    for rule in ("H10", "H21"):
        [found] = findings(built("h01_good"), kernel, rule, inlined, dwarf)
        assert found.severity == "unknown"
        assert "in the module" in found.text
        [found] = findings(built("h21_bad"), kernel, rule, "not read", None)
        assert found.severity == "unknown"
        assert "kernel" in found.text or "vmlinux" in found.text


@pytest.fixture(scope="module")
def typed_kernel(vmlinux: Path, workshop: Path) -> Kernel:
    """The small kernel with BTF in the place of DWARF."""
    source = workshop / "types.c"
    source.write_text(
        "struct seq_file; struct mutex { long owner; };\n"
        "struct cfs_schedulable_data { void *tg; unsigned long long period, quota; };\n"
        "struct mutex m; struct cfs_schedulable_data d;\n"
        "int cmdline_proc_show(struct seq_file *m, void *v) { return 0; }\n"
    )
    made = workshop / "types.o"
    subprocess.run(["gcc", *FLAGS, "-gbtf", "-c", source, "-o", made], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".BTF", "--set-section-flags", ".BTF=alloc",
                    made, workshop / "types.btf"], check=True)  # fmt: skip
    typed = workshop / "vmlinux.btf"
    option = f"--add-section=.BTF={workshop / 'types.btf'}"
    subprocess.run(["objcopy", "--strip-debug", option, vmlinux, typed], check=True)
    return Kernel(str(typed))


@pytest.mark.parametrize(
    ("name", "rule", "expected"),
    [
        ("h21_good", "H21", []), ("h21_bad", "H21", ["error", "error"]),
        ("h10_good", "H10", []), ("h10_bad", "H10", ["warning"]),
    ],
)  # fmt: skip
def test_types_from_btf(
    name: str, rule: str, expected: list[str], typed_kernel: Kernel, built: Built
) -> None:
    found = findings(built(name), typed_kernel, rule, "no DWARF", None)
    assert [each.severity for each in found] == expected


def test_a_structure_of_other_headers(
    kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, workshop: Path, built: Built
) -> None:
    source = workshop / "h10_stale.c"
    source.write_text(
        '#include "patch.h"\nstatic DEFINE_MUTEX(mine);\n'
        "static int new(struct seq_file *m, void *v) { mutex_lock(&mine); return 0; }\n"
        "LIVEPATCH(NEW(cmdline_proc_show, new));\n"
    )
    assert not findings(compile_module(source, workshop), kernel, "H10", inlined, dwarf)
    path = compile_module(source, workshop, ["-DSTALE"])
    [found] = findings(path, kernel, "H10", inlined, dwarf)
    assert (found.severity, found.where) == ("error", "struct mutex")
    assert "16 bytes here and 8 in the kernel" in found.text
    assert found.evidence == ("waiters: offset 8, 4 bytes, in the kernel none",)
    path.write_bytes(path.read_bytes().replace(b"vermagic=6.1.0-mini", b"vermagic=6.9.0-mini"))
    [found] = findings(path, kernel, "H10", inlined, dwarf)  # of another kernel: none by name
    assert found.text.startswith("types (1) are laid out otherwise")
    assert found.evidence == ("struct mutex",)


def test_damaged_types_of_a_module_are_told(
    kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, workshop: Path, built: Built
) -> None:
    path = built("h21_bad")
    section = read_livepatch(str(path)).elf.section(".debug_info")
    assert section is not None
    data = bytearray(path.read_bytes())
    for at in range(section.offset + 40, section.offset + section.size, 97):
        changed = bytearray(data)
        changed[at : at + 30] = b"\xff" * min(30, section.offset + section.size - at)
        broken = workshop / "broken.ko"
        broken.write_bytes(changed)
        found = findings(broken, kernel, "H10", inlined, dwarf)
        assert any(each.severity == "unknown" for each in found)


def test_module_built_twice_has_the_same_layouts(
    kernel: Kernel, inlined: Inlines | str, dwarf: DebugSections, workshop: Path
) -> None:
    for version in ("-gdwarf-4", "-gdwarf-5"):
        path = build_module("h10_good", workshop, [version])
        assert not findings(path, kernel, "H10", inlined, dwarf)
