"""Pages of answers put together by hand, and what an HTML parser sees in them."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from klprove.report import document
from klprove.report.picture import page
from klprove.verdict import Access, Event, Finding, Trace
from klprove.verdict.compared import Compared
from tests.report.specimens import answer, event, finding, verdict

_VOID = ("meta", "input", "br", "link")


class Seen(HTMLParser):
    """Every element with its attributes and the text directly in it; opened and closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.elements.append((tag, dict(attrs), []))
        if tag not in _VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        """It ends what was opened last."""
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        """Text of the innermost element."""
        if self._open:
            self.elements[self._open[-1]][2].append(data)

    def all(self, tag: str, **attributes: str) -> list[str]:
        """Texts of the elements `tag` that have `attributes`."""
        return [
            "".join(text)
            for name, own, text in self.elements
            if name == tag and all(own.get(key) == value for key, value in attributes.items())
        ]

    def ids(self) -> list[str]:
        """Every id."""
        return [each["id"] or "" for _, each, _ in self.elements if "id" in each]

    def data(self) -> Any:
        """What the script reads."""
        (text,) = self.all("script", id="data")
        return json.loads(text)


def documented(*findings: Finding, **members: Any) -> dict[str, Any]:
    """The document of an answer with `findings`, as it is read back; `members` replaced."""
    return {**json.loads(json.dumps(document(answer({"": verdict(*findings)})))), **members}


def answered(
    *findings: Finding, path: str = "trace.json", handler: str = "F.c", **members: Any
) -> Compared:
    """An answer with `findings` as it is read back."""
    document = documented(*findings, **members)
    return Compared(path, handler, str(document["kernel"] or ""), document)


def shown(*findings: Finding, path: str = "trace.json", **members: Any) -> Seen:
    """The page about `findings`."""
    return Seen(page([answered(*findings, path=path, **members)]).decode("ascii"))


def long_trace(steps: int) -> Trace:
    """A task that an NMI interrupts every hundred steps."""
    nmi: dict[str, Any] = {"depth": 1, "kind": "nmi", "context": "do_nmi", "calls": ("do_nmi",)}
    events: list[Event] = []
    while len(events) < steps:
        at = len(events) % 100
        counted = (Access("write", "counter", len(events), len(events) + 1),)
        if at == 50:
            events.append(event("enter", **nmi))
        elif 50 < at < 70:
            events.append(event(accesses=counted, **nmi))
        elif at == 70:
            events.append(event("exit", **nmi))
        else:
            events.append(event(accesses=counted))
    return Trace((("counter", 0),), tuple(events))


def written(folder: Path, *findings: Finding) -> Path:
    """A page in a file."""
    file = folder / "page.html"
    file.write_bytes(page([answered(*findings)]))
    return file


__all__ = ["Seen", "answered", "documented", "finding", "long_trace", "shown", "written"]
