# SPDX-License-Identifier: GPL-2.0-or-later
"""A program as a litmus test of the kernel's memory model, in the C that herd7 reads.

The dialect: tools/memory-model/Documentation/litmus-tests.txt and linux-kernel.def of Linux 6.1,
and the grammar of herdtools7 (lib/CParser.mly). Every task is a `P`, every `int` of the program a
shared variable.
"""

import re
from collections.abc import Iterator, Sequence

from klprove.export.litmus_function import Function
from klprove.export.litmus_places import Places
from klprove.ir.program import Program
from klprove.source import BadInput, Diagnostic, Span, plain

_AND, _OR = r" /\ ", r" \/ "
_NOT = "a litmus test cannot say this"


def litmus(program: Program, file: str, observe: bool = False) -> str:
    """The text of a litmus test, with a newline at its end.

    `program` is made with the words of klprove-litmus.h. The test's name is that of `file`.
    `exists` is that a property is violated; with `observe`, locals and memory of the runs in which
    every task ends are listed too. Raises BadInput where the program does not fit.
    """
    _whole(program, Span(file, 0, 0))
    places = Places(program)
    threads: list[Function] = []
    bad: list[Diagnostic] = []
    for number, context in enumerate(program.contexts):
        try:
            threads.append(Function(number, context, places, observe))
        except BadInput as found:
            bad += found.diagnostics
    if bad:
        raise BadInput(bad)
    asked = [f"{each.number}:{name}=1" for each in threads for name in each.flags]
    if not asked and not observe:
        hint = "write an assert(), or say --observe to list the final values"
        text = "nothing is asked: the text has no assert"
        raise BadInput([Diagnostic("litmus", Span(file, 0, 0), text, hint)])
    parts = [f"C {_test_name(file)}", _legend(threads), places.initial()]
    parts += [each.text() for each in threads]
    parts.append("\n".join(_ending(threads, places, asked, observe)))
    return "\n\n".join(parts) + "\n"


def _whole(program: Program, file: Span) -> None:
    """Raise BadInput for what is in no single task."""
    bad = []
    for wrap in program.wraps:
        text = (
            f"a litmus test cannot say this: {program.describe(wrap.addr)} counts modulo a number"
        )
        bad.append(Diagnostic("litmus", file, text))
    for each in program.properties:
        text = f"{_NOT}: {each.kind} {each.name}"
        hint = "a litmus test asks about the end: write an assert() in a task"
        bad.append(Diagnostic("litmus", each.at.span, text, hint))
    cpus: set[int] = set()
    for context in program.contexts:
        if context.kind != "task":
            text = f"{_NOT}: {context.kind} {context.name}()"
            hint = "it has tasks only; what interrupts may be written as one more task"
            bad.append(Diagnostic("litmus", context.at.span, text, hint))
        elif context.cpu in cpus:
            text = f"{_NOT}: a second task on CPU {context.cpu}"
            hint = "give every task a CPU of its own"
            bad.append(Diagnostic("litmus", context.at.span, text, hint))
        cpus.add(context.cpu)
    if bad:
        raise BadInput(bad)


def _test_name(file: str) -> str:
    stem = re.sub(r"\.c$", "", file.rsplit("/", 1)[-1])
    return re.sub(r"[^A-Za-z0-9_+.-]+", "-", stem).strip("-") or "test"


def _legend(threads: Sequence[Function]) -> str:
    """The comment at the top, without what would end it early."""
    lines = [line for each in threads for line in each.legend()]
    inside = [re.sub(r"\(\*|\*\)|\"", "'", plain(line)) for line in lines]
    return "\n".join(["(*", *(f" * {line}" for line in inside), " *)"])


def _ending(
    threads: Sequence[Function], places: Places, asked: Sequence[str], observe: bool
) -> Iterator[str]:
    if observe:
        seen = [f"{each.number}:{name}" for each in threads for name in each.taken]
        seen += sorted(places.names.values())
        if seen:
            yield f"locations [{'; '.join(seen)}]"
        ends = [f"{each.number}:done=1" for each in threads if each.may_stop]
        if ends:
            yield f"filter ({_AND.join(ends)})"
    yield f"exists ({_OR.join(asked) or 'true'})"
