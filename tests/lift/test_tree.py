"""Trees: what is one, and where in it a function is."""

from pathlib import Path

import pytest

from klprove.lift import KernelTree
from klprove.source import BadInput
from tests.lift.trees import plant

TWO = {
    "kernel/a.c": "int f(void)\n{\n\treturn 1;\n}\n",
    "include/linux/a.h": "static inline int f(void) { return 0; }\n",
    "arch/x86/include/asm/b.h": "#define g() 1\n",
    "include/asm-generic/b.h": "static inline int g(void)\n{\n\treturn 12345;\n}\n",
}


def where(tree: KernelTree, name: str) -> list[str]:
    """Files that define `name`, the likeliest first."""
    return [each.file.as_posix() for each in tree.find([name]).get(name, [])]


def test_a_body_beats_a_stub_and_the_architecture_what_is_generic(tmp_path: Path) -> None:
    tree = KernelTree(str(plant(tmp_path, TWO)), {})
    assert where(tree, "f") == ["kernel/a.c", "include/linux/a.h"]
    assert where(tree, "g")[0] == "arch/x86/include/asm/b.h"
    assert where(tree, "h") == []


def test_a_file_that_is_not_built_does_not_count(tmp_path: Path) -> None:
    files = {**TWO, "kernel/Makefile": "obj-y += \\\n\tz.o\nobj-$(CONFIG_A) += a.o b.o\n"}
    assert where(KernelTree(str(plant(tmp_path, files)), {}), "f") == ["include/linux/a.h"]
    assert where(KernelTree(str(tmp_path), {"CONFIG_A": "1"}), "f")[0] == "kernel/a.c"


def test_a_weak_definition_comes_last(tmp_path: Path) -> None:
    files = {
        "kernel/w.c": "void __weak f(void)\n{\n\tlong_and_generic();\n}\n",
        "arch/x86/kernel/w.c": "void f(void)\n{\n}\n",
    }
    assert where(KernelTree(str(plant(tmp_path, files)), {}), "f")[0] == "arch/x86/kernel/w.c"


def test_the_version_is_the_makefiles(tmp_path: Path) -> None:
    assert KernelTree(str(plant(tmp_path, TWO)), {}).version == ()
    (tmp_path / "Makefile").write_text("# x\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 158\n")
    assert KernelTree(str(tmp_path), {}).version == (6, 1)


def test_what_is_no_tree_is_refused(tmp_path: Path) -> None:
    for folder, word in ((tmp_path / "none", "no such folder"), (tmp_path, "no folder kernel")):
        with pytest.raises(BadInput) as refused:
            KernelTree(str(folder), {})
        assert word in str(refused.value)


@pytest.mark.parametrize("data", [b"\0", b"x" * 4_000_001], ids=["nul", "long"])
def test_a_file_that_is_no_text_is_refused_and_passed_over(tmp_path: Path, data: bytes) -> None:
    plant(tmp_path, TWO)
    (tmp_path / "kernel/bad.c").write_bytes(b"int f(void)\n{\n}\n" + data)
    tree = KernelTree(str(tmp_path), {})
    assert "kernel/bad.c" not in where(tree, "f")
    with pytest.raises(BadInput):
        tree.places(Path("kernel/bad.c"), ["f"])
