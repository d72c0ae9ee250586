"""`klprove export`: what it writes, and what it refuses."""

from pathlib import Path

from tests.cli.test_bad_input import klprove

ROOT = Path(__file__).parents[2]
F = ("handlers/2017/F.c", "--kernel", "v4.12rc", "--patch", "rcu_irq_enter")


def test_a_handler_is_written_with_its_places_in_c(tmp_path: Path) -> None:
    path = tmp_path / "F.pml"
    done = klprove("export", "--promela", *F, "--arrivals", "1", "-o", path, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    text = path.read_text(encoding="ascii")
    assert "/* handlers/2017/F.c:" in text
    assert "/* v4.12rc/" in text
    assert str(ROOT) not in text
    again = klprove("export", "--promela", *F, "--arrivals", "1", cwd=ROOT)
    assert again.stdout == text + "\n"


def test_bounds_are_part_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text("int x;\n__irq(0) void i(void) { x++; }\n")
    bounded = klprove("export", "--promela", "model.c", "--arrivals", "irq=1", cwd=tmp_path)
    free = klprove("export", "--promela", "model.c", cwd=tmp_path)
    assert "it has arrived so often" in bounded.stdout
    assert "it has arrived so often" not in free.stdout


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text("int x;\n__task(0) void t(void) { x = 1; }\n")
    for options, said in (
        (["model.c"], "say which language: --promela or --litmus"),
        (["--promela", "model.c", "--patch", "each"], "--patch takes one site here"),
        (["--promela", "none.c"], "none.c"),
        (["--promela", "model.c", "-o", "no/where.pml"], "cannot write no/where.pml"),
        (["--promela", "model.c", "--store-buffer", "2"], "--store-buffer needs"),
    ):
        done = klprove("export", *options, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr, done.stderr


def test_a_step_that_is_too_long_for_spin_is_refused(tmp_path: Path) -> None:
    terms = "\n".join(f"\tx = x * {n} + (x ^ {n}u) / {n};" for n in range(1, 1500))
    text = f"#include <klprove.h>\nunsigned int x;\n__ghost static void g(void)\n{{\n{terms}\n}}\n"
    (tmp_path / "model.c").write_text(text + "__task(0) void t(void) { WRITE_ONCE(x, 1); g(); }\n")
    done = klprove("export", "--promela", "model.c", cwd=tmp_path)
    assert done.returncode == 2
    assert "too long for SPIN" in done.stderr
