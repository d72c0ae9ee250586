"""The gdb remote protocol, against recorded exchanges."""

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from klprove.lab import Lost
from klprove.lab.gdb import BREAKPOINT, WATCH_WRITE, Gdb, Stop
from klprove.replay.driving import Stops

Exchange = Sequence[tuple[str, bytes]]
GREETING: Exchange = [("qSupported:vContSupported+", b"PacketSize=1000"), ("?", b"T05thread:01;")]


def framed(data: bytes) -> bytes:
    """A packet."""
    return b"$%s#%02x" % (data, sum(data) & 255)


class Stub(threading.Thread):
    """Answers what is expected, in that order, and notes what was asked."""

    def __init__(self, exchange: Exchange, unasked: bytes = b"", leaves: bool = False) -> None:
        super().__init__(daemon=True)
        self.near, self._far = socket.socketpair()
        self._exchange, self.asked = [*GREETING, *exchange], list[str]()
        self._leaves = leaves
        if unasked:
            self._far.sendall(unasked)
        self.start()

    def run(self) -> None:
        """Until the exchange is over."""
        for _, answer in self._exchange:
            self.asked.append(self._packet())
            raw = answer.startswith(b"raw:")
            self._far.sendall(answer[4:] if raw else b"+" + framed(answer))
        if self._leaves:
            self._far.recv(1)  # that the last answer has come
        while not self._leaves and (more := self._far.recv(100)):
            self.asked.append(more.decode("latin-1"))
        self._far.close()

    def _packet(self) -> str:
        data = b""
        while b"#" not in data or len(data.partition(b"#")[2]) < 2:
            part = self._far.recv(1)
            if not part:
                break
            data += part
            if part == b"\x03":
                return "\x03"
        return data[data.rfind(b"$") + 1 :].partition(b"#")[0].decode()


@pytest.fixture
def made() -> Iterator[list[Stub]]:
    """Stubs that are closed afterwards."""
    stubs: list[Stub] = []
    yield stubs
    for each in stubs:
        each.near.close()
        each.join(5)


def _gdb(
    made: list[Stub], exchange: Exchange, unasked: bytes = b"", leaves: bool = False
) -> tuple[Gdb, Stub]:
    stub = Stub(exchange, unasked, leaves)
    made.append(stub)
    return Gdb(stub.near, 10), stub


def test_the_packet_that_comes_unasked_is_no_answer(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("m1000,8", b"0102030405060708")], framed(b"T05thread:01;"))
    gdb._selected = 0
    assert gdb.word(0, 0x1000) == 0x0807060504030201


def test_memory_is_read_as_the_cpu_that_was_asked_for_sees_it(made: list[Stub]) -> None:
    exchange = [("Hg2", b"OK"), ("m10,2", b"0100"), ("m20,2", b"0200"), ("Hg1", b"OK"),
                ("m10,2", b"0300")]  # fmt: skip
    gdb, stub = _gdb(made, exchange)
    assert [gdb.word(1, 0x10, 2), gdb.word(1, 0x20, 2), gdb.word(0, 0x10, 2)] == [1, 2, 3]
    assert stub.asked[2:7] == [each[0] for each in exchange]


def test_much_memory_is_read_in_pieces(made: list[Stub]) -> None:
    exchange = [("Hg1", b"OK"), ("m0,800", b"00" * 2048), ("m800,10", b"11" * 16)]
    gdb, stub = _gdb(made, exchange)
    assert gdb.read(0, 0, 2064) == bytes(2048) + b"\x11" * 16
    assert stub.asked[3:5] == ["m0,800", "m800,10"]


def test_memory_that_is_not_there(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("Hg1", b"OK"), ("m5,1", b"E14")])
    with pytest.raises(ValueError, match="nothing can be read at 0x5"):
        gdb.read(0, 5, 1)


def test_runs_are_written_out(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("Hg1", b"OK"), ("m0,8", b"0**ff")])
    assert gdb.read(0, 0, 8) == bytes(7) + b"\xff"


def test_a_damaged_packet_is_asked_for_again(made: list[Stub]) -> None:
    damaged = b"raw:+$OK#00" + framed(b"OK")
    gdb, stub = _gdb(made, [("Z1,10,1", damaged)])
    gdb.insert(0x10)
    stub.near.close()
    stub.join(5)
    assert "-" in "".join(stub.asked[3:])


def test_registers_by_name(made: list[Stub]) -> None:
    values = b"".join(number.to_bytes(8, "little") for number in range(17)) + b"\x46\x02\0\0"
    gdb, _ = _gdb(made, [("Hg1", b"OK"), ("g", values.hex().encode())])
    found = gdb.registers(0)
    assert (found["rax"], found["rsp"], found["rip"], found["eflags"]) == (0, 7, 16, 0x246)


