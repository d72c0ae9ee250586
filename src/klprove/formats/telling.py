"""The formats by name, and what a command hands over to be told in any of them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from klprove.formats.results import Results


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in its three forms; each is made where a format wants it."""

    text: Callable[[], str]
    document: Callable[[], Any]
    results: Callable[[], Results]


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
    "json": Format("JSON with a published schema", "document", "plain_json", "plain_json"),
    "ktap": Format("KTAP version 1", "results", "ktap", "ktap"),
    "sarif": Format("SARIF 2.1.0", "results", "sarif", "sarif"),
    "junit": Format("JUnit XML", "results", "junit", "junit"),
    "dot": Format("Graphviz", "results", "dot", "dot", pictured=True),
    "msc": Format("message sequence chart (mscgen)", "results", "msc", "msc", pictured=True),
    "quote": Format("the text for a reply to a mail", "text", "quoting", "quoted"),
}
