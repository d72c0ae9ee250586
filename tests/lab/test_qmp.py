"""The QMP client against one end of a socket."""

import socket
from collections.abc import Iterator

import pytest

from klprove.lab.lost import Lost
from klprove.lab.qmp import Qmp

GREETING = b'{"QMP": {}}\n{"return": {}}\n'


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours and QEMU's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_events_in_between_are_not_the_answer(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(GREETING + b'{"event": "STOP"}\n{"event": "X"}\n{"ret')
    theirs.sendall(b'urn": {"status": "running"}}\n')
    qmp = Qmp(ours)
    assert qmp.ask("query-status", full=True) == {"status": "running"}
    sent = theirs.recv(4096).decode().splitlines()
    assert sent[1] == '{"execute": "query-status", "arguments": {"full": true}}'


def test_a_refusal_has_qemus_words(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(GREETING + b'{"error": {"class": "CommandNotFound", "desc": "no such"}}\n')
    qmp = Qmp(ours)
    with pytest.raises(ValueError, match="QEMU refuses nonsense: no such"):
        qmp.ask("nonsense")


@pytest.mark.parametrize("said", [b"hello\n", b"[1]\n", b'{"other": 1}\n'])
def test_what_is_no_qmp(ends: tuple[socket.socket, socket.socket], said: bytes) -> None:
    ours, theirs = ends
    theirs.sendall(said)
    with pytest.raises(Lost, match=r"not QMP|does not speak QMP"):
        Qmp(ours)


def test_qemu_goes(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(GREETING)
    qmp = Qmp(ours)
    theirs.close()
    with pytest.raises(Lost, match="gone"):
        qmp.ask("query-status")


def test_qemu_is_silent(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(GREETING)
    qmp = Qmp(ours, seconds=0.1)
    with pytest.raises(Lost, match="does not answer"):
        qmp.ask("query-status")
