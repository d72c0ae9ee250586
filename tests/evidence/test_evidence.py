"""Images and trees, and the generation that what is in them speaks for."""

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from klprove.api import question
from klprove.cli.main import run
from klprove.evidence import Evidence, resolve
from klprove.kernels import SCENES, TRANSITION, names
from klprove.source import BadInput, Unavailable
from tests.evidence.kernels import ORDER, TABLE, elf, image, labels, tree
from tests.schemas.law import obey

TINY = "int x;\n__task(0) void t(void) { x = 1; }\n"
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc makes the images")


def found(path: Path) -> tuple[str, Evidence]:
    """What is taken, with all generations on offer."""
    name, evidence = resolve(str(path), offered=ORDER)
    assert evidence is not None
    return name, evidence


def refused(path: Path | str) -> str:
    """Why nothing is taken."""
    with pytest.raises(BadInput) as why:
        resolve(str(path), offered=ORDER)
    return str(why.value)


@needs_gcc
def test_every_image_is_told_from_every_other(tmp_path: Path) -> None:
    taken = {}
    for name in ORDER:
        best, evidence = found(image(tmp_path / name, labels(name)))
        assert evidence.taken.against == ()
        taken[name] = [each.name for each in evidence.candidates]
        assert best == taken[name][0]
    # No symbol of v4.12 is gone in v4.14: what can be seen is the unwinder, and that is an option.
    # What v6.1 changed is inside of a function.
    assert taken == {name: [name] for name in ORDER} | {
        "v4.12": ["v4.14", "v4.12"],
        **{name: ["v6.1", "v6.0"] for name in ("v6.0", "v6.1")},
    }


def test_every_tree_is_told_from_every_other(tmp_path: Path) -> None:
    for name in ORDER:
        best, evidence = found(tree(tmp_path / name, name))
        assert (best, evidence.kind) == (name, "tree")
        assert [each.name for each in evidence.candidates] == [name]


def test_every_model_has_signs() -> None:
    assert {name for scene in SCENES for name in names(scene=scene)} <= set(ORDER)
    assert {each["since"] for each in TABLE["sign"]} == set(ORDER)


@needs_gcc
def test_signs_that_contradict_each_other(tmp_path: Path) -> None:
    """A v4.16 to which the change of v6.4 was brought back: both are told, with what is odd."""
    mixed = [*labels("v4.16"), "__klp_sched_try_switch"]
    name, evidence = found(image(tmp_path / "vmlinux", mixed))
    assert name == "v4.16"
    (odd,) = evidence.taken.against
    assert (odd.by, odd.since, odd.there) == ("__klp_sched_try_switch", "v6.4", True)
    assert "(in v6.4)" in odd.cite
    assert [each.name for each in evidence.candidates] == ["v4.16", "v4.20"]
    assert len(evidence.candidates[1].against) == 2


@needs_gcc
def test_what_is_only_referred_to_is_not_there(tmp_path: Path) -> None:
    source = tmp_path / "a.s"
    kept = [each for each in labels("v5.11") if each != "ct_nmi_enter"]
    text = "".join(f".globl {each}\n{each}: nop\n" for each in kept)
    source.write_text(text + "call ct_nmi_enter\n")
    subprocess.run(["gcc", "-c", str(source), "-o", str(tmp_path / "a")], check=True)
    assert found(tmp_path / "a")[0] == "v5.11"


@needs_gcc
def test_a_clone_counts_as_its_function(tmp_path: Path) -> None:
    cloned = [f"{each}.isra.0" if each == "klp_sync" else each for each in labels("v4.16")]
    assert found(image(tmp_path / "vmlinux", cloned))[1].taken.against == ()


def test_a_word_is_a_whole_word(tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "v4.12rc")
    path = top / "kernel" / "livepatch" / "transition.c"
    path.write_text(path.read_text() + "void my_klp_synchronize_transition(void);\n")
    assert found(top)[0] == "v4.12rc"


@needs_gcc
def test_damaged_and_foreign_files(tmp_path: Path) -> None:
    good = image(tmp_path / "good", labels("v4.16")).read_bytes()

    def bad(data: bytes) -> str:
        (tmp_path / "bad").write_bytes(data)
        return refused(tmp_path / "bad")

    def patched(place: int, form: str, value: int) -> bytes:
        data = bytearray(good)
        struct.pack_into(form, data, place, value)
        return bytes(data)

    assert "an image for arm64: the models are of x86-64" in bad(patched(18, "<H", 183))
    assert "made for" in bad(patched(18, "<H", 3))
    assert "a 32-bit ELF file" in bad(patched(4, "<B", 1))
    assert "truncated" in bad(good[:200])
    assert "damaged or truncated" in bad(good[:-1])
    assert "no section headers" in bad(patched(40, "<Q", 0))
    assert "0 bytes" in bad(b"") or "empty" in bad(b"")
    assert "not an ELF file" in bad(b"#include <stdio.h>\n")
    assert "cut short" in bad(bytes(0x202) + b"HdrS" + bytes(100))
    subprocess.run(["strip", "-s", str(tmp_path / "good")], check=True)
    assert "it was stripped" in refused(tmp_path / "good")
    assert "no livepatch consistency model in it: no klp_update_patch_state" in refused(
        image(tmp_path / "none", ["start_kernel"])
    )


