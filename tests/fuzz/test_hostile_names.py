"""Code that is generated from a model holds no byte of its names, and pages show them dead."""

import re
from pathlib import Path

import pytest

from klprove.check import Question, load_claims, program
from klprove.cli.comparing import page
from klprove.engine import points
from klprove.engine.limits import Limits
from klprove.engine.machine import Machine
from klprove.engine.native.model import Model
from klprove.export import promela
from klprove.ir.program import Program
from klprove.report import glance

TEXT = """int x;
const char *s;
__task(0) void t(void)
{
	finding("%(word)s");
	s = "%(word)s";
	__klprove_reach("%(word)s");
	__klprove_assert(x, "%(word)s");
}
"""
CALM = "a"
HOSTILE = (
    r"*/ } int evil; /*",
    r"*\\ } int evil; /\\*",
    r"*\\\n/ } int evil; {",
    r"' } int evil; '",
    r"\" } int evil; \"",
    r"{{{ c_code { evil }",
    r"\n#define evil\n",
    "\\x1b[2J\u202e<script>evil",
)


def made(word: str, folder: Path, name: str = "model.c") -> Program:
    """A program in which `word` stands wherever a model may write what it likes."""
    path = folder / name
    path.write_text(TEXT % {"word": word})
    return program(Question((str(path),)))


def bare(text: str) -> str:
    """Promela without comments and strings, as a compiler sees it."""
    piece = r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"'
    return re.sub(piece, lambda found: found[0][0], text, flags=re.DOTALL)


def generated(of: Program, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str], str]:
    """LLVM text, Python, Promela."""
    python: list[str] = []
    compiled = points._compiled

    def noted(source: str, image: object) -> object:
        python.append(source)
        return compiled(source, image)  # type: ignore[arg-type]

    machine = Machine(of, Limits())
    with monkeypatch.context() as patched:
        patched.setattr(points, "_compiled", noted)
        machine.initial([])  # compiles the steps of the task
    return Model(machine, frozenset(), False, 1).text, python, bare(promela(of, Limits()).text)


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("where", ["text", "file"])
def test_no_name_is_in_generated_code(
    word: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "file":
        name = word.replace("/", "|").encode().decode("unicode_escape", "ignore") + ".c"
        found = made(CALM, tmp_path, name)
    else:
        found = made(word, tmp_path)
    llvm, python, text = generated(found, monkeypatch)
    wanted = made(CALM, tmp_path)
    calm_llvm, calm_python, calm_text = generated(wanted, monkeypatch)
    assert python == calm_python and calm_python
    assert "evil" not in llvm + text
    if where == "file":
        assert (llvm, text) == (calm_llvm, calm_text)
    whole = promela(found, Limits()).text
    assert not set(whole) - set(map(chr, range(32, 127))) - {"\n", "\t"}


@pytest.mark.parametrize("word", ["<script>", "`", "\n# x", "\x1b[2J", "[x](javascript:y)", "*x*"])
def test_a_page_shows_names_dead(word: str) -> None:
    table = glance({word: {}}, ["v4.12"])
    assert not set(table) & set("<`[*\x1b") and len(table.split("\n")) == 5
    text = page(f"klprove compare {word}", table, [(word, "table")])
    head = next(line for line in text.split("\n") if line.startswith("## "))
    assert not set(head) & set("<`[*\x1b")
    assert text.count("`") == 2 + 6 and "\x1b" not in text
    assert "\n# x" not in text


def test_a_claim_is_no_markup(tmp_path: Path) -> None:
    text = 'number = 1\nwho = "<b>"\nsource = "\\u001b\\u202e"\nclaim = "a & b"\n'
    text += 'refuted_by = "caf\u00e9"\n[[run]]\nfiles = ["a.c"]\nkernel = "v4.12"\n'
    text += 'patch = "each"\nexpect = [{ finding = "assert", at = "none" }]\n'
    (tmp_path / "01.toml").write_text(text)
    (claim,) = load_claims(tmp_path)
    said = (claim.who, claim.source, claim.claim, claim.refuted_by)
    assert said == ("&lt;b>", "\\x1b\\u202e", "a &amp; b", "caf\\xe9")
