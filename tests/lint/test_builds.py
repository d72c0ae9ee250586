"""Rules about how the file was built: it is changed here, its source is not."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from klprove.lint import Case, Kernel, lint, read_livepatch

Built = Callable[[str], Path]


def found(path: Path, kernel: Kernel, rule: str) -> list[tuple[str, str]]:
    report = lint(Case(read_livepatch(str(path)), kernel), [rule])
    return [(each.severity, each.text) for each in report.findings]


def copied(path: Path, into: Path, *options: str) -> Path:
    subprocess.run(["objcopy", *options, path, into], check=True)
    return into


def test_another_compiler(built: Built, kernel: Kernel, tmp_path: Path) -> None:
    assert found(built("h01_good"), kernel, "H25") == []
    (tmp_path / "comment").write_bytes(b"GCC: 4.8\0")
    option = f"--update-section=.comment={tmp_path / 'comment'}"
    path = copied(built("h01_good"), tmp_path / "a.ko", option)
    [(severity, text)] = found(path, kernel, "H25")
    assert (severity, "another compiler" in text) == ("warning", True)
    silent = copied(built("h01_good"), tmp_path / "b.ko", "-R", ".comment")
    assert [each[0] for each in found(silent, kernel, "H25")] == ["unknown"]


def test_another_configuration(built: Built, kernel: Kernel, tmp_path: Path) -> None:
    data = built("h01_good").read_bytes()
    path = tmp_path / "a.ko"
    path.write_bytes(data.replace(b"6.1.0-mini SMP mod", b"6.1.0-mini RT_ mod"))
    assert [each[0] for each in found(path, kernel, "H25")] == ["error"]
    path.write_bytes(data.replace(b"6.1.0-mini SMP mod", b"6.2.0-mini SMP mod"))
    [(severity, text)] = found(path, kernel, "H12")
    assert (severity, "built for 6.2.0-mini" in text) == ("error", True)


def test_no_tables_to_unwind_by(built: Built, kernel: Kernel, tmp_path: Path) -> None:
    assert found(built("h01_good"), kernel, "H28") == []
    path = copied(built("h01_good"), tmp_path / "a.ko", "-R", ".orc_unwind")
    assert [each[0] for each in found(path, kernel, "H28")] == ["error"]


@pytest.mark.parametrize(("crc", "severities"), [(0x1234, []), (0x4321, ["error"])])
def test_checksums(
    crc: int, severities: list[str], built: Built, kernel: Kernel, tmp_path: Path
) -> None:
    (tmp_path / "versions").write_bytes(struct.pack("<Q56s", crc, b"_printk"))
    option = f"--add-section=__versions={tmp_path / 'versions'}"
    path = copied(built("h01_good"), tmp_path / "a.ko", option)
    told = found(path, kernel, "H21")
    assert [each for each, text in told if "checksum" in text] == severities


def test_machines(built: Built, tmp_path: Path) -> None:
    data = built("h01_good").read_bytes()
    path = tmp_path / "a.ko"
    severities = {}
    for machine in (62, 183, 258):
        path.write_bytes(data[:18] + struct.pack("<H", machine) + data[20:])
        report = lint(Case(read_livepatch(str(path))), ["H26"])
        severities[machine] = [each.severity for each in report.findings]
    assert severities == {62: [], 183: ["warning"], 258: ["unknown"]}


def test_other_machines_are_not_decoded(built: Built, tmp_path: Path) -> None:
    data = built("h19_bad").read_bytes()
    path = tmp_path / "a.ko"
    path.write_bytes(data[:18] + struct.pack("<H", 183) + data[20:])
    report = lint(Case(read_livepatch(str(path))), ["H04", "H06", "H19"])
    assert {each.rule for each in report.findings} == {"H04", "H06", "H19"}
    assert {each.severity for each in report.findings} == {"unknown"}


def test_a_damaged_section_is_told_and_the_rest_is_judged(
    built: Built, kernel: Kernel, tmp_path: Path
) -> None:
    data = bytearray(built("h12_missing_bad").read_bytes())
    table = struct.unpack_from("<Q", data, 40)[0]
    patch = read_livepatch(str(built("h12_missing_bad")))
    section = patch.elf.section(".comment")
    assert section is not None
    struct.pack_into("<Q", data, table + 64 * section.index + 32, 1 << 40)
    path = tmp_path / "a.ko"
    path.write_bytes(data)
    report = lint(Case(read_livepatch(str(path)), kernel))
    assert ("H12", "error") in {(each.rule, each.severity) for each in report.findings}
    assert (".comment", "unknown") in {(each.where, each.severity) for each in report.findings}
