"""Readers of mails, and of images as evidence of a kernel model."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from klprove.c import parse
from klprove.evidence import resolve
from klprove.kernels import Kernel, load
from klprove.mail import complaints, take
from klprove.report import letter
from klprove.source import BadInput, plain_lines
from tests.evidence.kernels import elf, labels
from tests.fuzz.mutation import mutated
from tests.fuzz.readers.reader import ROOT, Reader, dead
from tests.mail.letters import PROSE, mail


@cache
def _letters() -> Sequence[bytes]:
    patches = [path.read_text() for path in sorted((ROOT / "tests" / "mail").glob("*.patch"))]
    kind = "Content-Type: {}".format
    heads: list[tuple[str, ...]] = [
        (),
        (kind("text/plain; format=flowed"),),
        (kind("multipart/mixed; boundary=B"),),
        (kind("text/plain; charset=utf-7"), "Content-Transfer-Encoding: quoted-printable"),
    ]
    bodies = [*patches, *(f"--B\n\n{each}--B--\n" for each in patches), "f();\n...\ng();\n"]
    made = [mail(body, *head) for body in bodies for head in heads]
    folder = b"From a Mon May  8 17:16:12 2017\n"
    return [PROSE.encode(), folder + PROSE.encode() + b"\n" + folder + made[0], *made]


@cache
def _evident() -> Sequence[bytes]:
    return [elf(labels(each)) for each in ("v4.12rc", "v6.18")]


def _seen(data: bytes, folder: Path) -> None:
    path = folder / "vmlinux"
    path.write_bytes(data)
    resolve(str(path))


@cache
def _kernel_model() -> Kernel:
    return load("v4.12rc")


def _mailed(data: bytes, folder: Path) -> None:
    try:
        taken = take(data, "mail", _kernel_model(), where="klp_ftrace_handler:entry")
    except BadInput as refused:
        if "--place is" not in str(refused):
            raise
        taken = take(data, "mail", _kernel_model())
    path = folder / "mail.c"
    path.write_text(taken.placed.composed.text)
    try:
        parse(_kernel_model().files, defines={"NR_CPUS": "1"}, user=path)
    except BadInput as refused:
        raise complaints(refused, taken, str(path)) from None
    dead(plain_lines(letter(taken, "")))


READERS: Mapping[str, Reader] = {
    "mail": Reader(lambda random: mutated(random, _letters()), _mailed),
    "evidence": Reader(lambda random: mutated(random, _evident()), _seen),
}
"""By name."""
