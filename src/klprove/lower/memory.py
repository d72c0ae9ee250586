# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading and writing places: a step in memory, or no step where a register holds the value."""

from klprove.c import Node
from klprove.c.types import Array, CType, Integer, Pointer, leaves
from klprove.ir.expressions import Const, Expr, Reg
from klprove.ir.instructions import GHOST, PLAIN, Load, Set, Store
from klprove.ir.liveness import target
from klprove.ir.types import U64, Int
from klprove.lower.dispatch import Refusal, Run, refusal
from klprove.lower.values import (
    Bits,
    Leaf,
    LocalAddr,
    LocalObject,
    Place,
    Value,
    binary,
    convert,
    pointer,
    scalar,
    truth,
    ty_of,
)


def new_local(run: Run, name: str, ctype: CType) -> LocalObject:
    """A new local: a register for each scalar in it."""
    found = [
        Leaf(offset, run.builder.register(name + path, ty), ty)
        for offset, ty, path in leaves(ctype)
    ]
    return LocalObject(name, ctype.size, found)


def clear(run: Run, local: LocalObject, node: Node) -> None:
    """Every register of `local` becomes 0, also where a loop comes by again."""
    for leaf in local.leaves:
        run.builder.emit(Set(leaf.register, Const(0, leaf.ty), run.site(node)))


def shifted(address: Value, offset: int) -> Value:
    """`address` + `offset` bytes."""
    return binary("add", address, pointer(offset)) if offset else address


def load(run: Run, place: Place, node: Node) -> Value:
    """The value of the scalar at `place`."""
    if not isinstance(place.type, Integer | Pointer):
        raise refusal(
            "unsupported", node, f"a value of type '{place.type.text}' is not in the language"
        )
    if place.bits is None:
        return read(run, place.addr, place.type.ty, node)
    bits = place.bits
    whole = read(run, place.addr, bits.unit, node)
    return _field(whole, bits, place.type.ty)


def _field(whole: Value, bits: Bits, ty: Int) -> Value:
    """The bit-field `bits` of `whole`, as a value of its declared type."""
    top = bits.unit.bits - bits.shift - bits.width
    wide = Int(bits.unit.bits, ty.signed)
    moved = binary("shl", convert(whole, wide), Const(wide.wrap(top), wide))
    moved = binary("shr", moved, Const(bits.unit.bits - bits.width, wide))
    return convert(moved, ty)


def store(run: Run, place: Place, value: Value, node: Node) -> Value:
    """Write `value` to the scalar at `place`; the result is what a read would then give."""
    if not isinstance(place.type, Integer | Pointer):
        raise refusal(
            "unsupported", node, f"a value of type '{place.type.text}' is not in the language"
        )
    ty = place.type.ty
    if place.bits is None:
        new = cast(value, place.type)
        write(run, place.addr, new, ty, node)
        return _read_local(place.addr, ty, node) if isinstance(place.addr, LocalAddr) else new
    bits = place.bits
    new = run.keep(cast(value, place.type), node)
    old = read(run, place.addr, bits.unit, node)
    mask = ((1 << bits.width) - 1) << bits.shift
    rest = binary("and", old, Const(bits.unit.wrap(~mask), bits.unit))
    part = binary("shl", convert(new, bits.unit), Const(bits.shift, bits.unit))
    part = binary("and", part, Const(mask, bits.unit))
    write(run, place.addr, binary("or", rest, part), bits.unit, node)
    return _field(part, bits, ty)


def copy(run: Run, to: Place, source: Place, node: Node) -> None:
    """Copy a struct, scalar by scalar, in the order of its members."""
    for offset, ty, _ in leaves(to.type):
        value = read(run, shifted(source.addr, offset), ty, node)
        write(run, shifted(to.addr, offset), value, ty, node)


def read(run: Run, address: Value, ty: Int, node: Node) -> Value:
    """The integer of type `ty` at `address`."""
    if isinstance(address, LocalAddr):
        return _read_local(address, ty, node)
    if isinstance(address, Const):
        known = run.world.constant_at(address.value, ty.size)
        if known is not None:
            return Const(int.from_bytes(known, "little", signed=ty.signed), ty)
    result = run.temporary(ty, _name(run, address, node))
    run.builder.emit(Load(result.name, address, ty, run.fused > 0, run.site(node)))
    after_read(run, address, node)
    return result


def after_read(run: Run, address: Expr, node: Node) -> None:
    """Run the hooks of the objects that a read of `address` may have seen."""
    if run.fused:
        return
    for low, high, hook in run.world.hooks:
        if isinstance(address, Const):
            if low <= address.value < high:
                run.ghost(hook, node)
            continue
        inside, after = run.builder.label(), run.builder.label()
        at = run.site(node)
        offset = scalar(binary("sub", address, pointer(low)))
        run.builder.branch(scalar(binary("lt", offset, pointer(high - low))), inside, after, at)
        run.builder.place(inside)
        run.ghost(hook, node)
        run.builder.place(after)


