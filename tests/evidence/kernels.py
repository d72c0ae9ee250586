"""Small images and trees with the signs of a generation in them."""

import re
import struct
import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.scan.toy import toy

TABLE = tomllib.loads(
    (Path(__file__).parents[2] / "src/klprove/evidence/generations.toml").read_text()
)
ORDER: list[str] = TABLE["generations"]
_CALLS = Path(__file__).parents[1] / "scan" / "sites.c"
_FOLDER = TemporaryDirectory(prefix="klprove-calls-")
_PATTERNS = {
    "dynticks_nmi_nesting in rcu_irq_enter()": (
        "void rcu_irq_enter(void)\n{\n\tif (x->dynticks_nmi_nesting)\n\t\treturn;\n}\n"
    ),
    "TIF_PATCH_PENDING in klp_copy_process()": (
        "void klp_copy_process(struct task_struct *child)\n{\n\tset(child, TIF_PATCH_PENDING);\n}\n"
    ),
}
"""What the patterns of a tree find."""


def _signs(kind: str, name: str) -> Iterable[tuple[bool, dict[str, Any]]]:
    """Every sign that can be seen, and whether the generation `name` has it."""
    for sign in TABLE["sign"]:
        if kind in sign:
            yield ORDER.index(sign["since"]) <= ORDER.index(name), sign[kind]


def labels(name: str) -> list[str]:
    """Symbols of an image of the generation `name`, in the order of their addresses."""
    found = ["__cpuidle_text_start", "cpuidle", "__cpuidle_text_end", "arch_cpu_idle"]
    for there, rule in _signs("image", name):
        if there and "within" in rule:
            found.remove("arch_cpu_idle")
            found.insert(1, "arch_cpu_idle")
        found += [part for each in rule.get("has", ())[:1] if there for part in each.split("+")]
        found += [each for each in rule.get("gone", ()) if not there]
    return list(dict.fromkeys(found))


def image(path: Path, symbols: Iterable[str]) -> Path:
    """An ELF file for x86-64 with `symbols`, made by gcc."""
    text = "".join(f".globl {each}\n{each}: nop\n" for each in symbols)
    source = path.with_suffix(".s")
    source.write_text(f".text\n{text}")
    subprocess.run(["gcc", "-c", str(source), "-o", str(path)], check=True)
    return path


@cache
def calling(*flags: str) -> Path:
    """The vmlinux of tests/scan/sites.c, compiled with `flags`, with the signs of v6.1."""
    found = [each for each in labels("v6.1") if not re.search("__(noinstr|cpuidle)_text", each)]
    text = "".join(f".globl {each}\\n{each}: nop\\n" for each in found)
    source = Path(_FOLDER.name) / "signs.c"
    source.write_text(f'{_CALLS.read_text()}asm(".text\\n{text}");\n')
    return toy("-g", *flags, source=str(source))


def tree(top: Path, name: str) -> Path:
    """A tree with the files of the generation `name` and, in them, the words that tell it."""
    (top / "kernel" / "livepatch").mkdir(parents=True)
    for there, rule in _signs("tree", name):
        words = [each for each in rule.get("has", ()) if there]
        words += [each for each in rule.get("gone", ()) if not there]
        text = "".join(f"void {re.sub(r'[^A-Za-z0-9_.]', '', each)}(void);\n" for each in words)
        if there and "pattern" in rule:
            text += _PATTERNS[rule["pattern"][1]]
        path = top / rule["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a") as file:
            file.write(text)
    return top


def elf(symbols: Iterable[str]) -> bytes:
    """The least ELF file that has `symbols`, for those who want many bytes of it to be wrong."""
    names = [each.encode() + b"\0" for each in symbols]
    text = b"\0" + b"".join(names)
    places = [1 + sum(map(len, names[:each])) for each in range(len(names))]
    table = bytes(24) + b"".join(struct.pack("<IBBHQQ", each, 18, 0, 1, 16, 0) for each in places)
    start = 64 + len(text)
    sections = [
        (0,) * 10,
        (0, 3, 0, 0, 64, len(text), 0, 0, 1, 0),
        (0, 2, 0, 0, start, len(table), 1, 1, 8, 24),
    ]
    end = start + len(table)
    fields = (b"\x7fELF\2\1\1", 2, 62, 1, 0, 0, end, 0, 64, 0, 0, 64, len(sections), 1)
    header = struct.pack("<16sHHIQQQIHHHHHH", *fields)
    return header + text + table + b"".join(struct.pack("<IIQQQQIIQQ", *each) for each in sections)
