# SPDX-License-Identifier: GPL-2.0-or-later
"""The formats by name, and what a command hands over to be told in any of them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klprove.formats.results import Results


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in its three forms; each is made where a format wants it."""

    text: Callable[[], str]
    document: Callable[[], Any]
    results: "Callable[[], Results]"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is, which form of an answer it is made of, and the function of `formats`
    that makes it. `pictured`: it shows an interleaving or a call path, and nothing else."""

    about: str
    form: str
    module: str
    function: str
    pictured: bool = False

    def made(self, told: Told) -> str:
        """`told` in this format: ASCII, without a newline at the end."""
        make = getattr(import_module(f"klprove.formats.{self.module}"), self.function)
        made: str = make(getattr(told, self.form)())
        return made


FORMATS = {
    "json": Format("with a published schema", "document", "plain_json", "plain_json"),
    "ktap": Format("version 1", "results", "ktap", "ktap"),
    "sarif": Format("2.1.0", "results", "sarif", "sarif"),
    "junit": Format("XML", "results", "junit", "junit"),
    "dot": Format("for Graphviz", "results", "dot", "dot", pictured=True),
    "msc": Format("a message sequence chart, for mscgen", "results", "msc", "msc", pictured=True),
    "quote": Format("the text for a reply to a mail", "text", "quoting", "quoted"),
}
