"""Pinned numbers and golden texts: when they are written, and when compared."""

import os


def updating() -> bool:
    """True where numbers of states are to be written, not compared: never under CI."""
    if not os.environ.get("KLPROVE_UPDATE"):
        return False
    if os.environ.get("CI"):
        raise RuntimeError("KLPROVE_UPDATE is refused under CI: pins are changed by hand and read")
    return True
