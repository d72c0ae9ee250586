"""Builds a model with gcc's thread sanitizer calls answered by runtime.c, and runs it."""

import atexit
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import klprove
from klprove.kernels import load

HERE = Path(__file__).parent
HEADER = Path(klprove.__file__).parent / "include" / "klprove.h"
FLAGS = ["-std=gnu11", "-w", "-O0", "-DNR_CPUS=1"]
SANITIZER = ["-fsanitize=thread", "--param=tsan-distinguish-volatile=1"]

PROLOGUE = f"""
#include "{HEADER}"
#undef __ghost
#define __ghost __attribute__((no_sanitize("thread")))
#undef __on_warn
#define __on_warn __ghost
"""

# All the model's variables in one section, so that a run can start from a copy of it.
GATHER = "SECTIONS { model : { *(.data .data.* .bss .bss.* COMMON) } }\n"

EPILOGUE = """
__ghost void model_was_read(const volatile void *where)
{
	bool ops = where >= (void *)&klp_ops && where < (void *)(&klp_ops + 1);
	bool func = where >= (void *)klp_funcs && where < (void *)(klp_funcs + 2);

	if (ops || func)
		klp_note_read();
}

__ghost void model_warned(void)
{
	klp_note_warning();
}
"""


class Bounds(NamedTuple):
    """Most arrivals of each kind in a run, and passes of the idle loop."""

    irq: int
    nmi: int
    exception: int
    passes: int = 1


def available() -> bool:
    """True where gcc and ld can be used."""
    return shutil.which("gcc") is not None and shutil.which("ld") is not None


def findings(
    kernel: str, user: Path | None, site: str | None, bounds: Bounds, folder: Path
) -> dict[str, int]:
    """What all runs within `bounds` report, with how often, where `site` is patched.

    Builds in `folder`.
    """
    model = "".join(file.read_text() for file in load(kernel).files)
    text = _replaced(model, user.read_text() if user else "")
    if site:
        text = _patched(text, site)
    (folder / "model.c").write_text(PROLOGUE + text + EPILOGUE)
    (folder / "gather.ld").write_text(GATHER)
    commands = (
        ["gcc", *FLAGS, *SANITIZER, "-c", "model.c"],
        ["ld", "-r", "-d", "-T", "gather.ld", "model.o", "-o", "gathered.o"],
        ["gcc", "-no-pie", "gathered.o", str(_runtime()), "-o", "run"],
    )
    for command in commands:
        _run(command, folder)
    lines = _run(["./run", *map(str, bounds)], folder).splitlines()
    return {code: int(times) for code, times in (line.rsplit(" ", 1) for line in lines)}


@cache
def _runtime() -> Path:
    """runtime.c, compiled once."""
    folder = Path(tempfile.mkdtemp(prefix="oracle-"))
    atexit.register(shutil.rmtree, folder)
    _run(["gcc", "-w", "-O2", "-c", str(HERE / "runtime.c")], folder)
    return folder / "runtime.o"


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _definition(name: str) -> re.Pattern[str]:
    """Matches the head of the definition of function `name`, brace included."""
    return re.compile(rf"^((?:[a-z_]\w* )*?[a-z_]\w* \**)({name})(\([^;{{]*\))\n\{{", re.M)


def _replaced(model: str, user: str) -> str:
    """The model with its functions that `user` defines renamed, then `user`."""
    for match in _definition(r"\w+").finditer(user):
        prototype = "".join(match.group(1, 2, 3)) + ";\n"

        def rename(old: re.Match[str], prototype: str = prototype) -> str:
            head, name, rest = old.group(1, 2, 3)
            return f"{prototype}{head}{name}__model{rest}\n{{"

        model = _definition(match[2]).sub(rename, model)
    return model + user


def _patched(text: str, site: str) -> str:
    """`text` with a call of __fentry__ at the start of `site`."""
    prototype = "static void __fentry__(unsigned long ip);\n"
    text, count = _definition(site).subn(
        lambda match: f"{prototype}{match[0]} __fentry__((unsigned long){site});", text
    )
    assert count == 1, site
    return text
