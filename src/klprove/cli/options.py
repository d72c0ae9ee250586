# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of `check`, `lower` and `export`, with the help that specifies them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import click

from klprove.api import Options, question
from klprove.check import EACH, MEMORY_MODELS, SC, Question
from klprove.cli.clusters import cluster_option
from klprove.cli.values import Define, Duration, KindBounds, Size
from klprove.engine import DEFAULT_ENTRIES, ENGINES, REDUCTIONS
from klprove.kernels import HANDLER, SCENES

_Command = TypeVar("_Command", bound=Callable[..., Any])

page_option = click.option(
    "-o", "output", metavar="FILE", help="Write the page there. Default: standard output."
)


def jobs_option(
    what: str, help_: str = "Processes. Default: one a core."
) -> Callable[[_Command], _Command]:
    """`-j` of a command that writes `what`."""
    return click.option(
        "-j",
        "jobs",
        type=click.IntRange(1, 1024),
        metavar="N",
        help=f"{help_} The {what} does not depend on it.",
    )


fold_option = click.option(
    "--fold",
    "short",
    is_flag=True,
    help="Leave out steps that do not matter to the finding (docs/terminal.md says which).",
)


def define_option(help_: str) -> Callable[[_Command], _Command]:
    """`-D` of a command that reads C."""
    return click.option(
        "-D", "defines", type=Define(), multiple=True, metavar="NAME[=VALUE]", help=help_
    )


def arrivals_option(
    help_: str = "As in `klprove check`. Default: any number.",
) -> Callable[[_Command], _Command]:
    """`--arrivals` of a command that searches."""
    return click.option("--arrivals", type=KindBounds(0), metavar="N|irq=N,nmi=N", help=help_)


_TEXT = (
    click.option(
        "--kernel",
        metavar="K",
        help="Kernel model to put the files into: see `klprove kernels`. A function in a file "
        "replaces the model's of that name. The path of a vmlinux or of a source tree takes the "
        "model that fits what is in it, and says why (docs/evidence.md).",
    ),
    click.option(
        "--scene",
        type=click.Choice(tuple(SCENES)),
        default=HANDLER,
        show_default=True,
        help="Of the kernel model. handler: what nests around livepatch's handler. transition: the "
        "livepatch core, and tasks that are switched (docs/livepatch-core.md).",
    ),
    click.option(
        "--action",
        metavar="NAME",
        help="What the administrator of the scene does: enable, disable, reverse ... Default: the "
        "scene's first.",
    ),
    click.option(
        "--patch",
        metavar="F|each|none",
        help="Functions under a livepatch: `F,G` asks about F, then about G; `F+G` patches both "
        "at once; `each` asks about every function that can be patched. Default: none.",
    ),
    click.option(
        "--cpus",
        type=click.IntRange(1, 8),
        metavar="N",
        help="CPUs of the machine; also NR_CPUS in the text. Default: as many as the text names.",
    ),
    click.option(
        "--recursion",
        type=click.IntRange(1, 64),
        metavar="N",
        help="How often a function may stand in one chain of calls. Default: the kernel model's "
        "bound, else 4.",
    ),
    define_option("Define a macro, before the kernel model is read."),
    click.option(
        "--inline",
        "inlined",
        multiple=True,
        metavar="F|CALLER:F",
        help="Take F as inlined by the compiler: it cannot be patched; or only its call in CALLER, "
        "where no patch of F then runs. A vmlinux as --kernel says itself which calls are "
        "(docs/evidence.md). Repeatable.",
    ),
    click.option(
        "--tree",
        metavar="DIR",
        help="A tree of kernel source, for --lift.",
    ),
    click.option(
        "--lift",
        multiple=True,
        metavar="FILE:FUNCTION",
        help="Put FUNCTION as it stands in FILE, in the tree or a path, in the place of the kernel "
        "model's (docs/lifting.md); `all` is all that can be. Repeatable.",
    ),
    click.option(
        "--memory-model",
        type=click.Choice(MEMORY_MODELS),
        default=SC,
        show_default=True,
        help="sc: sequential consistency. tso: x86-TSO, a store buffer a CPU "
        "(docs/memory-model.md).",
    ),
    click.option(
        "--store-buffer",
        type=click.IntRange(1, 16),
        metavar="N",
        help="Entries of a store buffer under tso; a store that finds it full waits. Default: "
        f"{DEFAULT_ENTRIES}.",
    ),
)

_BOUNDS = (
    arrivals_option(
        "Most deliveries of each interrupt function on each CPU: one number for all kinds, or by "
        "kind (softirq, irq, nmi, exception). Default: any number."
    ),
    click.option(
        "--nest",
        type=KindBounds(1),
        metavar="exception=N",
        help="Most frames of a kind stacked on one CPU. Default: exception=2, others 3; reaching "
        "one of those others makes the answer incomplete.",
    ),
)

