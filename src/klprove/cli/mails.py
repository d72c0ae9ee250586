# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove check --mail`."""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from klprove.api import Options
from klprove.check import EACH, Answer
from klprove.evidence import resolve
from klprove.kernels import HANDLER, Kernel, load
from klprove.mail import MOST_BYTES, STDIN, Taken, complaints, take, told
from klprove.source import BadInput, Diagnostic, Span

KERNEL = "v4.12rc"
"""Of a mail where --kernel names none: what the thread that klprove starts from is about."""


def of_mail(
    path: str,
    number: int | None,
    where: str | None,
    given: Options,
    answered: Callable[[Sequence[str], Options], Answer],
) -> tuple[Answer, Taken, str]:
    """The answer about the C in the mail at `path`, what that is, and the options that were not
    given. `answered` checks a file. Raises BadInput about the mail."""
    data = _read(path)
    name = STDIN if path == "-" else path
    kernel = given.get("kernel")
    assumed = []
    if kernel is None:
        kernel = KERNEL
        assumed.append(f"--kernel {kernel}")
    given = {**given, "kernel": kernel}
    scene = given.get("scene") or HANDLER
    model = load(resolve(os.fspath(kernel), scene)[0], scene=scene)
    taken = take(data, name, model, number=number, where=where, defines=_defines(model, given))
    if given.get("patch") is None and scene == HANDLER:
        given["patch"] = EACH
        assumed.append(f"--patch {EACH}")
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "mail.c")
        Path(file).write_text(taken.placed.composed.text)
        try:
            answer = answered([file], given)
        except BadInput as refused:
            raise complaints(refused, taken, file) from None
    return told(answer, taken, file), taken, " ".join(assumed)


def _defines(model: Kernel, given: Options) -> dict[str, str]:
    """The macros under which the model will be read: they decide which of its functions exist."""
    return {
        "NR_CPUS": str(given.get("cpus") or 1),
        **model.defines(given.get("action")),
        **(given.get("defines") or {}),
    }


def _read(path: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with open(path, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise BadInput([Diagnostic("file", Span(path, 0, 0), reason)]) from None
