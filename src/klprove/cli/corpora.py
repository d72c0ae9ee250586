# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove corpus`."""

from pathlib import Path

import click

from klprove.check import MEMORY_MODELS
from klprove.cli.formats import Outputs, format_options
from klprove.cli.options import jobs_option
from klprove.cli.output import tell
from klprove.cli.progress import ProgressLine
from klprove.cli.values import Duration
from klprove.corpus import Effort, corpus_results, document, find, run, table
from klprove.engine import ENGINES
from klprove.formats import Told

HOME = Path("corpus")
"""Where the twins of the project are, as seen from its root."""


@click.command("corpus")
@click.argument("words", nargs=-1, metavar="[DIR|FILE|NAME]...")
@format_options(pictured=False)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="As in `klprove check`, but native without reductions: it counts what the models pin. "
    "Default: what a model names; else native where it is there and reference where not; auto for "
    "a model that pins no number.",
)
@click.option(
    "--memory-model",
    type=click.Choice(MEMORY_MODELS),
    help="Ask all under this one. A model whose head names another one is told and not judged.",
)
@click.option(
    "--time",
    "seconds",
    type=Duration(),
    metavar="TIME",
    help="Wall time for everything: 10s, 2m, 1h. Default: no limit.",
)
@jobs_option("text")
@click.option("--seconds", "timed", is_flag=True, help="Show how long each model took.")
def corpus_command(
    words: tuple[str, ...],
    outputs: Outputs,
    engine: str | None,
    memory_model: str | None,
    seconds: float | None,
    jobs: int | None,
    timed: bool,
) -> int:
    """Check models that say themselves what is expected of them, and say which are right.

    \b
      klprove corpus                     every twin of ./corpus
      klprove corpus klp-force-unload    one of them; 'klp-*' those that match
      klprove corpus path/to/twins       every twin below that folder

    A twin is a folder with models in it: a bug and its fix. The first line of each says verdict,
    findings, bounds and number of states (docs/corpus.md). Exit status: 0 all are right, 1 one is
    wrong, 2 one cannot be checked, 3 one is not decided: out of time, interrupted. Ctrl-C ends the
    run and prints what is known.
    """
    entries = find(words, HOME)
    line = ProgressLine(noun="models")
    try:
        outcome = run(entries, Effort(engine, memory_model, seconds, jobs), line)
    finally:
        line.clear()
    for each in outcome.judged:
        for diagnostic in each.result.diagnostics if each.result else ():
            tell(diagnostic.render())
    outputs.write(
        Told(
            lambda: table(outcome, timed),
            lambda: document(outcome, timed),
            lambda: corpus_results(outcome, timed),
        )
    )
    return outcome.exit_status
