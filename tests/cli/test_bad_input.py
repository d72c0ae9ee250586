"""Whatever is wrong with an input: the right place, status 2, two seconds, no traceback."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

SECONDS = 2.0 * float(os.environ.get("KLPROVE_SLOW", "10"))
"""Two seconds on a machine that does nothing else; here only a hang is to fail."""

TASK = "__task(0) void task(void)\n{\n"


def klprove(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "klprove", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=60,
    )


def refused(done: subprocess.CompletedProcess[str], start: float, *said: str) -> None:
    """The run was refused as it should be, saying each of `said`."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert time.monotonic() - start < SECONDS
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
    assert "error: " in done.stderr
    for each in said:
        assert each in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TASK + "\tint x = ;\n}\n", ["bad.c:3:10: error:", "[syntax]"]),
        (TASK + "\tundeclared = 1;\n}\n", ["bad.c:3:2: error:", "undeclared", "[unknown]"]),
        (TASK + "\tno_such_function();\n}\n", ["bad.c:3:2: error:", "[unknown]"]),
        (TASK + '\tasm("nop");\n}\n', ["bad.c:3:2: error:", "[assembly]"]),
        (
            "int x;\nvoid f(void)\n{\n\tx = 1;\n\tf();\n}\n" + TASK + "\tf();\n}\n",
            ["bad.c:", "f", "[recursion]"],
        ),
        ("double d;\n" + TASK + "\td = d * 2;\n}\n", ["bad.c:", "[float]"]),
        (TASK + "\tfor (;;)\n\t\t;\n}\n", ["bad.c:3:2: error:", "[spin]"]),
        (
            "int a;\n" + TASK + '\tasm("nop");\n\tasm("pause");\n\tfloat f = a;\n}\n',
            ["bad.c:4:2: error:", "bad.c:5:2: error:", "bad.c:6:"],
        ),
        ("", ["bad.c: error:", "empty", "[file]"]),
        ("   \n\n", ["[file]"]),
        ("int x;\n", ["no function is a context", "[context]"]),
    ],
    ids=[
        "syntax",
        "unknown-name",
        "unknown-function",
        "assembly",
        "recursion",
        "float",
        "spin",
        "all-at-once",
        "empty",
        "blank",
        "nothing-runs",
    ],
)
def test_refused_at_its_place(tmp_path: Path, text: str, said: list[str]) -> None:
    (tmp_path / "bad.c").write_text(text)
    start = time.monotonic()
    refused(klprove("check", "bad.c", cwd=tmp_path), start, *said)


def test_a_missing_file(tmp_path: Path) -> None:
    start = time.monotonic()
    done = klprove("check", "nowhere.c", cwd=tmp_path)
    refused(done, start, "nowhere.c: error: ", "[file]")


def test_a_folder(tmp_path: Path) -> None:
    start = time.monotonic()
    refused(klprove("check", tmp_path), start, "[file]")


def test_a_megabyte_of_noise(tmp_path: Path) -> None:
    (tmp_path / "noise.c").write_bytes(random.Random(1).randbytes(1 << 20))
    start = time.monotonic()
    refused(klprove("check", "noise.c", cwd=tmp_path), start, "noise.c", "[file]")


def test_fifty_thousand_lines(tmp_path: Path) -> None:
    lines = "".join(f"int x{number};\n" for number in range(50_000))
    (tmp_path / "long.c").write_text(lines + TASK + "}\n")
    start = time.monotonic()
    refused(klprove("check", "long.c", cwd=tmp_path), start, "long.c", "[large]")


def test_deep_nesting(tmp_path: Path) -> None:
    deep = "(" * 20_000 + "1" + ")" * 20_000
    (tmp_path / "deep.c").write_text(f"int x;\n{TASK}\tx = {deep};\n}}\n")
    start = time.monotonic()
    refused(klprove("check", "deep.c", cwd=tmp_path), start, "deep.c")


HANDLER = Path(__file__).parents[2] / "handlers" / "2017" / "F.c"


def test_an_unknown_function_to_patch() -> None:
    start = time.monotonic()
    done = klprove("check", HANDLER, "--kernel", "v4.12rc", "--patch", "rcu_irq_entre")
    refused(done, start, "rcu_irq_entre", "near it: ", "rcu_irq_enter", "[patch]")


def test_a_function_that_cannot_be_patched() -> None:
    start = time.monotonic()
    done = klprove("check", HANDLER, "--kernel", "v4.12rc", "--patch", "klp_ftrace_handler")
    refused(done, start, "klp_ftrace_handler", "[patch]")


def test_an_unknown_kernel() -> None:
    start = time.monotonic()
    done = klprove("check", HANDLER, "--kernel", "v4.12-rc1")
    refused(done, start, "v4.12-rc1", "v4.12rc", "[kernel]")


def test_a_function_to_inline_that_does_not_exist() -> None:
    start = time.monotonic()
    done = klprove("check", HANDLER, "--kernel", "v4.12rc", "--inline", "rcu_eqs_entre")
    refused(done, start, "rcu_eqs_entre", "rcu_eqs_enter", "[option]")


def test_a_kernel_handler_without_its_kernel() -> None:
    start = time.monotonic()
    refused(klprove("check", HANDLER), start, "F.c:", "[unknown]")


def _bomb() -> str:
    """A line that becomes a thousand million tokens."""
    lines = ["#define A0 1,1,1,1,1,1,1,1,1,1,"]
    lines += [f"#define A{n} " + f"A{n - 1} " * 10 for n in range(1, 9)]
    return "\n".join([*lines, "int x[] = { A8 };\n"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('#include "/dev/zero"\n' + TASK + "}\n", "model.c:1:1: error: what it includes"),
        ('#define Z "/dev/zero"\n#include Z\n' + TASK + "}\n", "gives up"),
        (_bomb() + TASK + "}\n", "gives up"),
        ('#include "pipe"\n' + TASK + "}\n", "no ordinary file [file]"),
    ],
)
def test_what_never_ends_is_not_read(tmp_path: Path, text: str, said: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "model.c").write_text(text)
    done = klprove("check", "model.c", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert said in done.stderr
    assert "libclang" not in done.stderr


def test_a_file_without_an_end_is_refused() -> None:
    done = klprove("check", "/dev/zero")
    assert done.returncode == 2
    assert done.stderr == "/dev/zero: error: the file has more than 4,000,000 bytes [large]\n"