def write(run: Run, address: Value, value: Value, ty: Int, node: Node) -> None:
    """Write the integer `value`, converted to `ty`, to `address`."""
    value = convert(value, ty)
    if isinstance(address, LocalAddr):
        _write_local(run, address, value, ty, node)
        return
    order = GHOST if run.ghosts else PLAIN
    run.builder.emit(Store(address, scalar(value), ty, run.fused > 0, run.site(node), order))


def _name(run: Run, address: Expr, node: Node) -> str:
    """A name for what is read: the variable or the member."""
    if node.bare.name.isidentifier():
        return node.bare.name
    if isinstance(address, Const):
        variable = run.world.layout.variable_at(address.value)
        if variable is not None:
            return variable.declaration.name.rpartition(".")[2]
    return "t"


def _read_local(address: LocalAddr, ty: Int, node: Node) -> Value:
    local, offset = address
    if offset in local.bound and ty.bits == 64:
        return local.bound[offset]
    for leaf in local.leaves:
        if leaf.offset == offset and leaf.ty.bits == ty.bits:
            return convert(Reg(leaf.register, leaf.ty), ty)
    wide = Int(ty.bits, False)
    result: Value | None = None
    for leaf in local.leaves:
        if leaf.offset < offset + ty.size and offset < leaf.offset + leaf.ty.size:
            bits = Int(leaf.ty.bits, False)
            part: Value = convert(Reg(leaf.register, leaf.ty), bits)
            if leaf.offset < offset:
                part = binary("shr", part, Const((offset - leaf.offset) * 8, bits))
            part = convert(part, wide)
            if leaf.offset > offset:
                part = binary("shl", part, Const((leaf.offset - offset) * 8, wide))
            result = part if result is None else binary("or", result, part)
    if result is None:
        raise _outside(address, node)
    return convert(result, ty)


def _write_local(run: Run, address: LocalAddr, value: Value, ty: Int, node: Node) -> None:
    local, offset = address
    at = run.site(node)
    for start, held in local.bound.items():
        if start < offset + ty.size and offset < start + 8:
            text = f"the address of local '{held.object.name}' is in '{local.name}', which changes"
            raise refusal("address", node, text, f"do not assign to that member of '{local.name}'")
    for leaf in local.leaves:
        if leaf.offset == offset and leaf.ty.bits == ty.bits:
            _set(run, leaf, convert(value, leaf.ty), node)
            return
    touched = [
        leaf
        for leaf in local.leaves
        if leaf.offset < offset + ty.size and offset < leaf.offset + leaf.ty.size
    ]
    if not touched:
        raise _outside(address, node)
    value = run.keep(convert(value, Int(ty.bits, False)), node)
    for leaf in touched:
        bits = Int(leaf.ty.bits, False)
        start, end = max(leaf.offset, offset), min(leaf.offset + leaf.ty.size, offset + ty.size)
        shift = (start - leaf.offset) * 8
        mask = ((1 << (end - start) * 8) - 1) << shift
        part = binary("shr", value, Const((start - offset) * 8, Int(ty.bits, False)))
        part = binary("shl", convert(part, bits), Const(shift, bits))
        part = binary("and", part, Const(mask, bits))
        old = convert(Reg(leaf.register, leaf.ty), bits)
        rest = binary("and", old, Const(bits.wrap(~mask), bits))
        new = scalar(convert(binary("or", rest, part), leaf.ty))
        run.builder.emit(Set(leaf.register, new, at))


def _set(run: Run, leaf: Leaf, value: Value, node: Node) -> None:
    """Set a register, or let the instruction that has just computed the value set it."""
    plain, builder = scalar(value), run.builder
    if isinstance(plain, Reg) and builder.alive and builder.instrs and plain.ty == leaf.ty:
        last = builder.instrs[-1]
        only_here = plain.name in run.stable and plain.name not in run.kept
        if only_here and target(last) == plain.name and not builder.is_labelled():
            builder.instrs[-1] = last._replace(dst=leaf.register)  # type: ignore[call-arg]
            builder.changes += 1
            return
    builder.emit(Set(leaf.register, plain, run.site(node)))


def _outside(address: LocalAddr, node: Node) -> Refusal:
    text = f"an access at byte {address.offset} of local '{address.object.name}', "
    return refusal("memory", node, text + f"which has {address.object.size} bytes")


def element(run: Run, base: Value, ctype: Array | Pointer, index: Value, node: Node) -> Place:
    """The place of element `index` behind `base`."""
    target = ctype.element if isinstance(ctype, Array) else ctype.target
    scale = pointer(target.size)
    offset = binary("mul", convert(convert_index(index), U64), scale)
    return Place(binary("add", base, offset), target)


def convert_index(index: Value) -> Value:
    """An index as a 64-bit integer, its sign kept."""
    return convert(index, Int(64, ty_of(index).signed))


def cast(value: Value, ctype: CType) -> Value:
    """`value` converted to `ctype`; to void and to structs nothing is converted."""
    if isinstance(ctype, Integer):
        return convert(truth(value) if ctype.boolean else value, ctype.ty)
    return convert(value, ctype.ty) if isinstance(ctype, Pointer) else value
