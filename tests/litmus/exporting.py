"""Models of litmus shapes in C, and the litmus tests that klprove exports of a model."""

from pathlib import Path

from klprove.check import Question, program
from klprove.export import litmus
from tests.litmus.machine import Op
from tests.litmus.shapes import LOCATIONS, SHAPES, Shape

_NAMES = {place: name for name, place in LOCATIONS.items()}
KEPT = [shape for shape in SHAPES if not any("+" in thread for thread in shape.threads)]
"""LKMM has no word for an update without a lock."""


def exported(path: Path, text: str, observe: bool = True) -> str:
    """The litmus test of the model `text`, which is written to `path`."""
    path.write_text(text)
    question = Question((str(path),), defines={"__KLPROVE_LITMUS": "1"})
    return litmus(program(question), str(path), observe)


def shape_model(shape: Shape) -> str:
    """A task a thread, and a local for each instruction that reads."""
    lines = ["#include <klprove.h>", f"static int {', '.join(LOCATIONS)};"]
    for task, ops in enumerate(shape.ops()):
        body = " ".join(_statement(op, number) for number, op in enumerate(ops))
        lines.append(f"__task({task}) void t{task}(void) {{ {body} }}")
    return "\n".join(lines) + "\n"


def _statement(op: Op, register: int) -> str:
    name = _NAMES[op.addr]
    return {
        "store": f"WRITE_ONCE({name}, {op.value});",
        "load": f"int r{register} = READ_ONCE({name});",
        "xchg": f"int r{register} = xchg(&{name}, {op.value});",
        "fence": "smp_mb();",
    }[op.kind]
