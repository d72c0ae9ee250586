"""The abstract machine of x86-TSO, written down once more: the oracle of the litmus tests.

Owens, Sarkar, Sewell, "A better x86 memory model: x86-TSO", TPHOLs 2009, section 3.2, figure "the
x86-TSO abstract machine"; Sewell et al., CACM 53(7), 2010, figure 1. A hardware thread has a FIFO
buffer of stores without a bound. A load takes each byte from the newest store to it in the thread's
own buffer, else from memory (the papers have one size only; by byte is what the mixed-size model of
herd, `x86tso-mixed.cat`, allows). A fence and a locked instruction need an empty buffer, and a
locked instruction reads and writes memory at once. Nothing of klprove is used here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Op:
    """One instruction: `store`, `load`, `fence`, `xchg` (locked), `add` (locked), or `inc`: an add
    without a lock prefix. `size` bytes at `addr`; loads and updates fill the next register."""

    kind: str
    addr: int = 0
    value: int = 0
    size: int = 4


Outcome: TypeAlias = tuple[tuple[tuple[int, ...], ...], bytes]
"""Registers of every thread, and memory, when everything has ended and every buffer is empty."""
_Buffer: TypeAlias = tuple[tuple[int, bytes], ...]
_Thread: TypeAlias = tuple[int, tuple[int, ...], _Buffer]


def outcomes(
    threads: Sequence[Sequence[Op]], size: int, buffers: bool = True, most: int = 1 << 30
) -> set[Outcome]:
    """Every outcome from a memory of `size` zeros; without `buffers`, under sequential
    consistency. A store waits where `most` are in its buffer."""
    start: tuple[bytes, tuple[_Thread, ...]] = (bytes(size), tuple((0, (), ()) for _ in threads))
    seen, work, found = {start}, [start], set()
    while work:
        memory, states = work.pop()
        if all(at == len(code) and not b for (at, _, b), code in zip(states, threads, strict=True)):
            found.add((tuple(regs for _, regs, _ in states), memory))
        for number, (state, code) in enumerate(zip(states, threads, strict=True)):
            for after, moved in _moves(memory, state, code, most if buffers else 0):
                following = (after, (*states[:number], moved, *states[number + 1 :]))
                if following not in seen:
                    seen.add(following)
                    work.append(following)
    return found


def _moves(
    memory: bytes, state: _Thread, code: Sequence[Op], most: int
) -> list[tuple[bytes, _Thread]]:
    """What one thread can do: drain its oldest store, or its next instruction."""
    at, registers, buffer = state
    found: list[tuple[bytes, _Thread]] = []
    if buffer:
        addr, data = buffer[0]
        found.append((_put(memory, addr, data), (at, registers, buffer[1:])))
    if at == len(code):
        return found
    op = code[at]
    if op.kind == "store":
        data = op.value.to_bytes(op.size, "little")
        if most and len(buffer) < most:
            found.append((memory, (at + 1, registers, (*buffer, (op.addr, data)))))
        elif not most:
            found.append((_put(memory, op.addr, data), (at + 1, registers, ())))
    elif op.kind == "load":
        got = _get(memory, buffer, op)
        found.append((memory, (at + 1, (*registers, got), buffer)))
    elif op.kind == "inc" and most:
        old = _get(memory, buffer, op)
        data = _sum(old, op).to_bytes(op.size, "little")
        if len(buffer) < most:
            found.append((memory, (at + 1, (*registers, old), (*buffer, (op.addr, data)))))
    elif not buffer:
        if op.kind != "fence":
            old = _get(memory, (), op)
            new = op.value if op.kind == "xchg" else _sum(old, op)
            memory = _put(memory, op.addr, new.to_bytes(op.size, "little"))
            registers = (*registers, old)
        found.append((memory, (at + 1, registers, ())))
    return found


def _sum(old: int, op: Op) -> int:
    return (old + op.value) % (1 << 8 * op.size)


def _put(memory: bytes, addr: int, data: bytes) -> bytes:
    return memory[:addr] + data + memory[addr + len(data) :]


def _get(memory: bytes, buffer: _Buffer, op: Op) -> int:
    seen = bytearray(memory)
    for addr, data in buffer:
        seen[addr : addr + len(data)] = data
    return int.from_bytes(seen[op.addr : op.addr + op.size], "little")
