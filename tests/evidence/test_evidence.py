"""Images and trees, and the generation that what is in them speaks for."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import jsonschema
import pytest

from klprove.cli.main import run
from klprove.evidence import Evidence, resolve
from klprove.kernels import names
from klprove.report import schema
from klprove.source import BadInput
from tests.evidence.kernels import ORDER, TABLE, elf, image, labels, tree

TINY = "int x;\n__task(0) void t(void) { x = 1; }\n"
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc makes the images")


def found(path: Path) -> tuple[str, Evidence]:
    """What is taken, with all generations on offer."""
    name, evidence = resolve(str(path), ORDER)
    assert evidence is not None
    return name, evidence


def refused(path: Path | str) -> str:
    """Why nothing is taken."""
    with pytest.raises(BadInput) as why:
        resolve(str(path), ORDER)
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
    assert taken == {name: [name] for name in ORDER if name != "v4.12"} | {
        "v4.12rc": ["v4.12rc"],
        "v4.12": ["v4.14", "v4.12"],
    }


def test_every_tree_is_told_from_every_other(tmp_path: Path) -> None:
    for name in ORDER:
        best, evidence = found(tree(tmp_path / name, name))
        assert (best, evidence.kind) == (name, "tree")
        assert [each.name for each in evidence.candidates] == [name]


def test_every_model_has_signs() -> None:
    assert set(names()) <= set(ORDER)
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

    assert "an ELF file for AArch64, 64 bits" in bad(patched(18, "<H", 183))
    assert "an ELF file for machine 999" in bad(patched(18, "<H", 999))
    assert "i386, 32 bits" in bad(patched(18, "<H", 3)[:4] + b"\1" + patched(18, "<H", 3)[5:])
    assert "big-endian" in bad(patched(5, "<B", 2))
    assert "the file is cut off in its ELF header" in bad(good[:40])
    assert "the file is cut off: its section headers would end at byte" in bad(good[:-1])
    assert "the file is cut off" in bad(patched(40, "<Q", 1 << 60))
    assert "the file has no sections" in bad(patched(40, "<Q", 0))
    assert "section headers of 13 bytes" in bad(patched(58, "<H", 13))
    assert "the file is empty" in bad(b"")
    assert "neither an ELF file nor a folder" in bad(b"#include <stdio.h>\n")
    assert "a packed kernel (gzip)" in bad(b"\x1f\x8b\x08" + bytes(100))
    assert "a packed kernel (a bzImage)" in bad(bytes(0x202) + b"HdrS")
    subprocess.run(["strip", "-s", str(tmp_path / "good")], check=True)
    assert "it was stripped" in refused(tmp_path / "good")
    assert "no livepatch consistency model in it: no klp_update_patch_state" in refused(
        image(tmp_path / "none", ["start_kernel"])
    )


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
                resolve(str(tmp_path / "bad"), ORDER)
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
        resolve(str(tree(tmp_path / "t", "v6.0")), ["v4.16"])
    assert "this is v6.0 by klp_update_patch_state" in str(why.value)
    assert "only v4.16; --kernel takes one of them" in str(why.value)


def test_a_folder_that_is_called_like_a_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path / "v4.12", "v4.16")
    assert resolve("v4.12", ORDER) == ("v4.12", None)
    assert resolve("./v4.12", ORDER)[0] == "v4.16"


def test_the_answer_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    top = tree(tmp_path / "linux", "v4.14")
    path = top / "kernel" / "livepatch" / "transition.c"
    path.write_text(path.read_text() + "void klp_force_transition(void);\n")
    (tmp_path / "tiny.c").write_text(TINY)
    options = ("--kernel", str(top), "--json", str(tmp_path / "out.json"), "-j", "1")
    run(["check", str(tmp_path / "tiny.c"), *options, "--time", "1s"])
    text = " ".join(capsys.readouterr().out.split())
    content = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(content, json.loads(schema()))
    assert content["kernel"] == "v4.14"
    assert "on v4.14" in text and "kernel : v4.14 by" in text
    assert "AGAINST it: klp_force_transition (v4.16: a transition can be forced)" in text
    assert "or v4.16, as --kernel says: klp_update_patch_state" in text
    taken, *others = content["evidence"]["candidates"]
    assert (content["evidence"]["kind"], taken["kernel"]) == ("tree", "v4.14")
    assert taken["against"][0]["file"] == "kernel/livepatch/transition.c"
    assert "v4.16" in [each["kernel"] for each in others]
    assert run(["check", str(tmp_path / "tiny.c"), "--kernel", str(tmp_path)]) == 2
    assert "no kernel's source" in capsys.readouterr().err
