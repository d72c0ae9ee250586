"""Colours of the pages against WCAG 2.2 AA: 4.5 for text (1.4.3), 3 for what is drawn (1.4.11)."""

import re
from importlib.resources import files

import pytest

KINDS = ("task", "softirq", "irq", "nmi", "exception", "store-buffer")


def css() -> str:
    """What every page has."""
    return (files("klprove.report.picture") / "page.css").read_text()


def schemes() -> dict[str, dict[str, str]]:
    """The colours of each block of :root, by what it is for."""
    blocks = re.findall(r":root \{(.*?)\}", css(), re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", each)) for each in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def rgb(colour: str) -> tuple[float, ...]:
    """Red, green and blue from 0 to 1."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    return tuple(int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))


def over(top: str, under: str, part: float) -> tuple[float, ...]:
    """`part` of the one colour above the other."""
    return tuple(part * a + (1 - part) * b for a, b in zip(rgb(top), rgb(under), strict=True))


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def ratio(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula() -> None:
    assert ratio(rgb("#000"), rgb("#fff")) == pytest.approx(21)
    assert ratio(rgb("#777777"), rgb("#fff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_contrast(scheme: str) -> None:
    colours = schemes()[scheme]
    here = re.search(r"\.here \{ fill: var\(--mark\); fill-opacity: ([\d.]+); \}", css())
    assert here is not None
    grounds = [(name, rgb(colours[name])) for name in ("back", *KINDS)]
    texts = [("text", each) for each in ("back", "here", "hover")]
    texts += [("link", each) for each in ("back", "here", "hover")]
    texts += [("soft", "back"), ("soft", "hover"), *(("text", each) for each in KINDS)]
    texts += [("bad", "back")]
    low = {
        f"{one} on {other}": value
        for one, other in texts
        if (value := ratio(rgb(colours[one]), rgb(colours[other]))) < 4.5
    }
    for name, ground in grounds:
        for mark in ("text", "mark", "bad") if name != "back" else ("text", "mark", "band"):
            value = ratio(rgb(colours[mark]), ground)
            if value < 3:
                low[f"{mark} drawn on {name}"] = value
        # The current step is a column of another colour, under the numbers and the names of bars.
        value = ratio(rgb(colours["text"]), over(colours["mark"], colours[name], float(here[1])))
        if scheme != "print" and value < 4.5:
            low[f"text on {name} at the step"] = value
    assert low == {}
