# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove explain`."""

import re
from collections.abc import Iterator

import click

from klprove.cli.output import say
from klprove.explain import KINDS, Entry, entries, entry
from klprove.report import field, fold
from klprove.report.wrapping import WIDTH
from klprove.source import near, plain


@click.command("explain")
@click.argument("word", required=False)
@click.option("--example", is_flag=True, help="Print only the model of the example, for a file.")
def explain_command(word: str | None, example: bool) -> int:
    """What a word of klprove means; without WORD, all of them.

    WORD is a code of a finding, a rule of lint, a context, a term, a kernel model, a verdict, or
    another word that an answer has; upper or lower case. The examples that name a file are of the
    source tree, or of what `klprove examples` writes; a model that is printed with its text is
    had by --example:

    \b
      klprove explain deadlock --example > deadlock.c
      klprove check deadlock.c
    """
    if word is None:
        if example:
            raise click.UsageError("--example needs a WORD")
        say("\n".join(_list()).lstrip("\n"))
        return 0
    found = entry(word)
    if found is None:
        close = _meant(word)
        hint = f"; near it: {', '.join(close)}" if close else "; `klprove explain` lists them"
        raise click.UsageError(f"nothing is called {plain(word)}{hint}")
    if example and not found.model:
        where = f": it is `{found.example}`" if found.example else ""
        raise click.UsageError(f"{found.word} has no model of its own{where}")
    say(found.model.rstrip("\n") if example else "\n".join(_told(found)))
    return 0


def _meant(word: str) -> list[str]:
    """What `word` may be, as it is written: H4 is H04, for whoever counts."""
    known = {each.lower(): each for each in entries()}
    rule = re.fullmatch(r"h(\d)", word.lower())
    if rule and f"h0{rule[1]}" in known:
        return [known[f"h0{rule[1]}"]]
    return [known[each] for each in near(word.lower(), known)]


def _list() -> Iterator[str]:
    """Every word, by kind, with its title."""
    for kind, title in KINDS.items():
        yield from ("", title)
        for each in entries().values():
            if each.kind == kind:
                yield from (f"  {line}" for line in fold(f"{each.word}: {each.title}", 77, "    "))


def _told(of: Entry) -> Iterator[str]:
    """The whole of an entry."""
    if of.kind == "finding":
        yield from field("why", of.title)
    else:
        yield from fold(f"{of.word}: {of.title}", WIDTH, " " * 10)
    for text in of.what:
        yield from field("what", text)
    for label, text in (
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
