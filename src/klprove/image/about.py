# SPDX-License-Identifier: GPL-2.0-or-later
"""Which kernel an image is: its release and its configuration."""

import re
import zlib

from klprove.image.elf import Image

_BANNER = re.compile(rb"Linux version (\S{1,80}) ")
_START, _END = b"IKCFG_ST", b"IKCFG_ED"
"""Around the packed .config (CONFIG_IKCONFIG, kernel/configs.c)."""


def release(image: Image) -> str:
    """The release (`uname -r`) in the banner; empty where none is found."""
    for name in (".rodata", ".init.rodata", ".data"):
        section = image.section(name)
        found = _BANNER.search(image.data(section)) if section else None
        if found:
            return found[1].decode("ascii", "backslashreplace")
    section = image.section(".modinfo")
    if section:
        for each in bytes(image.data(section)).split(b"\0"):
            if each.startswith(b"vermagic="):
                return each[9:].split(b" ")[0].decode("ascii", "backslashreplace")
    return ""


def config(image: Image) -> str | None:
    """The kernel's own .config; None where it was not built in (CONFIG_IKCONFIG)."""
    section = image.section(".rodata")
    data = bytes(image.data(section)) if section else b""
    start = data.find(_START)
    end = data.find(_END, start)
    if start < 0 or end < 0:
        return None
    try:
        text = zlib.decompressobj(31).decompress(data[start + len(_START) : end], 1 << 24)
    except zlib.error:
        return None
    return text.decode("ascii", "backslashreplace")
