"""`*.klp.c` as tests, in a pytest of their own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from klprove import pytest_plugin
from klprove.corpus.header import OWN
from tests.evidence.kernels import calling

pytest_plugins = ["pytester"]

TASK = "int x;\n__task(0) void t(void) { x = 1; }\n"
WRONG = TASK + "__irq(0) void i(void) { assert(!x); }\n"
RIGHT = TASK + "__irq(0) void i(void) { assert(x < 2); }\n"
EXPECTED = "/* klprove: expect violated assert; states 7 */\n"


def run(pytester: pytest.Pytester, *options: str, **models: str) -> pytest.RunResult:
    for name, text in models.items():
        (pytester.path / f"{name}.klp.c").write_text(text)
    plugins = ("-p", "klprove.pytest_plugin", "-p", "no:xdist", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*plugins, *options)


def test_a_model_without_a_head_must_hold(pytester: pytest.Pytester) -> None:
    result = run(pytester, right=RIGHT, wrong=WRONG)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ wrong _*",
            "violated, expected holds",
            "klprove: VIOLATION assert   model wrong.klp.c   *steps",
            "*BANG assert*",
            "replay  : klprove check *",
            "FAILED wrong.klp.c::wrong*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_warning_that_no_head_speaks_of(pytester: pytest.Pytester) -> None:
    text = "int x;\n__task(0) void t(void) { WARN_ON(!x); }\n"
    run(pytester, warns=text).assert_outcomes(passed=1)


def test_what_the_head_says_is_what_counts(pytester: pytest.Pytester) -> None:
    holds = "/* klprove: expect holds */\n"
    result = run(pytester, kept=EXPECTED + WRONG, fixed=EXPECTED + RIGHT, holds=holds + RIGHT)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["holds, expected violated", "assert was not found"])


def test_a_pinned_number_of_states(pytester: pytest.Pytester) -> None:
    result = run(pytester, other=EXPECTED.replace("7", "6") + WRONG)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["7 states, expected 6"])


def test_a_head_and_a_text_that_cannot_be_read(pytester: pytest.Pytester) -> None:
    result = run(pytester, head="/* klprove: expect good */\n" + RIGHT, text=RIGHT + "int ;;=\n")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["klprove cannot check head.klp.c", "*head.klp.c:1:20: error: 'good' is no verdict*"]
    )
    result.stdout.fnmatch_lines(["klprove cannot check text.klp.c", "*text.klp.c:4:*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_nothing_of_its_own_is_no_pass(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nklprove_kernel = v4.12\n")
    result = run(pytester, head="/* klprove: expect holds; patch vfs_read */\n", empty="")
    result.assert_outcomes(failed=2)
    assert pytest_plugin.SUFFIX == OWN
    result.stdout.fnmatch_lines_random(
        ["*head.klp.c:1:1: error: the file holds no code*", "*empty.klp.c:1:1: error: the file*"]
    )


def test_only_these_or_only_the_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_python(): pass")
    run(pytester, "-m", "klprove", right=RIGHT).assert_outcomes(passed=1, deselected=1)
    result = run(pytester, "-m", "not klprove", "--strict-markers", "-v")
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(["*::test_python PASSED*"])


def test_the_kernel_of_those_that_name_none(pytester: pytest.Pytester) -> None:
    handler = (Path(__file__).parents[2] / "handlers" / "2017" / "G.c").read_text()
    named = "/* klprove: expect holds; kernel v4.12 */\n" + handler
    pytester.makeini("[pytest]\nklprove_kernel = v4.12\n")
    run(pytester, handler=handler).assert_outcomes(passed=1)
    result = run(pytester, "--klprove-kernel", "v1", named=named)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*no kernel generation is called 'v1'*", "FAILED handler.klp.c*"])


def test_out_of_time_is_no_pass(pytester: pytest.Pytester) -> None:
    slow = "int x;\n__task(0) void t(void) { x = 1; }\n" + "".join(
        f"int y{n};\n__irq(0) void i{n}(void) {{ y{n}++; y{n} += 2; }}\n" for n in range(5)
    )
    result = run(pytester, "--klprove-seconds", "0.05", slow=slow)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["incomplete, expected holds", "because: *time*"])


@pytest.mark.parametrize("seconds", ["soon", "nan"])
def test_seconds_that_are_none(pytester: pytest.Pytester, seconds: str) -> None:
    result = run(pytester, f"--klprove-seconds={seconds}", right=RIGHT)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*klprove_seconds: '{seconds}' is no number of seconds"])


def test_nothing_is_loaded_where_there_is_no_model() -> None:
    program = (
        "import sys, klprove.pytest_plugin\n"
        "print([m for m in sys.modules if m.startswith(('klprove.', 'clang'))])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout == "['klprove.pytest_plugin']\n"


def test_pytest_is_told_of_the_plugin() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    (module,) = project["project"]["entry-points"]["pytest11"].values()
    assert module == pytest_plugin.__name__
    assert not [each for each in project["project"]["dependencies"] if "pytest" in each]


def test_an_image_says_which_calls_it_has(pytester: pytest.Pytester) -> None:
    handler = Path(__file__).parents[1] / "replay" / "handlers" / "nmi.c"
    head = "expect violated false-alarm warned; patch mce_log; arrivals irq=0,nmi=0,exception=1"
    text = f"/* klprove: {head} */\n{handler.read_text()}"
    run(pytester, "--klprove-kernel", str(calling("-DCALLED")), mce=text).assert_outcomes(passed=1)
    result = run(pytester, "--klprove-kernel", str(calling()), mce=text)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "incomplete at mce_log, expected *",
            "note    : mce_log: its call in do_machine_check is *",
        ]
    )
