# SPDX-License-Identifier: GPL-2.0-or-later
"""An answer made again from its JSON document, so that it can be shown as the check showed it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from klprove.check import EACH, Answer, Question, Text
from klprove.engine import DEFAULT_NEST
from klprove.evidence import CallSite, Candidate, Evidence, Seen
from klprove.verdict import VIOLATION, Bounds, Finding, Statistics, Verdict
from klprove.verdict.reading import read_finding, read_member

_PIPE = "<stdin>"


@dataclass(frozen=True, slots=True)
class Reread(Answer):
    """What a document tells of an answer."""

    written: str = ""
    """The fingerprint that the document has."""

    @property
    def fingerprint(self) -> str:
        """That of the check, also where not all of the question is known."""
        return self.written

    @property
    def known(self) -> bool:
        """True where the question is all that was asked: its own fingerprint is that of the
        check. Else options are missing that the document does not hold."""
        texts = "".join(each.sha256 for each in (*self.files, *self.lifted))
        return self.written == self.question.fingerprint(self.model + texts)


def reread(path: str, document: Mapping[str, Any]) -> Reread:
    """The answer that `document`, read from `path`, is of. Raises BadInput where one of its members
    is not as the schema says."""
    return read_member(path, lambda: _answer(document))


def _answer(document: Mapping[str, Any]) -> Reread:
    found = [read_finding(each) for each in document["findings"]]
    bounds = document["bounds"]
    made = Reread(
        question=_question(document, found),
        sites=_sites(document, found),
        files=_texts(document["files"]),
        lifted=_texts(document.get("lifted", ())),
        model=str(document["model"]),
        cpus=int(bounds["cpus"]),
        seconds=float(document["seconds"]),
        assumptions=tuple(map(str, document["assumptions"])),
        asked=tuple(map(str, document["asked"])),
        written=str(document["fingerprint"]),
    )
    tried = (replace(made, question=each) for each in _guesses(made, document))
    return next((each for each in tried if each.known), made)


def _texts(rows: Iterable[Mapping[str, Any]]) -> tuple[Text, ...]:
    return tuple(Text(str(each["path"]), str(each["sha256"])) for each in rows)


def _question(document: Mapping[str, Any], found: list[Finding]) -> Question:
    """What is written down of the question."""
    bounds, mail = document["bounds"], document.get("mail")
    buffer = bounds["store_buffer"]
    return Question(
        files=tuple(str(each["path"]) for each in document["files"]),
        kernel=None if document["kernel"] is None else str(document["kernel"]),
        arrivals={str(kind): int(most) for kind, most in bounds["arrivals"].items()},
        recursion=None if bounds["recursion"] is None else int(bounds["recursion"]),
        defines={str(name): str(text) for name, text in document.get("defines", {}).items()},
        memory_model=str(bounds["memory_model"]),
        store_buffer=None if buffer is None else int(buffer),
        inlined=frozenset(map(str, document.get("inlined", ()))),
        tree=document.get("tree"),
        lift=tuple(map(str, document.get("lift", ()))),
        werror=_werror(document, found),
        evidence=_evidence(document.get("evidence")),
        source=() if mail is None else tuple(_mail_words(mail)),
        scene=str(document["scene"]),
        action=None if document["action"] is None else str(document["action"]),
    )


def _werror(document: Mapping[str, Any], found: list[Finding]) -> bool:
    """Of /3, which does not say it: a warning was a violation."""
    told = any(each.severity == VIOLATION and each.code.endswith("warned") for each in found)
    return bool(document.get("werror", told))


def _guesses(answer: Answer, document: Mapping[str, Any]) -> Iterator[Question]:
    """What the options may have been that lead to this document, the likeliest first: /3 does not
    say `--patch`, nor any version whether CPUs and nesting were asked for or are the model's."""
    sites, nest = tuple(answer.sites), document["bounds"]["nest"]
    patches: tuple[tuple[str, ...], ...] = ((EACH,), sites) if any(sites) else ((),)
    if "patch" in document:
        patches = (tuple(map(str, document["patch"])),)
    all_ = {str(kind): int(most) for kind, most in nest.items()}
    unusual = {kind: most for kind, most in all_.items() if DEFAULT_NEST.get(kind) != most}
    for cpus, patch, asked in product((None, answer.cpus), patches, (unusual, all_)):
        yield replace(answer.question, cpus=cpus, patch=patch, nest=asked)


def _mail_words(mail: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The options that take the same from the mail."""
    yield "--mail", "-" if mail["file"] == _PIPE else str(mail["file"])
    if mail["snippets"] > 1:
        yield "--snippet", str(mail["snippet"])
    if str(mail["because"]).startswith("--place"):
        yield "--place", str(mail["placed"])


def _evidence(found: Mapping[str, Any] | None) -> Evidence | None:
    if found is None:
        return None
    candidates = tuple(
        Candidate(
            str(each["kernel"]),
            str(each["generation"]),
            tuple(map(_sign, each["for"])),
            tuple(map(_sign, each["against"])),
        )
        for each in found["candidates"]
    )
    if not candidates:
        raise ValueError("evidence for nothing")
    calls = tuple(map(_call, found.get("calls", ())))
    untold = str(found.get("untold", ""))
    return Evidence(str(found["path"]), str(found["kind"]), candidates, calls, untold)


def _call(row: Mapping[str, Any]) -> CallSite:
    symbols = tuple(map(str, row["symbols"]))
    return CallSite(str(row["caller"]), str(row["callee"]), str(row["is"]), symbols)


def _sign(row: Mapping[str, Any]) -> Seen:
    return Seen(
        since=str(row["since"]),
        what=str(row["means"]),
        cite=str(row["cite"]),
        there=bool(row["there"]),
        by=str(row["seen"]),
        file=str(row["file"]),
    )


def _sites(document: Mapping[str, Any], found: list[Finding]) -> dict[str, Verdict]:
    """The verdict of each site; of the only one, that has no name, where nothing was patched."""
    rows: Mapping[str, Any] = document["sites"] or {"": document}
    if lost := {each.site for each in found} - set(rows):
        raise ValueError(f"findings at {lost}, which are no sites")
    bounds = document["bounds"]
    buffer = bounds["store_buffer"]
    limits = Bounds(dict(bounds["arrivals"]), dict(bounds["nest"]), buffer)
    return {
        str(site): Verdict(
            findings=tuple(each for each in found if each.site == site),
            complete=bool(row["complete"]),
            statistics=Statistics(
                states=int(row["states"]),
                transitions=int(row["transitions"]),
                seconds=float(row["seconds"]),
                engine=str(document["engine"]),
                reduced=tuple(map(str, document["reduced"])),
            ),
            bounds=limits,
            reasons=tuple(map(str, row["reasons"])),
            unreached=tuple(map(str, row["unreached"])),
        )
        for site, row in rows.items()
    }
