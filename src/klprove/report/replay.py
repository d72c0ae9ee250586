"""The command line that asks a question again."""

import shlex
from collections.abc import Mapping

from klprove.check import Question


def command_words(question: Question, site: str | None = None) -> list[str]:
    """Words of the `klprove check` command that asks `question`; of one `site` only where given.

    Effort (time, memory, engine, processes) is left out: it changes how long an answer takes, and
    what is found with less can be found with more.
    """
    words = ["klprove", "check", *map(shlex.quote, question.files)]
    if question.kernel:
        words.append(f"--kernel {shlex.quote(question.kernel)}")
    patch = ",".join(question.patch) if site is None else site
    if patch:
        words.append(f"--patch {shlex.quote(patch)}")
    if question.cpus is not None:
        words.append(f"--cpus {question.cpus}")
    if question.arrivals:
        words.append(f"--arrivals {pairs(question.arrivals)}")
    if question.nest:
        words.append(f"--nest {pairs(question.nest)}")
    if question.recursion is not None:
        words.append(f"--recursion {question.recursion}")
    for name, value in question.defines.items():
        words.append(shlex.join(["-D", f"{name}={value}"]))
    words += [f"--inline {name}" for name in sorted(question.inlined)]
    if question.werror:
        words.append("--werror")
    return words


def pairs(bounds: Mapping[str, int]) -> str:
    """`irq=1,nmi=2`, as the options take it."""
    return ",".join(f"{kind}={number}" for kind, number in bounds.items())
