# SPDX-License-Identifier: GPL-2.0-or-later
"""Every word that is explained, from where it is defined."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from klprove import kernels
from klprove.explain.entry import KINDS, Entry
from klprove.lint.explanations import explanations
from klprove.report import EXPLANATIONS

HOME = Path(__file__).parent
MODELS = HOME / "models"
"""The smallest models that show a finding, where the corpus has no smaller one."""


@cache
def entries() -> Mapping[str, Entry]:
    """By word, in the order of KINDS; no two differ in case alone."""
    found = sorted(
        [*_findings(), *_rules(), *_generations(), *_words()],
        key=lambda each: list(KINDS).index(each.kind),
    )
    return {each.word: each for each in found}


def entry(word: str) -> Entry | None:
    """What there is about `word`, written in any case, with spaces or dashes; also by one of its
    other names."""
    wanted = "-".join(word.lower().split())
    return next((each for each in entries().values() if wanted in _names(each)), None)


def called() -> list[str]:
    """Every name of every word, in small letters."""
    return [name for each in entries().values() for name in _names(each)]


def _names(of: Entry) -> list[str]:
    return [each.lower() for each in (of.word, *of.also)]


def _findings() -> Iterator[Entry]:
    for code, each in EXPLANATIONS.items():
        yield Entry(
            "finding",
            code,
            each.title,
            why=each.why,
            wrong_if=each.wrong_if,
            remedy=each.remedy,
            example=each.example,
            model=_model(each.example),
            shows=code,
            source=each.source,
        )


def _model(example: str) -> str:
    """The text of the file that `example` names, where it is one of MODELS, without its licence."""
    path = MODELS / example.rpartition(" ")[2]
    return path.read_text(encoding="ascii").partition("\n")[2] if path.is_file() else ""


def _rules() -> Iterator[Entry]:
    for rule, each in explanations().items():
        yield Entry(
            "rule",
            rule,
            each.title,
            (each.what, *([each.live] if each.live else [])),
            each.why,
            seen=each.incident,
            remedy=each.remedy,
            example=each.model,
            shows=each.shows,
            source=f"docs/lint.md, {rule}",
        )


def _generations() -> Iterator[Entry]:
    for name in kernels.names():
        model = kernels.load(name)
        base = model.bases[0] if model.bases else ""
        yield Entry(
            "generation",
            name,
            model.title,
            tuple(model.differs),
            example=f"klprove kernels {f'diff {base}' if base else 'show'} {name}",
            source="docs/kernels.md",
        )


def _words() -> Iterator[Entry]:
    for kind, words in tomllib.loads((HOME / "words.toml").read_text(encoding="ascii")).items():
        for word, texts in words.items():
            what, also = (texts.pop("what"),), tuple(texts.pop("also", ()))
            yield Entry(kind, word, what=what, also=also, **texts)