def test_without_the_packages_that_read_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "klprove.image", None)
    (tmp_path / "vmlinux").write_bytes(elf(labels("v6.4")))
    with pytest.raises(Unavailable, match=r"needs klprove\[scan\]"):
        resolve(str(tmp_path / "vmlinux"))


@needs_gcc
@pytest.mark.parametrize("part", range(8))
def test_no_damage_is_a_traceback(part: int, tmp_path: Path) -> None:
    """Each byte of the headers and of the tables in turn, and each length."""
    good = image(tmp_path / "good", labels("v4.12rc")).read_bytes()
    for place in range(part, len(good), 8):
        for data in (
            good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :],
            good[:place],
        ):
            (tmp_path / "bad").write_bytes(data)
            try:
                resolve(str(tmp_path / "bad"), offered=ORDER)
            except BadInput as why:
                assert len(str(why).splitlines()) <= 2


def test_the_least_file_with_symbols(tmp_path: Path) -> None:
    (tmp_path / "vmlinux").write_bytes(elf(labels("v6.4")))
    evidence = found(tmp_path / "vmlinux")[1]
    assert {each.by for each in evidence.taken.speaks_for} >= {"klp_sync", "ct_nmi_enter"}


def test_what_is_neither(tmp_path: Path) -> None:
    assert "no kernel's source: it has no kernel/livepatch" in refused(tmp_path)
    assert "no such file or folder, and no kernel generation" in refused(tmp_path / "none")
    assert "no ordinary file" in refused("/dev/null")
    assert resolve("v4.16") == ("v4.16", None)
    assert resolve("no-such") == ("no-such", None)
    (tmp_path / "kernel" / "livepatch").mkdir(parents=True)
    assert "no livepatch consistency model" in refused(tmp_path)


def test_a_generation_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as why:
        resolve(str(tree(tmp_path / "t", "v6.0")), offered=["v6.3", "v6.12"])
    assert "this is v6.0 by klp_update_patch_state" in str(why.value)
    assert "only v6.3, v6.12; --kernel takes one of them" in str(why.value)


def test_the_newest_model_up_to_a_generation(tmp_path: Path) -> None:
    """v6.1 has a model of its own in the one scene, and is like v6.0 in the other."""
    top = str(tree(tmp_path / "t", "v6.1"))
    name, evidence = resolve(top)
    assert evidence is not None
    assert (name, evidence.taken.generation) == ("v6.0", "v6.1")
    assert resolve(top, TRANSITION)[0] == "v6.1"
    assert resolve(top, offered=["v4.12", "v4.16"])[0] == "v4.16"
    (tmp_path / "vmlinux").write_bytes(elf(labels("v6.1")))  # as well as v6.0: the same model
    evidence = resolve(str(tmp_path / "vmlinux"), offered=["v5.16", "v6.0", "v6.3"])[1]
    assert evidence is not None
    assert [(each.name, each.generation) for each in evidence.candidates] == [("v6.0", "v6.1")]


def test_functions_are_lifted_from_the_tree_that_chose_the_model(tmp_path: Path) -> None:
    top = str(tree(tmp_path / "t", "v4.16"))
    assert question("m.c", kernel=top, lift=["kernel/x.c:f"]).tree == top
    assert question("m.c", kernel=top, lift=["kernel/x.c:f"], tree="other").tree == "other"
    assert question("m.c", kernel=top).tree is None


def test_a_folder_that_is_called_like_a_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path / "v4.12", "v4.16")
    assert resolve("v4.12", offered=ORDER) == ("v4.12", None)
    assert resolve("./v4.12", offered=ORDER)[0] == "v4.16"


def test_the_answer_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    top = tree(tmp_path / "linux", "v4.14")
    path = top / "kernel" / "livepatch" / "transition.c"
    path.write_text(path.read_text() + "void klp_force_transition(void);\n")
    (tmp_path / "tiny.c").write_text(TINY)
    options = ("--kernel", str(top), "--json", str(tmp_path / "out.json"), "-j", "1")
    run(["check", str(tmp_path / "tiny.c"), *options, "--time", "1s"])
    text = " ".join(capsys.readouterr().out.split())
    content = json.loads((tmp_path / "out.json").read_text())
    obey(content)
    assert content["kernel"] == "v4.14"
    assert "on v4.14" in text and "kernel : v4.14 by" in text
    assert "AGAINST it: klp_force_transition (v4.16: a transition can be forced)" in text
    assert "or v4.16, if --kernel says so: klp_update_patch_state" in text
    taken, *others = content["evidence"]["candidates"]
    assert (content["evidence"]["kind"], taken["kernel"]) == ("tree", "v4.14")
    assert taken["against"][0]["file"] == "kernel/livepatch/transition.c"
    assert "v4.16" in [each["kernel"] for each in others]
    assert run(["check", str(tmp_path / "tiny.c"), "--kernel", str(tmp_path)]) == 2
    assert "no kernel's source" in capsys.readouterr().err
