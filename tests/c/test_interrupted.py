"""What is raised while libclang calls back gets out, and no child of a node is missing."""

import signal
import sys
from pathlib import Path
from types import FrameType

import pytest

from klprove.c import api, parse

TEXT = "void f(void) { int a = 1; int b = 2; int c = 3; }\n"


class Stop(Exception):
    """As an interrupt, but no test runner's own."""


def test_an_interrupt_in_a_callback_is_raised(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.c").write_text(TEXT)
    body = parse([], user=tmp_path / "f.c").declared["f"].body
    assert body is not None

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stop

    def interrupted(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is api._append.__code__:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        sys.setprofile(interrupted)
        with pytest.raises(Stop):
            api.children(body.cursor)
    finally:
        sys.setprofile(None)
        signal.signal(signal.SIGUSR1, before)
    assert len(api.children(body.cursor)) == 3
    assert "Traceback" not in capfd.readouterr().err
