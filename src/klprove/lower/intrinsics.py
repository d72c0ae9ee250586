# SPDX-License-Identifier: GPL-2.0-or-later
"""The functions of klprove.h that have no body, and the compiler's own."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from klprove.c import Node
from klprove.c.types import Pointer, leaves
from klprove.ir.expressions import Const
from klprove.ir.instructions import (
    GHOST,
    LOCKED,
    PLAIN,
    WORD,
    Assume,
    Atomic,
    Await,
    Check,
    Choose,
    CmpXchg,
    Fence,
    Free,
    Halt,
    IrqGet,
    IrqSet,
    Reach,
    Report,
    Rmw,
    UnmaskNmi,
    Warned,
    Yield,
)
from klprove.ir.types import I32, U64, Int
from klprove.lower.dispatch import Run, number, refusal, rvalue
from klprove.lower.memory import after_read, convert_index, read, write
from klprove.lower.places import check_index
from klprove.lower.values import (
    LocalAddr,
    Value,
    binary,
    condition,
    convert,
    negation,
    pointer,
    scalar,
    select,
    truth,
)
from klprove.source import plain

Intrinsic: TypeAlias = Callable[[Run, Node, Sequence[Node]], Value | None]

_TABLE: dict[str, Intrinsic] = {}


def find(name: str) -> Intrinsic | None:
    """The rule for calls of `name`, if it is one of ours."""
    return _TABLE.get(name)


def _intrinsic(*names: str) -> Callable[[Intrinsic], Intrinsic]:
    def register(rule: Intrinsic) -> Intrinsic:
        _TABLE.update(dict.fromkeys(names, rule))
        return rule

    return register


def _no_step(run: Run, node: Node, what: str) -> None:
    """Refuse something that is a step of its own inside a step."""
    if run.fused:
        raise refusal(
            "unsupported", node, f"{what} inside a ghost function, an await or a property"
        )


# The CPU


@_intrinsic("smp_processor_id")
def _processor_id(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    return Const(run.cpu, I32)


@_intrinsic("__klprove_this_cpu")
def _this_cpu(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    address = rvalue(run, arguments[0])
    return binary("add", address, pointer(run.cpu * run.world.layout.stride))


@_intrinsic("__klprove_per_cpu")
def _per_cpu(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    address = rvalue(run, arguments[0])
    cpu = run.keep(convert_index(rvalue(run, arguments[1])), node, "cpu")
    check_index(run, cpu, run.world.cpus, node)
    distance = binary("mul", convert(cpu, U64), pointer(run.world.layout.stride))
    return binary("add", address, distance)


@_intrinsic("local_irq_disable", "local_irq_enable")
def _irq_set(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    _no_step(run, node, "a change of the interrupt flag")
    enabled = node.children[0].bare.name.endswith("enable")
    run.builder.emit(IrqSet(Const(int(enabled), I32), run.site(node)))


@_intrinsic("__klprove_irq_save")
def _irq_save(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    _no_step(run, node, "a change of the interrupt flag")
    flags = run.temporary(U64, "flags")
    run.builder.emit(IrqGet(flags.name, run.site(node)))
    run.builder.emit(IrqSet(Const(0, I32), run.site(node)))
    return flags


@_intrinsic("__klprove_irq_restore")
def _irq_restore(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    _no_step(run, node, "a change of the interrupt flag")
    flags = truth(rvalue(run, arguments[0]))
    run.builder.emit(IrqSet(flags, run.site(node)))


@_intrinsic("irqs_disabled")
def _irqs_disabled(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    flag = run.temporary(I32, "enabled")
    run.builder.emit(IrqGet(flag.name, run.site(node)))
    return negation(flag)


@_intrinsic("iret_reenables_nmi")
def _unmask(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    _no_step(run, node, "an iret")
    run.builder.emit(UnmaskNmi(run.site(node)))


@_intrinsic("schedule")
def _schedule(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    _no_step(run, node, "schedule()")
    if run.is_interrupt:
        text = "schedule() in an interrupt"
        run.builder.emit(Check(Const(0, I32), "assert", text, run.site(node)))
        return
    run.builder.emit(Yield(run.site(node)))


@_intrinsic("smp_mb")
def _fence(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    """No step where memory is sequentially consistent."""
    if run.world.options.fences and not run.ghosts:
        run.builder.emit(Fence(run.site(node)))


@_intrinsic("smp_rmb", "smp_wmb", "barrier")
def _barrier(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    """No step: loads and stores take effect in order among themselves, also on x86."""


# Atomic operations

_LOCAL = "__klprove_cpu_"
"""How the names begin of those that are one instruction, and so atomic towards their own CPU, but
without a lock prefix."""


def _order(run: Run, node: Node) -> str:
    if run.ghosts:
        return GHOST
    return PLAIN if node.children[0].bare.name.startswith(_LOCAL) else LOCKED


@_intrinsic("__klprove_xchg", "__klprove_add", "__klprove_and", "__klprove_or", "__klprove_xor")
@_intrinsic(*(_LOCAL + op for op in ("xchg", "add", "and", "or")))
def _update(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    op = node.children[0].bare.name.rpartition("_")[2]
    address = rvalue(run, arguments[0])
    ty = _width(run, arguments[1])
    value = convert(rvalue(run, arguments[2]), ty)
    if isinstance(address, LocalAddr):
        old = run.keep(read(run, address, ty, node), node)
        write(run, address, value if op == "xchg" else binary(op, old, value), ty, node)
        return convert(old, U64)
    result = run.temporary(ty, "old")
    at, fused, order = run.site(node), run.fused > 0, _order(run, node)
    run.builder.emit(Rmw(op, result.name, address, scalar(value), ty, fused, at, order))
    after_read(run, address, node)
    return convert(result, U64)


@_intrinsic("__klprove_cmpxchg", _LOCAL + "cmpxchg")
def _cmpxchg(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    address = rvalue(run, arguments[0])
    ty = _width(run, arguments[1])
    expected = run.settle(convert(rvalue(run, arguments[2]), ty), node)
    value = run.settle(convert(rvalue(run, arguments[3]), ty), node)
    if isinstance(address, LocalAddr):
        old = run.keep(read(run, address, ty, node), node)
        new = select(binary("eq", old, expected), value, old)
        write(run, address, new, ty, node)
        return convert(old, U64)
    result = run.temporary(ty, "old")
    at, fused, order = run.site(node), run.fused > 0, _order(run, node)
    old, new = scalar(expected), scalar(value)
    run.builder.emit(CmpXchg(result.name, address, old, new, ty, fused, at, order))
    after_read(run, address, node)
    return convert(result, U64)


def _width(run: Run, node: Node) -> Int:
    size = rvalue(run, node)
    if not isinstance(size, Const) or size.value not in (1, 2, 4, 8):
        raise refusal("unsupported", node, "an atomic operation on something that is no integer")
    return Int(size.value * 8, False)


@_intrinsic("__klprove_kfree")
def _kfree(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    address = rvalue(run, arguments[0])
    if isinstance(address, LocalAddr):
        raise refusal("memory", node, f"kfree() of local '{address.object.name}'")
    size = rvalue(run, arguments[1])
    if not isinstance(size, Const):
        raise refusal("unsupported", node, "kfree() of an unknown size")
    run.builder.emit(Free(address, size.value, run.fused > 0, run.site(node)))


# Choice and blocking


@_intrinsic("choose")
def _choose(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    _no_step(run, node, "choose()")
    count = rvalue(run, arguments[0])
    if not isinstance(count, Const) or count.value < 1:
        hint = "write a positive constant, and assume() what must hold"
        raise refusal("unsupported", node, "choose() among a number that is not constant", hint)
    if count.value == 1:
        return Const(0, I32)
    result = run.temporary(I32, "choice")
    run.builder.emit(Choose(result.name, count.value, run.site(node)))
    return result


@_intrinsic("__klprove_assume")
def _assume(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    cond = condition(rvalue(run, arguments[0]))
    if not (isinstance(cond, Const) and cond.value):
        run.builder.emit(Assume(cond, run.site(node)))


@_intrinsic("__klprove_await")
def _await(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    _no_step(run, node, "an await")
    builder, at = run.builder, run.site(node)
    mark = len(builder.instrs)
    builder.emit(Atomic(at))
    changes = builder.changes
    with run.fusing():
        cond = condition(rvalue(run, arguments[0]))
    if builder.changes != changes or not isinstance(cond, Const):
        builder.emit(Await(cond, at))
        return
    if builder.alive:
        builder.undo(mark)
        if not cond.value:
            builder.end(Halt(at))


# Properties


@_intrinsic("__klprove_assert")
def _assert(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    cond = condition(rvalue(run, arguments[0]))
    if not (isinstance(cond, Const) and cond.value):
        run.builder.emit(Check(cond, "assert", _text(arguments[1]), run.site(node)))


@_intrinsic("__builtin_unreachable", "__builtin_trap")
def _unreachable(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    name = node.children[0].bare.name
    run.builder.emit(Check(Const(0, I32), "assert", f"{name}()", run.site(node)))


@_intrinsic("__klprove_warned")
def _warned(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    run.builder.emit(Warned(_text(arguments[0]), run.site(node)))
    if run.world.on_warn is not None:
        run.ghost(run.world.on_warn, node)


@_intrinsic("__klprove_reach")
def _reach(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    if not run.is_property:
        run.builder.emit(Reach(_text(arguments[0]), run.site(node)))


@_intrinsic("finding")
def _finding(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    run.builder.emit(Report(_text(arguments[0]), run.site(node)))


@_intrinsic("__klprove_word")
def _word(run: Run, node: Node, arguments: Sequence[Node]) -> None:
    run.builder.emit(Report(WORD + _text(arguments[0]), run.site(node)))


def _text(node: Node) -> str:
    text = node.bare.text
    if text is None:
        raise refusal(
            "unsupported", node, "a text that is not a string literal", 'write "..." here'
        )
    return plain(text)


# The compiler's own


@_intrinsic("__builtin_expect")
def _expect(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    return rvalue(run, arguments[0])


@_intrinsic("__builtin_constant_p")
def _constant_p(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    return Const(int(arguments[0].constant is not None), I32)


@_intrinsic("memset", "__builtin_memset")
def _memset(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    target, value, size = arguments
    address = run.keep(rvalue(run, target), node, "address")
    byte = convert(number(run, value), Int(8, False))
    if not isinstance(byte, Const):
        raise refusal("unsupported", node, "memset() to a value that is not constant")
    for offset, ty in _chunks(run, target, size):
        filled = int.from_bytes(bytes([byte.value]) * ty.size, "little")
        write(run, binary("add", address, pointer(offset)), Const(filled, ty), ty, node)
    return address


@_intrinsic("memcpy", "__builtin_memcpy", "memmove", "__builtin_memmove")
def _memcpy(run: Run, node: Node, arguments: Sequence[Node]) -> Value:
    target, source, size = arguments
    to = run.keep(rvalue(run, target), node, "to")
    begin = run.keep(rvalue(run, source), node, "from")
    for offset, ty in _chunks(run, target, size):
        value = read(run, binary("add", begin, pointer(offset)), ty, node)
        write(run, binary("add", to, pointer(offset)), value, ty, node)
    return to


def _chunks(run: Run, target: Node, size: Node) -> list[tuple[int, Int]]:
    """Offsets and types of the scalars in the first `size` bytes of what `target` points to."""
    count = rvalue(run, size)
    pointed = target.bare.type
    if not isinstance(count, Const) or count.value > 512:
        raise refusal(
            "unsupported", size, "a copy whose size is not a small constant", "write a loop"
        )
    inner = pointed.target if isinstance(pointed, Pointer) else pointed
    found = [(offset, Int(ty.bits, False)) for offset, ty, _ in leaves(inner)]
    if inner.size != count.value or not found:
        found = [(offset, Int(8, False)) for offset in range(count.value)]
    return found
