"""Functions in modules: the module is given, and every rule reads it as it reads vmlinux."""

import gzip
import lzma
import shutil
import struct
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
import zstandard

from klprove.cli.main import run
from klprove.lint import Case, Kernel, Report, lint, read_livepatch, read_object
from klprove.scan import Map
from klprove.source import BadInput
from tests.lint.building import DRIVEN, build_driver, compile_module, livepatch_of_driver

Capture = pytest.CaptureFixture[str]
Patch = Callable[..., Path]

EXPECTED: Mapping[str, tuple[str, set[tuple[str, str, str]]]] = {
    "good": ("NEW(driver_last, new)", set()),
    "missing": (
        "NEW(driver_gone, new)",
        {("H12", "error", "driver:driver_gone"), ("H20", "error", "driver")},
    ),
    "ambiguous": (
        "NEW(type_show, new)",
        {("H12", "error", "driver:type_show"), ("H20", "error", "driver")},
    ),
    "too_far": (
        '{ .old_name = "type_show", .new_func = new, .old_sympos = 3 }',
        {("H12", "error", "driver:type_show,3"), ("H20", "error", "driver")},
    ),
    "second": ('{ .old_name = "type_show", .new_func = new, .old_sympos = 2 }', set()),
    "no_site": (
        "NEW(driver_fast, new)",
        {("H05", "error", "driver:driver_fast"), ("H20", "error", "driver")},
    ),
    "init": (
        "NEW(driver_probe, new)",
        {("H24", "error", "driver:driver_probe"), ("H20", "error", "driver")},
    ),
    "clone": ("NEW(driver_read, new)", {("H03", "warning", "driver:driver_read")}),
    "cold": ("NEW(driver_wait, new)", {("H04", "error", "driver_wait.cold")}),
    "thread": ("NEW(driver_main, new)", {("H01", "error", "driver:driver_main")}),
    "tail": (
        "NEW(driver_first, new), NEW(driver_last, new)",
        {("H23", "warning", "driver:driver_first")},
    ),
    "twice": (
        '{ .old_name = "driver_last", .new_func = new, .old_sympos = 1 }, NEW(driver_last, new)',
        {("H12", "error", "driver:driver_last")},
    ),
}


@pytest.fixture(scope="module")
def driver(workshop: Path) -> Path:
    """The module that is patched."""
    return build_driver(workshop)


@pytest.fixture(scope="module")
def patch(workshop: Path) -> Patch:
    """`livepatch_of_driver`, in the folder of all."""
    return partial(livepatch_of_driver, workshop)


def judged(path: Path, driver: Path, kernel: Kernel, contexts: Map | None = None) -> Report:
    objects = {"driver": read_object(str(driver))}
    return lint(Case(read_livepatch(str(path)), kernel, (), contexts, objects))


@pytest.mark.parametrize("name", EXPECTED)
def test_every_rule_reads_a_module(
    name: str, driver: Path, patch: Patch, kernel: Kernel, contexts: Map
) -> None:
    functions, expected = EXPECTED[name]
    found = judged(patch(name, functions), driver, kernel, contexts).findings
    told = {(e.rule, e.severity, e.where) for e in found if e.severity in ("error", "warning")}
    assert told == expected


def test_positions_count_in_the_order_of_the_table(driver: Path) -> None:
    target = read_object(str(driver))
    sections = [each.section for each in target.named("type_show")]
    assert sections == [".text.late", ".text"]


def test_locks_and_data_of_the_old_body(driver: Path, patch: Patch, kernel: Kernel) -> None:
    code = """
    static struct mutex m;
    static int seen;
    static noinline int other(int *device) { mutex_lock(&m); return ++seen; }
    """
    path = patch("balance", "NEW(driver_open, other)", code)
    found = {(e.rule, e.where): e.text for e in judged(path, driver, kernel).findings}
    assert "the old body takes it and gives it back" in found["H02", "driver:driver_open"]
    assert "the old function's seen keeps its value" in found["H11", "driver:driver_open"]
    exported = [e.text for e in judged(path, driver, kernel).findings if e.severity == "note"]
    assert any("is exported" in text for text in exported)


def test_a_cold_part_that_jumps_back(driver: Path, patch: Patch, kernel: Kernel) -> None:
    report = judged(patch("back", "NEW(driver_check, new)"), driver, kernel)
    [note] = [each for each in report.findings if each.rule == "H04"]
    assert (note.severity, note.where) == ("note", "driver_check.cold")
    assert note.text.endswith("they call driver_report")


def test_sites_that_the_file_has_lost(
    driver: Path, patch: Patch, kernel: Kernel, tmp_path: Path
) -> None:
    data = bytearray(driver.read_bytes())
    section = read_object(str(driver)).image.section("__mcount_loc")
    assert section is not None
    table = struct.unpack_from("<Q", data, 40)[0]
    struct.pack_into("<Q", data, table + 64 * section.index + 32, 1 << 40)
    damaged = tmp_path / "driver.ko"
    damaged.write_bytes(data)
    findings = judged(patch("good", EXPECTED["good"][0]), damaged, kernel).findings
    told = {(each.rule, each.severity) for each in findings}
    assert ("H05", "unknown") in told
    assert not {("H05", "error"), ("H20", "error")} & told


