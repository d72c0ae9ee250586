# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols of a kernel's image, by name."""

from collections.abc import Mapping

from klprove.source import BadInput, Diagnostic, Span, Unavailable

_MACHINE = "x86_64"
_WHERE = "take the vmlinux of the build, or of a debug package"


def named(path: str) -> Mapping[str, int]:
    """Name and address of every symbol of the image at `path`; of a part or a clone of a function
    (`f.isra.0`), also of the function.

    Raises BadInput for what is no whole image for x86-64 with symbols, Unavailable where the
    packages that read one are not installed.
    """
    try:
        from klprove.image import open_image, symbols
    except ImportError as error:
        raise Unavailable(f"{path}: an image needs klprove[scan]: {error}") from None
    image = open_image(path)
    if image.machine != _MACHINE:
        raise _wrong(path, f"an image for {image.machine}: the models are of x86-64")
    if image.notes:  # truncated, or without sections: what is missing would be taken for absent
        raise _wrong(path, image.notes[0], _WHERE)
    found: dict[str, int] = {}
    for each in symbols(image):
        found[each.name] = each.address
        found.setdefault(each.name.partition(".")[0], each.address)
    if not found:
        raise _wrong(path, "it has no symbol table: it was stripped, or is a vmlinuz", _WHERE)
    return found


def _wrong(path: str, text: str, hint: str = "") -> BadInput:
    return BadInput([Diagnostic("kernel", Span(path, 0, 0), text, hint)])