_SEARCH = (
    *_BOUNDS,
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="auto",
        show_default=True,
        help="reference: every state, breadth first. native: the same, compiled (needs llvmlite). "
        "nested: interrupts on one CPU only, and their effect is computed once; compiled where the "
        "question is large and llvmlite is there. pushdown: that, always compiled. The answers are "
        "the same. auto: nested where it can be, else native where it is there, else reference.",
    ),
    click.option(
        "--no-reduce",
        "unreduced",
        type=click.Choice((*REDUCTIONS, "all")),
        multiple=True,
        help="A reduction that the native engine does not use, or all. The findings are the same; "
        "states and transitions are of the reduced search. Repeatable.",
    ),
    click.option(
        "--time",
        "seconds",
        type=Duration(),
        metavar="TIME",
        help="Wall time for everything: 10s, 2m, 1h. A site that it does not suffice for is not "
        "searched, and the answer says so. Default: no limit.",
    ),
    click.option(
        "--memory",
        type=Size(),
        metavar="SIZE",
        help="Memory for everything: 512M, 8G. A search that would need more ends incomplete and "
        "says what was covered. Default: 80 % of what is free.",
    ),
    click.option(
        "--werror",
        is_flag=True,
        help="A warning that fires (WARN_ON, a finding that ends in -warned) is a violation.",
    ),
    jobs_option(
        "answer",
        "Processes, where there are several questions, and threads of the native engine where "
        "there are more cores. Default: one a core.",
    ),
    cluster_option,
)

_STORE = (
    click.option(
        "--compact",
        is_flag=True,
        help="Keep a fingerprint of 64 bits of each state in place of the state (native engine). "
        "The answer says how likely it is that a state was missed.",
    ),
    click.option(
        "--checkpoint",
        metavar="DIR",
        help="Write the search to DIR once in a while and when it ends incomplete (native engine).",
    ),
    click.option(
        "--checkpoint-every",
        type=Duration(),
        default="60s",
        show_default=True,
        metavar="TIME",
        help="How often.",
    ),
    click.option(
        "--resume",
        metavar="DIR",
        help="Go on where the checkpoint in DIR ends, and write further ones there. The question "
        "has to be the same; time, memory and -j may differ.",
    ),
)


def text_options(command: _Command) -> _Command:
    """Add the options that say what the program is."""
    return _add(_TEXT, command)


def bound_options(command: _Command) -> _Command:
    """Add the options that bound what may happen."""
    return _add(_BOUNDS, command)


def search_options(command: _Command) -> _Command:
    """Add the options that bound the search."""
    return _add(_SEARCH, command)


def store_options(command: _Command) -> _Command:
    """Add the options that say where the states of a search are kept."""
    return _add(_STORE, command)


def refuse_buffer(memory_model: str, store_buffer: int | None) -> None:
    """Raise UsageError for a size of store buffers where there are none."""
    if store_buffer is not None and memory_model == SC:
        raise click.UsageError("--store-buffer needs --memory-model tso")


def asked(options: Mapping[str, Any]) -> Options:
    """The values of the options above as `klprove.check` takes them.

    Raises UsageError for values that do not go together.
    """
    given = dict(options)
    refuse_buffer(given["memory_model"], given["store_buffer"])
    if given.get("tree") is not None and not given.get("lift"):
        raise click.UsageError("--tree needs --lift FILE:FUNCTION")
    if given.get("lift") and given["kernel"] is None:
        raise click.UsageError("--lift needs --kernel: whose text it takes the place of")
    if given.get("checkpoint") and given.get("resume"):
        raise click.UsageError("--resume DIR writes its checkpoints to DIR: give one of the two")
    given["no_reduce"] = given.pop("unreduced", ())
    given["defines"] = dict(given["defines"])
    if "checkpoint_every" in given:
        given["checkpoint_seconds"] = given.pop("checkpoint_every")
    if resume := given.pop("resume", None):
        given |= {"checkpoint": resume, "resume": True}
    return cast(Options, given)


def refuse_nothing(files: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Raise UsageError where neither a file nor a kernel model is named."""
    if not files and options["kernel"] is None:
        raise click.UsageError("Missing argument 'FILE...', or --kernel for a model as it is")


def question_of(files: tuple[str, ...], options: Mapping[str, Any]) -> Question:
    """The question that `files`, or a kernel model without any, and the options above ask.

    Options that a command does not have stay at their defaults. Raises UsageError.
    """
    refuse_nothing(files, options)
    return question(files, **asked(options))


def one_site(question: Question) -> Question:
    """`question`. Raises UsageError where it is about several programs."""
    if len(question.patch) > 1 or question.patch == (EACH,):
        raise click.UsageError("--patch takes one site here: F, or F+G")
    return question


def _add(options: tuple[Callable[[_Command], _Command], ...], command: _Command) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command
