"""gcc is the oracle for sequential C: each file in sequential/ leaves the same values in `out`."""

import subprocess
from pathlib import Path

import pytest

from klprove.c import parse
from klprove.ir.program import Program
from klprove.ir.types import I64
from klprove.ir.verify import verify
from klprove.lower import lower
from tests.lower.generator import Generator
from tests.lower.interpreter import Machine

FILES = sorted((Path(__file__).parent / "sequential").glob("*.c"))
HEADER = Path(__file__).parents[2] / "src" / "klprove" / "include" / "klprove.h"

MAIN = r"""
int printf(const char *, ...);
int main(void)
{
	run();
	for (unsigned long i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		printf("%lld\n", out[i]);
	return 0;
}
"""


def gcc_says(text: str, folder: Path) -> list[int]:
    """What is in `out` after run(), as gcc compiles it."""
    source, program = folder / "program.c", folder / "program"
    source.write_text(text + MAIN)
    command = ["gcc", "-std=gnu11", "-w", "-O0", "-fwrapv", "-fno-strict-aliasing", "-include"]
    command += [str(HEADER), "-o", str(program), str(source)]
    subprocess.run(command, check=True)
    printed = subprocess.run([program], check=True, capture_output=True, text=True, timeout=10)
    return [int(line) for line in printed.stdout.split()]


def klprove_says(program: Program) -> list[int]:
    """What is in `out` after the only context has run."""
    machine = Machine(program)
    machine.run(program.contexts[0].code)
    holder = next(each for each in program.objects if each.name == "out")
    return [machine.read(addr, I64) for addr in range(holder.addr, holder.end, 8)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_as_gcc(path: Path, tmp_path: Path) -> None:
    program = lower(parse([], user=path))
    assert verify(program) == []
    mine, theirs = klprove_says(program), gcc_says(path.read_text(), tmp_path)
    assert mine == theirs
    assert len(set(theirs)) > 3, "the program computes next to nothing"


def test_the_oracle_sees_a_difference(tmp_path: Path) -> None:
    """A test that compares could compare nothing: one value changed must be noticed."""
    path = FILES[0]
    changed = path.read_text().replace("] = ", "] = 1 + ", 1)
    assert gcc_says(changed, tmp_path) != klprove_says(lower(parse([], user=path)))


@pytest.mark.parametrize("seed", range(8))
def test_random_programs(seed: int, tmp_path: Path) -> None:
    text = Generator(seed).program(10)
    path = tmp_path / "random.c"
    path.write_text(text)
    program = lower(parse([], user=path))
    assert verify(program) == []
    assert klprove_says(program) == gcc_says(text, tmp_path)