def test_one_cpu_runs_and_a_watchpoint_stops_it(made: list[Stub]) -> None:
    exchange = [("Z2,1000,8", b"OK"), ("vCont;c:2", b"T05thread:02;watch:1000;")]
    gdb, _ = _gdb(made, exchange)
    gdb.insert(0x1000, WATCH_WRITE, 8)
    assert gdb.run(2, [1]) == Stop(1, 0x1000)


def test_threads_with_a_process_in_their_name(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("vCont;c", b"T05thread:p01.03;")])
    assert gdb.run(2) == Stop(2)


def test_what_does_not_stop_is_halted(made: list[Stub]) -> None:
    gdb, stub = _gdb(made, [("vCont;c:1", b"raw:+"), ("\x03", b"raw:" + framed(b"T02thread:01;"))])
    assert gdb.run(0.1, [0]) is None
    assert "\x03" in stub.asked


def test_a_stop_at_the_last_moment_is_one(made: list[Stub]) -> None:
    late = b"raw:" + framed(b"T05thread:02;watch:1000;")
    gdb, _ = _gdb(made, [("vCont;c:2", b"raw:+"), ("\x03", late)])
    assert gdb.run(0.1, [1]) == Stop(1, 0x1000)


def test_a_stop_selects_the_cpu_that_stopped(made: list[Stub]) -> None:
    exchange = [("Hg1", b"OK"), ("m10,1", b"01"), ("vCont;c:2", b"T05thread:02;"), ("Hg1", b"OK"),
                ("m10,1", b"02")]  # fmt: skip
    gdb, stub = _gdb(made, exchange)
    assert gdb.word(0, 0x10, 1) == 1
    gdb.run(2, [1])
    assert gdb.word(0, 0x10, 1) == 2
    assert stub.asked[2:7] == [each[0] for each in exchange]


def test_memory_is_written(made: list[Stub]) -> None:
    gdb, stub = _gdb(made, [("Hg2", b"OK"), ("M10,2:0aff", b"OK"), ("M20,1:00", b"E14")])
    gdb.write(1, 0x10, b"\x0a\xff")
    with pytest.raises(ValueError, match="refuses to write 0x20: E14"):
        gdb.write(1, 0x20, b"\0")
    assert stub.asked[3] == "M10,2:0aff"


def test_a_cpu_goes_on_elsewhere_with_its_other_registers(made: list[Stub]) -> None:
    before = bytes(range(140))
    after = before[:128] + (0x1122).to_bytes(8, "little") + before[136:]
    gdb, stub = _gdb(
        made, [("Hg1", b"OK"), ("g", before.hex().encode()), (f"G{after.hex()}", b"OK")]
    )
    gdb.jump(0, 0x1122)
    assert stub.asked[4] == f"G{after.hex()}"


def test_a_stub_that_refuses(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("Z2,10,8", b"E22"), ("Z1,20,1", b"")])
    with pytest.raises(ValueError, match="refuses a stop at 0x10: E22"):
        gdb.insert(0x10, WATCH_WRITE, 8)
    with pytest.raises(ValueError, match="not known"):
        gdb.insert(0x20)


def test_a_guest_that_ends_is_lost(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("vCont;c", b"W00")])
    with pytest.raises(Lost, match="the guest ended"):
        gdb.run(2)


def test_a_stub_that_goes_away_is_lost(made: list[Stub]) -> None:
    gdb, stub = _gdb(made, [], leaves=True)
    stub.join(5)
    with pytest.raises(Lost, match="is gone"):
        gdb.ask("?")


def test_cpus_are_counted(made: list[Stub]) -> None:
    exchange = [("qfThreadInfo", b"m01,02"), ("qsThreadInfo", b"m03"), ("qsThreadInfo", b"l")]
    gdb, _ = _gdb(made, exchange)
    assert gdb.cpus() == 3


def test_after_ctrl_c_the_stub_is_left_alone(made: list[Stub]) -> None:
    gdb, _ = _gdb(made, [("Z1,10,1", b"OK"), ("vCont;c:1", b"T05thread:01;")])
    with pytest.raises(KeyboardInterrupt), Stops(gdb, [(0x10, BREAKPOINT, 1)]):
        gdb.go([0])  # whose answer nobody waits for
        raise KeyboardInterrupt
    assert gdb.wait(10) == Stop(0), "nothing else was asked meanwhile"


def test_after_anything_else_stops_are_taken_back(made: list[Stub]) -> None:
    gdb, stub = _gdb(made, [("Z1,10,1", b"OK"), ("z1,10,1", b"OK")])
    with pytest.raises(ZeroDivisionError), Stops(gdb, [(0x10, BREAKPOINT, 1)]):
        raise ZeroDivisionError
    assert "z1,10,1" in stub.asked
