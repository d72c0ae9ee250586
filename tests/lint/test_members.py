"""Structures of other kernels: where their members are, their BTF tells."""

import subprocess
from pathlib import Path

import pytest

from klprove.image import open_image
from klprove.lint import as_in, read_livepatch
from klprove.lint.members import members
from tests.lint.building import FLAGS, MINI, build_module, compile_module

STATES = "	struct klp_state *states;\n"
TEXT = """
#include "patch.h"
static int new_show(struct seq_file *m) { return 0; }
static char owner[8] = "ext4";
static struct klp_func funcs[] = { NEW(f, new_show), NEW(g, new_show), { } };
static struct klp_func others[] = { NEW(h, new_show), { } };
static struct klp_object objs[] = {
	{ .name = owner, .funcs = funcs }, { .name = owner + 6, .funcs = others }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs, .replace = true };
void *init_module(void) { return &patch; }
INFORMATION;
"""
"""The name of an object is in data that can be written: it looks like its functions do."""


def module(folder: Path) -> Path:
    source = folder / "module.c"
    source.write_text(TEXT)
    return compile_module(source, folder)


def types(folder: Path, header: str) -> Path:
    """An image with the types of a mini.h."""
    (folder / "types.h").write_text(header.replace("#pragma once", ""))
    text = '#include "types.h"\nstruct klp_patch patch; struct klp_object o; struct klp_func f;\n'
    made = folder / "types.o"
    command = ["gcc", *FLAGS, "-gbtf", f"-I{folder}", "-x", "c", "-", "-c", "-o", made]
    subprocess.run(command, input=text, text=True, check=True)
    return made


def test_sizes_from_btf(workshop: Path, tmp_path: Path) -> None:
    image = open_image(str(types(tmp_path, (MINI / "mini.h").read_text())))
    patch = read_livepatch(str(module(workshop)))
    assert [each.name for each in patch.functions] == ["f", "g"]
    found = as_in(image, patch)
    assert [(each.object, each.name) for each in found.functions] == [
        ("ext4", "f"), ("ext4", "g"), ("vmlinux", "h"),
    ]  # fmt: skip
    expected = "from the kernel's BTF: 144 bytes an object, 120 bytes a function"
    assert found.plan.layout == expected
    assert found.plan.replace is True


def test_a_kernel_without_states(workshop: Path, tmp_path: Path) -> None:
    """v5.1 to v5.4: `replace` stands where `states` stood later."""
    old = (MINI / "mini.h").read_text().replace(STATES, "")
    image = open_image(str(types(tmp_path, old)))
    at = members(image)
    assert at is not None
    assert (at.states, at.replace) == (None, 16)
    source = workshop / "old.c"
    source.write_text(TEXT)
    (workshop / "old").mkdir(exist_ok=True)
    (workshop / "old" / "mini.h").write_text(old)
    patch = read_livepatch(str(compile_module(source, workshop, [f"-I{workshop / 'old'}"])))
    assert as_in(image, patch).plan.replace is True


def test_a_kernel_that_does_not_fit(workshop: Path, tmp_path: Path) -> None:
    other = (MINI / "mini.h").read_text().replace("struct klp_object *objs;", "long o, *objs;")
    image = open_image(str(types(tmp_path, other)))
    patch = read_livepatch(str(module(workshop)))
    found = as_in(image, patch)
    assert list(found.functions) == list(patch.functions) != []
    assert found.plan.layout.endswith("; the kernel's BTF does not fit")


def test_a_kernel_with_larger_structures(workshop: Path, tmp_path: Path) -> None:
    """Only the first of two functions is where that kernel would have them."""
    other = (MINI / "mini.h").read_text().replace("internal[96]", "internal[104]")
    image = open_image(str(types(tmp_path, other)))
    patch = read_livepatch(str(build_module("h13_bad", workshop)))
    found = as_in(image, patch)
    assert [each.name for each in found.functions] == ["cmdline_proc_show", "version_proc_show"]
    assert found.plan.layout.endswith("; the kernel's BTF does not fit")


@pytest.mark.parametrize("member", ["objs", "funcs", "old_name"])
def test_structures_that_are_others(member: str, tmp_path: Path) -> None:
    text = (MINI / "mini.h").read_text()
    renamed = text.replace(f"*{member};", f"*{member}_;")
    assert renamed != text
    assert members(open_image(str(types(tmp_path, renamed)))) is None
