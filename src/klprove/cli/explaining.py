# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove explain`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import click

from klprove.cli.output import say, write_json
from klprove.explain import KINDS, Entry, called, entries, entry
from klprove.report import field, fold
from klprove.report.wrapping import WIDTH
from klprove.source import near, plain


@click.command("explain")
@click.argument("word", required=False)
@click.option("--example", is_flag=True, help="Print only the model of the example, for a file.")
@click.option(
    "--json", "json_path", metavar="FILE|-", help="The same, of every word without WORD, as JSON."
)
def explain_command(word: str | None, example: bool, json_path: str | None) -> int:
    """What a word of klprove means; without WORD, all of them.

    WORD is a code of a finding, a rule of lint, a context, a term, a kernel model, a verdict, or
    another word that an answer has; upper or lower case. The examples that name a file are of the
    source tree, or of what `klprove examples` writes; a model that is printed with its text is
    had by --example:

    \b
      klprove explain deadlock --example > deadlock.c
      klprove check deadlock.c
    """
    if example and (word is None or json_path):
        raise click.UsageError("--example needs a WORD and goes without --json")
    if json_path:
        write_json(json_path, _document(entries().values() if word is None else [_known(word)]))
    elif word is None:
        say("\n".join(_list()).lstrip("\n"))
    else:
        found = _known(word)
        say(_model(found).rstrip("\n") if example else "\n".join(_told(found)))
    return 0


def _known(word: str) -> Entry:
    """What there is about `word`. Raises UsageError."""
    found = entry(word)
    if found is None:
        close = _meant(word)
        hint = f"; near it: {', '.join(close)}" if close else "; `klprove explain` lists them"
        raise click.UsageError(f"nothing is called {plain(word)}{hint}")
    return found


def _model(of: Entry) -> str:
    """The text of its example. Raises UsageError where a file has it."""
    if not of.model:
        where = f": it is `{of.example}`" if of.example else ""
        raise click.UsageError(f"{of.word} has no model of its own{where}")
    return of.model


def _document(words: Iterable[Entry]) -> dict[str, object]:
    return {"schema": "klprove.explain/1", "words": [asdict(each) for each in words]}


def _meant(word: str) -> list[str]:
    """What `word` may be, as it is written: H4 is H04, for whoever counts."""
    rule = re.fullmatch(r"h(\d)", word.lower())
    if rule and entry(f"h0{rule[1]}"):
        return [f"H0{rule[1]}"]
    words = {each.lower(): each for each in entries()}
    return [words.get(each, each) for each in near(word.lower(), called())]


def _list() -> Iterator[str]:
    """Every word, by kind, with its title."""
    for kind, title in KINDS.items():
        yield from ("", title)
        for each in entries().values():
            if each.kind == kind:
                yield from (f"  {line}" for line in fold(f"{each.word}: {each.title}", 77, "    "))


def _told(of: Entry) -> Iterator[str]:
    """The whole of an entry."""
    yield from fold(f"{of.word}: {of.title}", WIDTH, " " * 10)
    for text in of.what:
        yield from field("what", text)
    for label, text in (
        ("also", ", ".join(of.also)),
        ("why", of.why),
        ("wrong if", of.wrong_if),
        ("seen", of.seen),
        ("do", of.remedy),
    ):
        yield from field(label, text) if text else ()
    if of.example:
        yield f"example : {of.example}"  # whole, to be copied
        yield from [f"{'':10}finds {of.shows}"] if of.shows else []
    yield from field("source", of.source) if of.source else ()
    if of.model:
        yield ""
        for line in of.model.expandtabs(8).splitlines():
            yield f"    {line}".rstrip()
