"""Maps that were made before: used, or not believed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from klprove.image import open_image
from klprove.scan import Map, scan
from klprove.scan.cache import cached, known
from tests.scan.toy import objcopied, toy


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "klprove" / "scan"


def refuse() -> Map:
    raise AssertionError("made again")


def test_a_map_is_made_once(found: Map, folder: Path) -> None:
    assert scan(str(toy())) == found
    assert len(list(folder.glob("*.map"))) == 1
    assert cached(open_image(str(toy())), [], refuse) == found


def test_damage_anywhere_is_noticed(found: Map, folder: Path) -> None:
    scan(str(toy()))
    (path,) = folder.glob("*.map")
    whole = path.read_bytes()
    damaged = [whole[:length] for length in (0, 10, 70, len(whole) // 2, len(whole) - 1)]
    for place in (0, 20, 79, len(whole) // 2, len(whole) - 1):
        damaged.append(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(AssertionError, match="made again"):
            cached(open_image(str(toy())), [], refuse)
        assert scan(str(toy())) == found
        assert path.read_bytes() == whole


def test_a_file_that_did_not_change_is_not_read_again(
    found: Map, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vmlinux"
    path.write_bytes(toy().read_bytes())
    monkeypatch.setattr("klprove.scan.shelf._SETTLED", 3600)
    scan(str(path))
    assert known(str(path), []) is None  # changed just now: it could change again unseen
    monkeypatch.setattr("klprove.scan.shelf._SETTLED", 0)
    scan(str(path))
    with monkeypatch.context() as patched:
        patched.setattr("klprove.image.open_image", refuse)
        assert scan(str(path)) == replace(found, path=str(path))
    assert known(str(path), [str(path)]) is None  # with a list of names
    bare = objcopied("--remove-section=.BTF")
    path.write_bytes(bare.read_bytes())
    assert any("BTF" in each for each in scan(str(path)).notes)
    (tmp_path / "vmlinux").unlink()
    assert known(str(path), []) is None


def test_a_mark_that_leads_nowhere_or_elsewhere_is_not_followed(
    found: Map, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klprove.scan.shelf._SETTLED", 0)
    scan(str(toy()))
    (mark,) = (folder / "files").iterdir()
    for content in (b"", b"nothing", b"../../etc/passwd", b"\xff", b"files"):
        mark.write_bytes(content)
        assert scan(str(toy())) == found


def test_old_maps_make_room(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(80):
        (folder / f"{number}.map").write_bytes(b"")
        os.utime(folder / f"{number}.map", (number, number))
    scan(str(toy()))
    names = {each.name for each in folder.iterdir() if each.is_file()}
    assert len(names) == 64 and "79.map" in names and "10.map" not in names


def test_another_image_of_the_same_build_has_its_own_map(folder: Path) -> None:
    scan(str(toy()))
    bare = scan(str(objcopied("--remove-section=.BTF")))
    assert len(list(folder.glob("*.map"))) == 2
    assert any("BTF" in note for note in bare.notes)


def test_names_from_another_list_are_another_map(folder: Path, tmp_path: Path) -> None:
    found = scan(str(toy()))
    bare = str(objcopied("--strip-all"))
    for name in ("first", "second"):
        line = f"{found.addresses[1]:016x} T {name}\n"
        (tmp_path / name).write_text(line)
        assert list(scan(bare, str(tmp_path / name)).names) == [name]


def test_an_image_without_a_build_id_is_not_kept(folder: Path) -> None:
    found = scan(str(objcopied("--remove-section=.notes")))
    assert found.build_id == "" and found.names
    assert not folder.exists()


def test_a_cache_that_cannot_be_written_is_no_error(
    found: Map, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert scan(str(toy())) == found


def test_what_is_shown_is_the_path_that_was_given(tmp_path: Path) -> None:
    scan(str(toy()))
    other = tmp_path / "another-name"
    other.write_bytes(toy().read_bytes())
    assert scan(str(other)).path == str(other)
