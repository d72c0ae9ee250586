"""Litmus tests as models in C, and the outcomes that klprove finds of one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from klprove import engine
from klprove.check import Question, program
from klprove.ir import verify
from klprove.verdict import HOLDS, VIOLATED, Verdict
from tests.litmus.machine import Op, Outcome

OTHER = "other"
"""The code of an outcome that nobody expected."""


def model(threads: Sequence[Sequence[Op]], size: int, expected: Sequence[Outcome]) -> str:
    """The text of a model with a task a thread. Ghost code keeps the registers, and reports the
    outcome by its number in `expected` when the last task has gone through its last fence."""
    lines = ["#include <klprove.h>", "", f"static unsigned char mem[{size}];"]
    lines += [f"static unsigned long reg_{n}[{len(code) + 1}];" for n, code in enumerate(threads)]
    lines += ["static int ended;", "", "__ghost static void end(void)", "{"]
    lines.append(f"\tif (++ended != {len(threads)})\n\t\treturn;")
    for number, outcome in enumerate(expected):
        lines.append(f'\tif ({_is(outcome)}) {{ finding("o{number}"); return; }}')
    lines += [f'\tfinding("{OTHER}");', "}"]
    for number, code in enumerate(threads):
        lines += _thread(number, code)
    return "\n".join(lines) + "\n"


def _is(outcome: Outcome) -> str:
    registers, memory = outcome
    terms = [
        f"reg_{thread}[{number}] == {value}"
        for thread, values in enumerate(registers)
        for number, value in enumerate(values)
    ]
    terms += [f"mem[{at}] == {byte}" for at, byte in enumerate(memory)]
    return " && ".join(terms)


def _thread(number: int, code: Sequence[Op]) -> list[str]:
    keep = f"__ghost static void keep_{number}(int n, unsigned long v) {{ reg_{number}[n] = v; }}"
    lines = ["", keep, f"__task({number}) void thread_{number}(void)", "{"]
    filled = 0
    for op in code:
        ty = {1: "u8", 2: "u16", 4: "u32", 8: "u64"}[op.size]
        place = f"*({ty} *)(mem + {op.addr})"
        what = {
            "store": f"WRITE_ONCE({place}, {op.value});",
            "load": f"READ_ONCE({place})",
            "fence": "smp_mb();",
            "xchg": f"xchg(&{place}, {op.value})",
            "add": f"__klprove_add(&{place}, {op.size}, {op.value})",
            "inc": f"__klprove_cpu_add(&{place}, {op.size}, {op.value})",
        }[op.kind]
        if op.kind in ("store", "fence"):
            lines.append(f"\t{what}")
        else:
            lines.append(f"\tkeep_{number}({filled}, {what});")
            filled += 1
    return [*lines, "\tsmp_mb();", "\tend();", "}"]


def found(
    path: Path, text: str, expected: Sequence[Outcome], memory_model: str, engine_name: str
) -> tuple[set[Outcome], bool]:
    """The outcomes that the search of `text`, written to `path`, finds; and whether it finds
    others."""
    path.write_text(text)
    verdict = explored(path, memory_model, engine_name)
    codes = {each.code for each in verdict.findings}
    assert verdict.complete and verdict.word in (HOLDS, VIOLATED)
    return {each for number, each in enumerate(expected) if f"o{number}" in codes}, OTHER in codes


def explored(
    path: Path,
    memory_model: str,
    engine_name: str,
    store_buffer: int | None = None,
    nest: Mapping[str, int] | None = None,
) -> Verdict:
    """What one engine says about the model at `path`."""
    question = Question((str(path),), memory_model=memory_model, store_buffer=store_buffer)
    made = program(question)
    assert verify(made) == []
    return engine.explore(made, engine.Limits(engine=engine_name, nest=nest or {}))