def test_a_module_of_another_kernel(
    driver: Path, patch: Patch, kernel: Kernel, tmp_path: Path
) -> None:
    other = tmp_path / "driver.ko"
    other.write_bytes(driver.read_bytes().replace(b"6.1.0-mini", b"6.1.1-mini"))
    found = judged(patch("good", EXPECTED["good"][0]), other, kernel).findings
    [text] = [each.text for each in found if each.rule == "H12" and each.severity == "error"]
    assert "is for 6.1.1-mini, and the patch for 6.1.0-mini" in text


def test_what_was_judged_is_told(driver: Path, patch: Patch, kernel: Kernel) -> None:
    found = judged(patch("good", EXPECTED["good"][0]), driver, kernel).findings
    [note] = [each for each in found if each.rule == "H12" and each.severity == "note"]
    assert "the build of srcversion 0123456789ABCDEF0123456" in note.text
    assert f"file: {driver}" in note.evidence


def test_checksums_of_a_module(driver: Path, patch: Patch, kernel: Kernel, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.write_bytes((0x78).to_bytes(8, "little") + b"driver_open".ljust(56, b"\0"))
    path = tmp_path / "a.ko"
    option = f"--add-section=__versions={versions}"
    made = patch("good", EXPECTED["good"][0])
    subprocess.run(["objcopy", option, made, path], check=True)
    texts = [each.text for each in judged(path, driver, kernel).findings if each.rule == "H21"]
    assert [each for each in texts if "checksum" in each] == [
        "checksum 0x78, and driver has 0x77: the module is refused"
    ]


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes, ".xz": lzma.compress, ".gz": gzip.compress, ".zst": zstandard.compress,
}  # fmt: skip


@pytest.mark.parametrize("ending", PACKERS)
def test_a_module_is_found_in_a_folder(
    ending: str, driver: Path, patch: Patch, vmlinux: Path, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "kernel" / "drivers"
    folder.mkdir(parents=True)
    (folder / f"driver.ko{ending}").write_bytes(PACKERS[ending](driver.read_bytes()))
    path = patch("missing", EXPECTED["missing"][0])
    command = ["lint", str(path), "--vmlinux", str(vmlinux), "--object", str(tmp_path)]
    assert run(command) == 1
    text = "while this patch is enabled, loading driver is refused"
    assert text in capsys.readouterr().out


def test_without_the_module(patch: Patch, vmlinux: Path, tmp_path: Path, capsys: Capture) -> None:
    path = patch("good", EXPECTED["good"][0])
    command = ["lint", str(path), "--vmlinux", str(vmlinux)]
    assert run([*command, "--object", str(tmp_path)]) == 3
    out = capsys.readouterr().out
    assert out.count("no --object driver.ko") == 2  # H20 is about the module, not a function
    assert "H01,H02,H03,H04,H05,H08,H11,H12" in out
    (tmp_path / "modules.builtin").write_text("kernel/drivers/driver.ko\n")
    assert run([*command, "--object", str(tmp_path)]) == 1
    assert "error: H12: driver: is built into this kernel" in capsys.readouterr().out


def test_objects_that_cannot_be_used(
    driver: Path, patch: Patch, vmlinux: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = patch("missing", EXPECTED["missing"][0])
    command = ["lint", str(path), "--vmlinux", str(vmlinux), "--object"]
    symbols = tmp_path / "driver.ko"
    subprocess.run(["objcopy", "--only-keep-debug", driver, symbols], check=True)
    assert run([*command, str(symbols)]) == 2
    shown = capsys.readouterr()
    assert "holds debug information only" in shown.err
    assert "no --object driver.ko" in shown.out
    data = driver.read_bytes()
    symbols.write_bytes(data[:18] + b"\xb7\0" + data[20:])
    assert run([*command, str(symbols)]) == 2
    text = "a module for arm64, and the livepatch is for x86_64"
    assert text in capsys.readouterr().err
    other = tmp_path / "other.ko"
    shutil.copy(driver, other)
    other.write_bytes(data.replace(b"name=driver\0", b"name=otherr\0"))
    assert run([*command, str(other)]) == 3
    assert "note: H12: otherr: is given as --object, and not patched" in capsys.readouterr().out


def test_a_name_that_no_module_has(workshop: Path, kernel: Kernel) -> None:
    source = workshop / "dashes.c"
    functions = "NEW(driver_last, new)"
    source.write_text(DRIVEN.replace('"driver"', '"snd-hda"') % ("", functions))
    report = lint(Case(read_livepatch(str(compile_module(source, workshop))), kernel))
    found = {(each.rule, each.severity, each.where) for each in report.findings}
    assert ("H12", "error", "snd-hda") in found


def test_a_kernel_is_no_module(vmlinux: Path) -> None:
    with pytest.raises(BadInput, match="linked already"):
        read_object(str(vmlinux))
