"""`klprove --version`: enough to know which program gave an answer, and with which models."""

import re

import pytest

from klprove import __version__, kernels
from klprove.cli.main import run
from klprove.cluster.identity import digest


def test_it_says_program_libraries_and_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    out = capsys.readouterr().out
    first, *rest = out.splitlines()
    assert first == f"klprove {__version__}"
    assert max(map(len, rest)) <= 79
    fields = dict(re.findall(r"^(\w+) *: ((?:.*\n)(?: +.*\n)*)", out, re.M))
    assert list(fields) == ["program", "python", "with", "models", "core"]
    assert fields["program"].startswith(digest())
    assert re.search(r"libclang 18\.1\.1\b.*click \d", fields["with"])
    assert "ray " in fields["with"]


@pytest.mark.parametrize("scene", kernels.SCENES)
def test_every_model_has_the_digest_that_answers_carry(
    scene: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--version"])
    label = {"handler": "models", "transition": "core"}[scene]
    told = re.search(rf"^{label} *: ((?:.*\n)(?: +.*\n)*)", capsys.readouterr().out, re.M)
    assert told is not None
    found = dict(each.split("=") for each in " ".join(told[1].split()).split(", "))
    assert found == {
        name: kernels.load(name, scene=scene).digest[:12] for name in kernels.names(scene=scene)
    }


def test_the_engine_is_told_by_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import pathlib

    from klprove.cli.versions import engine_digest

    before = engine_digest()
    real = pathlib.Path.read_bytes
    monkeypatch.setattr(
        pathlib.Path, "read_bytes", lambda path: real(path) + b"#" * (path.name == "machine.py")
    )
    assert engine_digest() != before
