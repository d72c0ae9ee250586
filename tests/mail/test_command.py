"""`klprove check --mail`."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from klprove.cli.main import run
from klprove.report.picture.sources import sources
from tests.mail.letters import PATCH, PROSE, mail

ROOT = Path(__file__).parents[2]
FEW = ("--patch", "vfs_read,rcu_dynticks_eqs_enter,printk_nmi_enter")
BOUNDS = ("--arrivals", "irq=1,nmi=1,exception=1", "-j", "1", "--no-times")


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    (tmp_path / "letter.mbox").write_text(PROSE)
    return tmp_path / "letter.mbox"


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """Status of `klprove check`, and what it printed."""
    status = run(["check", *map(str, words)])
    told = capsys.readouterr()
    return status, told.out + told.err


def found(content: dict[str, Any]) -> dict[str, Any]:
    """Verdict, codes and size of each site, and the steps of each trace."""
    sites = {
        site: (each["verdict"], each["findings"], each["states"])
        for site, each in content["sites"].items()
    }
    return {**sites, "traces": [len(each["trace"]) for each in content["findings"]]}


def test_the_mail_is_answered_as_its_handler(
    letter: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The proposal of 2017 out of a mail, and the same written as handler F: the same answer."""
    status, text = answer(capsys, "--mail", letter, *FEW, *BOUNDS, "--json", tmp_path / "m.json")
    handler = (ROOT / "handlers" / "2017" / "F.c", "--kernel", "v4.12rc")
    other, _ = answer(capsys, *handler, *FEW, *BOUNDS, "--json", tmp_path / "f.json")
    assert status == other == 1
    one, two = (json.loads((tmp_path / f"{each}.json").read_text()) for each in "mf")
    assert found(one) == found(two)
    assert one["kernel"] == "v4.12rc" and two["mail"] is None
    assert one["mail"]["lines"] == [21, 29] and len(one["mail"]["added"]) == 2
    assert one["files"][0]["path"] == str(letter)
    (beside,) = sources(one, [str(letter)], tmp_path)
    assert beside.lines[20] == "if (in_nmi())"
    letter.write_bytes(letter.read_bytes() + b"\n")
    assert "has changed" in sources(one, [str(letter)], tmp_path)[0].why
    del one["mail"]["sha256"]
    assert "no digest of it" in sources(one, [str(letter)], tmp_path)[0].why
    for line in (
        "taken   : 2 of 2: statements, lines 21-29",
        "added   : not in the mail: static bool klp_block_patch_removal: the mail sets",
        "left    : --snippet 1: statements, lines 9-12, quoted twice: if (in_nmi())",
        "default : --kernel v4.12rc\n",
        "\n    21  if (in_nmi())\n    22  rcu_nmi_enter(); /* in case we're",
        "klprove: VIOLATED  model letter.mbox on v4.12rc  3 sites",
        "--snippet 2 --kernel v4.12rc",
    ):
        assert line in text
    places = {event["at"]["file"] for each in one["findings"] for event in each["trace"]}
    assert str(letter) in places
    assert {each for each in places if each.startswith("/")} == {str(letter)}
    assert all(ord(each) < 127 for each in text)


def test_a_patch_by_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(data: bytes, *words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        return answer(capsys, "--mail", "-", "--kernel", "v4.12rc", *words, *BOUNDS)

    status, text = asked(mail(PATCH), "--patch", "none", "--traces", "none")
    assert status == 0
    assert "placed  : in place of klp_ftrace_handler: it fits v4.12rc/klp_handler.c:9:1" in text
    assert "default" not in text
    status, text = asked(mail(PATCH.replace("_irqson", "_irqsoff")))
    assert status == 2
    assert "<stdin>:17:3: error: call to undeclared function 'rcu_irq_enter_irqsoff'" in text
    assert "+\trcu_irq_enter_irqsoff();".expandtabs(8) in text


def test_complaints_are_about_the_mail_not_about_what_we_added(
    letter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the mail enters is called otherwise since v6.0, and so is what we leave at the end."""
    status, text = answer(capsys, "--mail", letter, "--kernel", "v6.0")
    assert status == 2
    assert f"{letter}:22:3: error: call to undeclared function 'rcu_nmi_enter'" in text
    assert "rcu_nmi_exit" not in text


def test_a_function_that_only_a_second_cpu_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m").write_bytes(mail("smp_rmb();\n"))
    words = ("--mail", tmp_path / "m", "--place", "klp_release_module:exit", "--patch", "none")
    status, text = answer(capsys, *words, *BOUNDS)
    assert status == 2 and "is no place in v4.12rc" in text
    status, text = answer(capsys, *words, *BOUNDS, "--cpus", "2", "--arrivals", "0")
    assert status == 0 and "placed  : exit of klp_release_module" in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--mail", "m", "f.c"), "--mail or FILE...: give one of the two"),
        ((), "missing argument 'FILE...'"),
        (("f.c", "--snippet", "1"), "--snippet and --place need --mail"),
        (("f.c", "--place", "f:entry"), "--snippet and --place need --mail"),
        (("--mail", "none.mbox"), "none.mbox: error: No such file or directory [file]"),
        (("--mail", "."), ".: error: Is a directory [file]"),
        (("--mail", "a\0b"), "cannot be read [file]"),
    ],
)
def test_what_does_not_go_together(
    words: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = answer(capsys, *words)
    assert status == 2
    assert complaint in text


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "the mail is empty"),
        (mail("Only prose.\n"), "no C in this mail"),
        (mail("<html>f();</html>", "Content-Type: text/html"), "HTML only"),
        (mail("\x1b[2J f(\x1b);\nsmp_rmb(\u202e);\n"), "where does this belong?"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a NUL byte: this is no mail"),
        (b"x" * 4_000_001, "more than 4,000,000 bytes"),
        (mail("--B\n" * 3000, "Content-Type: multipart/mixed; boundary=B"), "no text"),
        (mail("f();\n\ng(\n" * 9), "which one?"),
    ],
)
def test_a_hostile_mail_is_a_clear_line(
    data: bytes, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mail").write_bytes(data)
    status, text = answer(capsys, "--mail", tmp_path / "mail")
    assert status == 2
    assert complaint in text
    assert "Traceback" not in text
    assert all(each == "\n" or " " <= each <= "~" for each in text)


def test_mails_nested_too_deeply(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = "f();\n"
    for level in range(1500):
        inner = f"Content-Type: multipart/mixed; boundary=B{level}\n\n--B{level}\n{inner}"
    (tmp_path / "mail").write_text(inner)
    status, text = answer(capsys, "--mail", tmp_path / "mail")
    assert status == 2
    assert "nested too deeply" in text or "no text" in text
