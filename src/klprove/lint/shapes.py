"""The four shapes in which a module says what it patches, one reader for each.

Offsets of the structures' first members are the kernel's include/linux/livepatch.h (v5.1 to v6.12,
where they did not change); what follows these members differs between kernels, so the distance from
one array element to the next is taken from the module itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from iced_x86 import Decoder, Mnemonic, OpKind

from klprove.image.relocatable import Relocatable
from klprove.lint.livepatch import CALLBACKS, VMLINUX, Function, Object, Plan, State
from klprove.lint.pointers import Place, Pointers

_OBJS, _STATES, _REPLACE = 8, 16, 24  # of struct klp_patch
_FUNCS, _FIRST_CALLBACK = 8, 16  # of struct klp_object, and of klp_object_ext
_NEW, _SYMPOS = 8, 16  # of struct klp_func, and of klp_func_ext
_INIT = ("livepatch_mod_init", "init_module")  # of scripts/livepatch/init.c


@dataclass(frozen=True, slots=True)
class _Array:
    places: Sequence[Place]
    stride: int


def read_plan(elf: Relocatable) -> Plan | None:
    """What the module patches; None where it has none of the shapes."""
    pointers = Pointers(elf)
    readers: tuple[Callable[[Pointers], Plan | None], ...] = (_kpatch, _objtool, _structures)
    return next((found for reader in readers if (found := reader(pointers))), None)


def _structures(pointers: Pointers) -> Plan | None:
    """A `klp_patch` in C: samples, SUSE, everything written by hand."""
    for place in _own_module(pointers):
        plan = _patch(pointers, place)
        if plan:
            return plan
    return None


def _own_module(pointers: Pointers) -> Iterator[Place]:
    """Places of pointers to the module itself; a klp_patch begins with one."""
    for section in pointers.elf.sections:
        if section.writable and not section.executable:
            for offset, each in sorted(pointers.table(section.index).items()):
                if each.symbol.name == "__this_module" and not each.addend:
                    yield Place(section.index, offset)


def _patch(pointers: Pointers, place: Place) -> Plan | None:
    first = pointers.follow(place, _OBJS)
    if first is None or not pointers.section(first).writable:
        return None
    objects = _objects(pointers, first)
    if not objects.places:
        return None
    strides: set[int] = set()
    found = []
    for each in objects.places:
        functions = _functions(pointers, pointers.follow(each, _FUNCS))
        strides.add(functions.stride)
        name = pointers.text(pointers.follow(each)) or VMLINUX
        found.append(_object(pointers, each, name, functions.places))
    return Plan(
        "klp_patch in C",
        tuple(found),
        None if _touched(pointers, place, _REPLACE) else bool(pointers.number(place, _REPLACE, 1)),
        _layout(objects.stride, strides),
        tuple(_states(pointers, pointers.follow(place, _STATES))),
    )


def _touched(pointers: Pointers, place: Place, offset: int) -> bool:
    """Code of the module refers to that byte, so it may be set before it is used. On x86-64 what
    is relative counts from the end of the instruction, 4 bytes on, or 5 with a constant."""
    wanted = place.offset + offset
    near = range(wanted - 5, wanted + 1)
    return any(
        found.section == place.section and found.offset in near and found.offset != place.offset
        for section in pointers.elf.sections
        if section.executable
        for each in pointers.table(section.index).values()
        if (found := pointers.target(each))
    )


def _layout(objects: int, functions: set[int]) -> str:
    sizes = [f"{size} bytes an object"] if (size := objects) else []
    sizes += [f"{size} bytes a function" for size in sorted(functions - {0})]
    return "from relocations" + (f": {', '.join(sizes)}" if sizes else "")


def _objects(pointers: Pointers, first: Place) -> _Array:
    """Elements of an array of klp_object: `funcs` points to data, `name` to a string or nowhere."""
    places = []
    for each in pointers.within(first):
        target = pointers.follow(each)
        if target and pointers.section(target).writable and each.offset >= first.offset + _FUNCS:
            places.append(Place(each.section, each.offset - _FUNCS))
    return _regular(first, places)


def _functions(pointers: Pointers, first: Place | None) -> _Array:
    """Elements of an array of klp_func: a string, then code."""
    if first is None:
        return _Array((), 0)
    places = []
    for each in pointers.within(first):
        name, new = pointers.follow(each), pointers.follow(each, _NEW)
        if name and new and pointers.section(new).executable and pointers.text(name):
            places.append(each)
    return _regular(first, places)


def _regular(first: Place, places: Sequence[Place]) -> _Array:
    """As many of `places` as stand at equal distances, beginning with `first`."""
    if not places or places[0] != first:
        return _Array((), 0)
    stride = places[1].offset - first.offset if len(places) > 1 else 0
    kept = [
        each for index, each in enumerate(places) if each.offset == first.offset + index * stride
    ]
    return _Array(kept, stride)


def _object(pointers: Pointers, place: Place, name: str, places: Sequence[Place]) -> Object:
    functions = tuple(_function(pointers, name, each) for each in places)
    return Object(name, functions, _callbacks(pointers, place))


def _function(pointers: Pointers, owner: str, place: Place) -> Function:
    new = pointers.function(pointers.follow(place, _NEW))
    name = pointers.text(pointers.follow(place))
    return Function(owner, name, pointers.number(place, _SYMPOS, 8), new)


def _callbacks(pointers: Pointers, place: Place) -> dict[str, str]:
    found = {}
    for index, kind in enumerate(CALLBACKS):
        function = pointers.function(pointers.follow(place, _FIRST_CALLBACK + 8 * index))
        if function:
            found[kind] = function.name
    return found


def _states(pointers: Pointers, place: Place | None) -> Iterator[State]:
    if place is None:
        return
    for offset in range(0, pointers.end(place) - place.offset, 24):
        number = pointers.number(place, offset, 8)
        if not number:
            return
        yield State(number, pointers.number(place, offset + 8, 4))


def _objtool(pointers: Pointers) -> Plan | None:
    """klp-build, Linux v6.19: klp_object_ext and klp_func_ext, without internal members
    (include/linux/livepatch_external.h, scripts/livepatch/init.c)."""
    elf = pointers.elf
    section = elf.section(".init.klp_objects") or elf.section("__klp_objects")
    if section is None:
        return None
    size, length = 64, 24
    found = []
    for offset in range(0, len(pointers.elf.content(section)) - size + 1, size):
        place = Place(section.index, offset)
        first = pointers.follow(place, _FUNCS)
        name = pointers.text(pointers.follow(place)) or VMLINUX
        places = []
        if first:
            data = pointers.elf.content(pointers.section(first))
            held = max(len(data) - first.offset, 0) // length
            count = min(pointers.number(place, 56, 4), held)
            places = [Place(first.section, first.offset + length * each) for each in range(count)]
        found.append(_object(pointers, place, name, places))
    layout = f"{size} and {length} bytes, fixed"
    return Plan("klp-build (objtool)", tuple(found), _set_by_init(pointers.elf), layout)


def _set_by_init(elf: Relocatable) -> bool | None:
    """Whether the init function that klp-build adds stores 1 to klp_patch.replace, which is zero
    before; it is compiled in or out (KLP_NO_REPLACE). None where that cannot be read."""
    init = next((each for each in elf.symbols if each.name in _INIT and elf.home(each)), None)
    home = elf.home(init) if init else None
    data = elf.piece(home, init.value, init.size) if init and home else b""
    if elf.machine != "x86_64" or not data:
        return None
    return any(
        each.mnemonic == Mnemonic.MOV
        and each.op_kind(0) == OpKind.MEMORY
        and each.op_kind(1) == OpKind.IMMEDIATE8
        and (each.memory_displacement, each.immediate8) == (_REPLACE, 1)
        for each in Decoder(64, data)
    )


def _kpatch(pointers: Pointers) -> Plan | None:
    """kpatch-build: records in .kpatch.funcs, callbacks in sections of their own
    (kpatch-patch.h of dynup/kpatch); the klp structures are made when the module is loaded."""
    section = pointers.elf.section(".kpatch.funcs")
    if section is None:
        return None
    size, name_at, object_at, sympos_at = 56, 40, 48, 32
    found: dict[str, list[Function]] = {}
    for offset in range(0, len(pointers.elf.content(section)) - size + 1, size):
        place = Place(section.index, offset)
        owner = pointers.text(pointers.follow(place, object_at)) or VMLINUX
        new = pointers.function(pointers.follow(place))
        name = pointers.text(pointers.follow(place, name_at)) or (new.name if new else "")
        sympos = pointers.number(place, sympos_at, 8)
        found.setdefault(owner, []).append(Function(owner, name, sympos, new))
    callbacks: dict[str, dict[str, str]] = {}
    for kind in CALLBACKS:
        _kpatch_callbacks(pointers, kind, callbacks)
    owners = dict.fromkeys([*found, *callbacks])
    return Plan(
        "kpatch-build",
        tuple(Object(each, tuple(found.get(each, ())), callbacks.get(each, {})) for each in owners),
        None,
        f"records of {size} bytes in .kpatch.funcs",
    )


def _kpatch_callbacks(pointers: Pointers, kind: str, into: dict[str, dict[str, str]]) -> None:
    section = pointers.elf.section(f".kpatch.callbacks.{kind}")
    if section is None:
        return
    for offset in range(0, len(pointers.elf.content(section)), 16):
        place = Place(section.index, offset)
        function = pointers.function(pointers.follow(place))
        if function:
            owner = pointers.text(pointers.follow(place, 8)) or VMLINUX
            into.setdefault(owner, {})[kind] = function.name
