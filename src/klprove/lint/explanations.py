# SPDX-License-Identifier: GPL-2.0-or-later
"""What each rule is about, from rules/rules.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Explanation:
    """`what` goes wrong, `why` it does, `incident`: where it was seen, `remedy`: what to do. Where
    there are such, `model`: the klprove command whose trace shows it, `shows`: the finding there;
    `live`: what no file can say, and who does."""

    title: str
    what: str
    why: str
    incident: str
    remedy: str
    model: str = ""
    shows: str = ""
    live: str = ""


@cache
def explanations() -> Mapping[str, Explanation]:
    """By id of the rule."""
    text = (Path(__file__).parent / "rules" / "rules.toml").read_text(encoding="ascii")
    return {rule: Explanation(**texts) for rule, texts in tomllib.loads(text).items()}
