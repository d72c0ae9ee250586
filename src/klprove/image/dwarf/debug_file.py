# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the debug information of an image is: in itself, or in a file of its own."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from klprove.image.elf import Image, damaged
from klprove.image.unpack import open_image
from klprove.source import BadInput

_SYSTEM = Path("/usr/lib/debug")
"""Where distributions put debug files (gdb, "Separate Debug Files")."""


def debug_image(image: Image, given: str | None = None) -> Image | None:
    """The file with the DWARF of `image`: `given`, itself, or what its build-id or its
    `.gnu_debuglink` leads to; None where there is none.

    Raises BadInput where `given` cannot be used: no DWARF in it, or of another build.
    """
    if given is not None:
        found = open_image(given)
        if not _has(found):
            raise damaged(given, "no DWARF in it", "take the file of the debug package")
        if image.build_id and found.build_id and image.build_id != found.build_id:
            text = f"debug information of another build: {found.build_id}"
            raise damaged(given, text, f"{image.path} has the build-id {image.build_id}")
        return found
    if _has(image):
        return image
    return next(filter(None, map(_opened, _places(image))), None) if image.path else None


def _has(image: Image) -> bool:
    section = image.section(".debug_info") or image.section(".zdebug_info")
    return section is not None and section.stored > 0


def _places(image: Image) -> Iterator[tuple[Path, Image, int | None]]:
    if len(image.build_id) > 2:
        name = f"{image.build_id[:2]}/{image.build_id[2:]}.debug"
        yield _SYSTEM / ".build-id" / name, image, None
    section = image.section(".gnu_debuglink")
    link = bytes(image.data(section)) if section else b""
    plain = link.partition(b"\0")[0].decode("ascii", "backslashreplace")
    if plain and "/" not in plain and len(link) >= 8:
        folder = Path(image.path).absolute().parent
        checksum = int.from_bytes(link[-4:], "little" if image.order == "<" else "big")
        for home in (folder, folder / ".debug", _SYSTEM / str(folder).lstrip("/")):
            yield home / plain, image, checksum


def _opened(place: tuple[Path, Image, int | None]) -> Image | None:
    """The debug file at a place, where it is one and is that of the image."""
    path, image, checksum = place
    if not path.is_file() or path.absolute() == Path(image.path).absolute():
        return None
    try:
        found = open_image(str(path))
    except BadInput:
        return None
    if image.build_id and found.build_id:
        same = image.build_id == found.build_id
    else:
        same = checksum is not None and zlib.crc32(found.bytes) == checksum
    return found if same and _has(found) else None
