"""One program through gcc and through klprove."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from klprove.c import parse
from klprove.engine.interpreter import Interpreter
from klprove.engine.limits import Limits
from klprove.engine.machine import Machine
from klprove.ir.instructions import End
from klprove.ir.program import Program
from klprove.ir.verify import verify
from klprove.lower import lower
from klprove.source import BadInput

INSTALLED = which("gcc") is not None
HERE = Path(__file__).parent
HEADER = HERE.parents[2] / "src" / "klprove" / "include" / "klprove.h"
MOST_STEPS = 20_000
_SECONDS = 5

_MAIN = r"""
#undef main
#undef printf
int printf(const char *, ...);
int main(void)
{
	run();
	for (unsigned long i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		printf("%lld\n", out[i]);
	return 0;
}
"""
_FLAGS = ("-std=gnu11", "-w", "-fwrapv", "-fno-strict-aliasing", f"-I{HERE}", "-include")


class TooLong(Exception):
    """A program that runs for longer than anybody wants to wait."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of one program. `kind`: equal, refused, too long, or different; `why`: the codes
    of a refusal, or what each side says."""

    kind: str
    why: str = ""


def gcc_says(text: str, folder: Path, level: str = "-O0") -> list[int]:
    """What is in `out` after run(), as gcc compiles it at an optimisation level.

    Arithmetic wraps and types may alias, as in the kernel's own build.
    """
    source, program = folder / "program.c", folder / f"program{level}"
    source.write_text(text + _MAIN)
    command = ["gcc", level, *_FLAGS, str(HEADER), "-o", str(program), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    try:
        ran = subprocess.run([program], capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise TooLong from None
    return [int(line) for line in ran.stdout.split()] if ran.returncode == 0 else [ran.returncode]


def klprove_says(program: Program, most: int = MOST_STEPS) -> list[int] | str:
    """What is in `out` after the only context has run, by the interpreter that replays traces; or
    the code of what it finds wrong."""
    machine = Machine(program, Limits())
    interpreter, code = Interpreter(machine.image), program.contexts[0].code
    memory, registers, index = machine.image.initial, dict[str, int](), 0
    for _ in range(most):
        if isinstance(code.instrs[index], End):
            break
        step = interpreter.run(code, 0, index, registers, memory, 0)
        if step.index < 0:
            return ", ".join(step.notes)
        memory, index = bytes(step.memory), step.index
    else:
        raise TooLong
    holder = next(each for each in program.objects if each.name == "out")
    start = machine.image.position(holder.addr)
    assert start is not None, "nothing is put into out"
    size = holder.end - holder.addr
    return [
        int.from_bytes(memory[at : at + 8], "little", signed=True)
        for at in range(start, start + size, 8)
    ]


def compare(text: str, folder: Path, levels: Sequence[str] = ("-O0", "-O2")) -> Comparison:
    """One program, as text that defines `out` and a task run(); `folder` is for files."""
    path = folder / "model.c"
    path.write_text(text)
    try:
        program = lower(parse([], user=path, include=[HERE]))
    except BadInput as refused:
        return Comparison("refused", " ".join(sorted({each.code for each in refused.diagnostics})))
    wrong = verify(program)
    if wrong:
        return Comparison("different", f"the verifier: {wrong[0]}")
    try:
        theirs = [gcc_says(text, folder, level) for level in levels]
        mine = klprove_says(program)
    except TooLong:
        return Comparison("too long")
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().rpartition("error: ")[2].partition("\n")[0]
        return Comparison("refused", f"(by gcc: {said or error.returncode})")
    if all(each == theirs[0] for each in theirs[1:]) and mine == theirs[0]:
        return Comparison("equal")
    said = dict(zip(levels, theirs, strict=True))
    return Comparison("different", f"{said}, klprove {mine}")
