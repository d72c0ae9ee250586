"""Where DWARF is found, and what is kept of it."""

import struct
from pathlib import Path

import pytest

from klprove.cli.main import run
from klprove.image import open_image
from klprove.image.dwarf import Inlines, debug_image
from klprove.scan import inlining
from klprove.scan.inlining import inlines
from klprove.source import BadInput
from tests.image.dwarves import copied, made


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def found(path: Path, debug: Path | None = None) -> Inlines | str:
    return inlines(str(path), str(debug) if debug else None)


def copies(known: Inlines | str) -> int:
    assert isinstance(known, Inlines)
    return len(known.copies)


def test_it_is_read_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made("-g", linked=True)
    first = copies(found(path))
    [kept] = cache.glob("klprove/scan/*.inlines")
    monkeypatch.setattr(inlining, "index_inlines", None)  # whoever calls it fails
    assert copies(found(path)) == first > 0
    assert kept.exists()


def test_a_damaged_cache_costs_time_only(cache: Path) -> None:
    path = made("-g", linked=True)
    first = copies(found(path))
    [kept] = cache.glob("klprove/scan/*.inlines")
    content = kept.read_bytes()
    for wrong in (b"", content[:100], content[:-1] + b"x", content.replace(b"inlines-1", b"map-1")):
        kept.write_bytes(wrong)
        assert copies(found(path)) == first
        assert kept.read_bytes() == content


def test_other_dwarf_of_the_same_build_is_another_entry(cache: Path) -> None:
    whole = made("-g", linked=True)
    bare = copied(whole, "bare", "--strip-debug")
    assert copies(found(whole))
    assert found(bare) == "no DWARF in the image, and no debug file that belongs to it"


def test_a_debug_file(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = made("-g", linked=True)
    debug = copied(whole, "other.debug", "--only-keep-debug")
    bare = copied(whole, "stripped", "--strip-debug")
    assert copies(found(bare, debug)) == copies(found(whole))
    assert run(["scan", str(bare), "--debug", str(debug), "--why", "leaf,1"]) == 0
    assert "inlined : also, in 3 functions" in capsys.readouterr().out
    stranger = made("-gdwarf-4", "-O1", linked=True)
    with pytest.raises(BadInput, match="of another build"):
        found(bare, stranger)
    with pytest.raises(BadInput, match="no DWARF in it"):
        found(bare, bare)
    assert run(["scan", str(bare), "--debug", str(stranger), "--why", "leaf"]) == 2


def test_a_link_leads_to_the_debug_file(tmp_path: Path) -> None:
    whole = made("-g", linked=True)
    copied(whole, "linked.debug", "--only-keep-debug")
    bare = copied(whole, "linked", "--strip-debug", "--add-gnu-debuglink=linked.debug")
    image = debug_image(open_image(str(bare)))
    assert image is not None and image.path.endswith("/linked.debug")
    moved = tmp_path / "linked"
    moved.write_bytes(bare.read_bytes())
    assert debug_image(open_image(str(moved))) is None
    (tmp_path / ".debug").mkdir()
    (tmp_path / ".debug" / "linked.debug").write_bytes(Path(image.path).read_bytes())
    assert debug_image(open_image(str(moved))) is not None
    stranger = made("-gdwarf-4", "-O1", linked=True)
    (tmp_path / ".debug" / "linked.debug").write_bytes(stranger.read_bytes())
    assert debug_image(open_image(str(moved))) is None


def test_a_link_without_a_build_id_goes_by_its_checksum(tmp_path: Path) -> None:
    option = "--remove-section=.note.gnu.build-id"
    whole = copied(made("-g", linked=True), "nameless", option)
    debug = copied(whole, "nameless.debug", "--only-keep-debug")
    bare = copied(whole, "naked", "--strip-debug", "--add-gnu-debuglink=nameless.debug")
    assert debug_image(open_image(str(bare))) is not None
    debug.write_bytes(debug.read_bytes() + b"\0")
    assert debug_image(open_image(str(bare))) is None


def test_without_a_compiler_large_dwarf_is_not_waited_for(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlining, "compiles", lambda: False)
    assert copies(found(made("-g", linked=True)))
    monkeypatch.setattr(inlining, "SLOW", 10)
    told = inlines(str(made("-g", linked=True)), cache=False)
    assert isinstance(told, str) and "llvmlite" in told


def test_a_module_may_say_that_its_sections_lie_anywhere(tmp_path: Path) -> None:
    """Addresses of sections are 64 bits wide, without a sign; found by the fuzzer."""
    content = bytearray(made("-g", linked=False).read_bytes())
    headers, size, count = (
        *struct.unpack_from("<Q", content, 40),
        *struct.unpack_from("<HH", content, 58),
    )
    for number in range(count):
        struct.pack_into("<Q", content, headers + number * size + 16, 1 << 63)
    path = tmp_path / "module.ko"
    path.write_bytes(content)
    assert copies(inlines(str(path), cache=False)) > 0
