# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of options: durations, sizes, bounds by kind, definitions."""

import re
from typing import Any

import click

from klprove.api import INTERRUPTS

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Duration(click.ParamType[float]):
    """`90`, `90s`, `1.5m`, `2h`: seconds."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Seconds of `value`."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", value)
        if not match or not float(match[1]):
            self.fail(f"{value!r} is not a duration such as 10s, 2m or 1h", param, ctx)
        return float(match[1]) * _SECONDS[match[2]]


class Size(click.ParamType[int]):
    """`8G`, `512M`: bytes."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Bytes of `value`."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?", value)
        if not match or not float(match[1]):
            self.fail(f"{value!r} is not a size such as 512M or 8G", param, ctx)
        return int(float(match[1]) * _BYTES[match[2]])


class KindBounds(click.ParamType[dict[str, int]]):
    """`irq=1,nmi=2`, or one number for all of `kinds`."""

    name = "bounds"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, int]:
        """The bound of each kind named."""
        if isinstance(value, dict):
            return value
        if value.isdecimal():
            return dict.fromkeys(INTERRUPTS, self._number(value, param, ctx))
        bounds: dict[str, int] = {}
        for part in value.split(","):
            kind, _, number = part.partition("=")
            if kind not in INTERRUPTS or not number.isdecimal() or kind in bounds:
                self.fail(
                    f"{part!r} is not a bound such as irq=1; the kinds are {', '.join(INTERRUPTS)}",
                    param,
                    ctx,
                )
            bounds[kind] = self._number(number, param, ctx)
        return bounds

    def _number(self, text: str, param: Any, ctx: Any) -> int:
        number = int(text) if len(text) < 4 else 1000
        if not self._least <= number <= 200:
            self.fail(f"{text} is not within {self._least} .. 200", param, ctx)
        return number


class Define(click.ParamType[tuple[str, str]]):
    """`NAME` or `NAME=VALUE`, as for a C compiler."""

    name = "define"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        """Name and text; the text is 1 where none is given."""
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            self.fail(f"{name!r} is not the name of a macro", param, ctx)
        if not text.isprintable():
            self.fail(f"{text!r} is no text that a macro can stand for", param, ctx)
        return name, text if equals else "1"
