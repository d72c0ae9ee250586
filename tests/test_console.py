"""How pages' commands are found, run and compared."""

from pathlib import Path

import pytest

from klprove.check import Progress
from klprove.cli.progress import line
from tests.console import (
    Command,
    File,
    Script,
    Shell,
    disagreements,
    lacking,
    pieces,
    same,
    shortened,
)

PAGE = """
```c title="a.c"
int a;
```

```sh
echo done
test -f a.c
```

```console
$ cat a.c
int a;
$ printf '%s\\n' \\
    one two
one
two
```

<!-- needs: no-such-program -->
```console
$ no-such-program
```
"""


def shell(folder: Path) -> Shell:
    (folder / "programs").mkdir()
    return Shell(folder, folder / "programs")


def test_files_and_commands_are_found_in_order() -> None:
    assert list(pieces(PAGE)) == [
        File("a.c", "int a;\n"),
        Script("echo done\ntest -f a.c\n"),
        Command("cat a.c", "int a;\n"),
        Command("printf '%s\\n' \\\n    one two", "one\ntwo\n"),
        Command("no-such-program", "", ("no-such-program",)),
    ]


def test_a_page_that_is_right_has_no_disagreement(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert disagreements(page, shell(tmp_path)) == []


def test_a_page_that_is_wrong_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLPROVE_UPDATE", raising=False)
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("one\ntwo\n", "one\n"))
    assert [each.splitlines()[-1] for each in disagreements(page, shell(tmp_path))] == ["two"]


def test_a_script_that_fails_is_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\necho before\nfalse\ntrue\n```\n")
    assert disagreements(page, shell(tmp_path)) == ["echo before\nfalse\ntrue\nbefore\n"]


def test_a_command_of_which_nothing_is_shown_does_not_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo a; exit 1\n[...]\n$ echo b; exit 2\n[...]\n```\n")
    assert disagreements(page, shell(tmp_path)) == ["$ echo b; exit 2\nb\n"]


def test_programs_are_of_the_tree_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "src" / "klprove").mkdir(parents=True)
    (tmp_path / "src" / "klprove" / "__init__.py").touch()
    (tmp_path / "src" / "klprove" / "__main__.py").write_text("print('another')\n")
    (tmp_path / "programs").mkdir()
    there = Shell(tmp_path, tmp_path / "programs", tmp_path)
    assert there.run("klprove") == "another\n"
    assert (
        there.run("python -c 'import klprove; print(klprove.__path__)'").count(str(tmp_path)) == 1
    )


def test_the_status_of_the_last_command_is_known(tmp_path: Path) -> None:
    ours = shell(tmp_path)
    assert ours.run("exit 3") == ""
    assert ours.run("echo $?") == "3\n"


def test_klprove_is_the_one_that_is_tested(tmp_path: Path) -> None:
    assert shell(tmp_path).run("klprove --version").startswith("klprove 0.")


@pytest.mark.parametrize(("sites", "depth"), [(1, 7), (29, 7), (29, 0)])
def test_progress_of_a_slow_machine_is_no_output(sites: int, depth: int, tmp_path: Path) -> None:
    told = line(Progress(0, sites, 1_234_567, 9, 250, depth, 300 << 20, 12.5, None), 1000.0)
    answer = "klprove: VIOLATED  model F.c on v4.12rc  29 sites, 25 of them not searched"
    assert "states" in told
    assert shell(tmp_path).run(f"echo {told!r} >&2; echo {answer!r}") == f"{answer}\n"


def test_what_is_left_out_may_be_anything() -> None:
    assert same("a\n[...]\nd\n", "a\nb\nc\nd\n") and same("a\n[...]\nd\n", "a\nd\n")
    assert same("a [...] c\n", "a b b c\n") and same("[...]\n", "")
    assert not same("a\n[...]\nd\n", "a\nb\ne\n")
    assert not same("a.c\n", "abc\n")
    assert not same("a\n", "a\nb\n")


def test_times_are_not_compared() -> None:
    assert same("5 states,\n          78.7s, complete\n", "5 states, 3.1s, complete\n")
    assert not same("5 states\n", "6 states\n")


def test_a_long_output_is_shown_without_its_traces() -> None:
    table = " " * 12 + "code\nsite  |\nf     X\n\nX violation"
    text = "head\nbounds\n\ntrace\n" + "step\n" * 60 + f"\n{table}\n\nObservation x\n"
    assert shortened(text) == f"head\nbounds\n\n[...]\n\n{table}\n[...]\n"
    assert same(shortened(text), text)
    assert shortened("short\n") == "short\n"


def test_what_is_needed_is_a_program_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "vmlinux").write_text("")
    assert lacking(Command("x", "", ("bash", "vmlinux")), tmp_path) == ""
    assert lacking(Command("x", "", ("bash", "no-such-program")), tmp_path) == "no-such-program"
