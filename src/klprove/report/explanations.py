# SPDX-License-Identifier: GPL-2.0-or-later
"""What each finding means, and what would make it wrong: the questions that readers ask next."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why`: what is bad about it. `wrong_if`: what must be true of the real code for the finding
    not to apply to it. Of a code that is klprove's own, `example` is a command that finds it,
    `remedy` what to do, `source` where more is said."""

    why: str
    wrong_if: str
    example: str = ""
    remedy: str = ""
    source: str = ""


def _texts() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "explanations.toml").read_text(encoding="ascii")
    return tomllib.loads(text)


EXPLANATIONS = {code: Explanation(**texts) for code, texts in _texts().items()}
"""By code of finding. A code of the user's own, from finding("..."), need not be here."""


def in_order(codes: Iterable[str]) -> list[str]:
    """Each of `codes` once: the known ones as they stand here, then the text's own."""
    given = dict.fromkeys(codes)
    return [each for each in EXPLANATIONS if each in given] + [
        each for each in given if each not in EXPLANATIONS
    ]


def explain(code: str, text: str) -> Explanation:
    """The explanation of `code`; for a code that is the text's own, what its `text` says."""
    known = EXPLANATIONS.get(code)
    if known is not None:
        return known
    return Explanation(text or "the text reports it", "a step of the trace cannot happen")
