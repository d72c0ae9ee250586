# SPDX-License-Identifier: GPL-2.0-or-later
"""A unit becomes a program: every context lowered for its CPU, every property, the memory."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from klprove.c import FunctionDecl, Unit
from klprove.c.types import Integer, Pointer, Record
from klprove.ir.expressions import Const
from klprove.ir.instructions import End, Result, Site
from klprove.ir.program import Code, Context, Object, Program, Property, Wrap
from klprove.ir.types import I32
from klprove.lower.calls import call_ghost, inline
from klprove.lower.clean import clean, resolve
from klprove.lower.contexts import ALL, Claim, Role, check_patched, claims, roles
from klprove.lower.dispatch import Refusal, Run, place, refusal, rvalue
from klprove.lower.initialisers import items, put
from klprove.lower.layout import Layout, Variable
from klprove.lower.shared import Kept, Shared
from klprove.lower.spin import goes_on, spins
from klprove.lower.values import NULL, NotScalar, Place, Value, scalar
from klprove.lower.world import Options, OutOfTime, World
from klprove.source import BadInput, Diagnostic

_DEPTH = 30_000


_DEFAULT = Options()


def lower(unit: Unit, options: Options = _DEFAULT, shared: Shared | None = None) -> Program:
    """The program that `unit` describes. Raises BadInput with everything that is refused, OutOfTime
    after `options.until`.

    `shared`: what other programs of `unit` have left, if they were made with the same options. It
    saves time and changes nothing.
    """
    if shared is None or not shared.fits(unit, options):
        shared = Shared(unit, options)
    return _lower(unit, options, shared)


def share(unit: Unit, options: Options) -> Shared:
    """What programs of `unit` have in common that differ in what is patched: lowers it with nothing
    patched. Where that is refused, or takes too long, nothing is kept, and each of them says so."""
    shared = Shared(unit, options)
    try:
        _lower(unit, replace(options, patched=frozenset()), shared, keeping=True)
    except (BadInput, OutOfTime):
        shared.contexts.clear()
    return shared


def _lower(unit: Unit, options: Options, shared: Shared, keeping: bool = False) -> Program:
    bad: list[Diagnostic] = []
    contexts, cpus = roles(unit, options, bad)
    check_patched(unit, options, bad)
    if bad:
        raise BadInput(bad)
    with _deep_recursion():
        try:
            return _program(shared, options, contexts, cpus, keeping)
        except RecursionError:
            text = "expressions or calls are nested too deeply"
            raise BadInput([Diagnostic("large", unit.span(), text)]) from None


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Inlining nests as deep as the calls of the model do. What it makes is kept, so the collector
    of cycles, which would look through it again and again, has a pause."""
    before, collecting = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(before, _DEPTH))
    gc.disable()
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
        if collecting:
            gc.enable()


def _program(
    shared: Shared, options: Options, contexts: list[Role], cpus: int, keeping: bool
) -> Program:
    unit = shared.unit
    properties = claims(unit)
    on_warn = next((f for f in unit.declared.values() if "on_warn" in f.annotations), None)
    roots = [each.function for each in contexts] + [each.function for each in properties]
    roots += [on_warn] if on_warn is not None else []
    entry = unit.declared.get("__fentry__")
    roots += [entry] if entry is not None and (options.patched or keeping) else []
    survey = shared.survey(roots)
    layout = Layout(unit, survey, cpus)
    world = World(unit, options, cpus, survey, layout, initial_bytes, usages=shared.usages)
    world.on_warn = on_warn
    for span in unit.assembly:
        hint = "write what it does in C"
        world.note(Diagnostic("assembly", span, "assembly outside of functions", hint))
    world.hooks = list(_hooks(unit, layout))
    places = [
        (role, cpu) for role in contexts for cpu in (range(cpus) if role.cpu == ALL else [role.cpu])
    ]
    lowered = [_shared_context(shared, world, role, cpu, keeping) for role, cpu in places]
    proved = [each for claim in properties for each in _properties(world, claim)]
    objects, wraps = _memory(world)
    if world.diagnostics:
        raise BadInput(world.diagnostics)
    return Program(
        cpus=cpus,
        objects=tuple(objects),
        contexts=tuple(lowered),
        properties=tuple(proved),
        wraps=tuple(wraps),
        witnesses=tuple(survey.witnesses),
        functions=dict(sorted(layout.functions.items())),
        hardware_nmi="hardware_nmi" in unit.pragmas,
        preempt="preempt" in unit.pragmas,
    )


def _hooks(unit: Unit, layout: Layout) -> Iterator[tuple[int, int, FunctionDecl]]:
    for variable in layout.variables.values():
        for annotation in variable.declaration.annotations:
            word, _, name = annotation.partition(":")
            if word == "on_read" and name in unit.declared:
                for addr in layout.copies(variable):
                    yield addr, addr + variable.size, unit.declared[name]


def _shared_context(shared: Shared, world: World, role: Role, cpu: int, keeping: bool) -> Context:
    """A context, as it was lowered before where that is the same; `keeping`: for others, too."""
    name, patched, layout = role.function.name, world.options.patched, world.layout
    known = shared.context(name, cpu, patched, layout) if patched else None
    if known is not None:
        return known
    asked = len(layout.requests)
    run = Run(world, cpu, call_ghost)
    context = _context(run, role, cpu)
    if keeping:
        requests = tuple(layout.requests[asked:])
        shared.contexts[name, cpu] = Kept(context, frozenset(run.entered), requests)
    return context


def _context(run: Run, role: Role, cpu: int) -> Context:
    function = role.function
    run.is_interrupt = role.kind != "task"
    assert function.definition is not None and function.body is not None
    definition = function.definition
    run.catch(definition, lambda: inline(run, definition, function, []))
    run.builder.end(End(Site(function.body.end, (function.name,))))
    at = Site(definition.span, (function.name,))
    return Context(role.kind, cpu, function.name, _code(run), at)


def _properties(world: World, claim: Claim) -> Iterator[Property]:
    run = _property_run(world, claim, 0)
    at = Site(claim.function.node.span, (claim.function.name,))
    if claim.kind != "balanced" and not run.uses_cpu:
        yield Property(claim.kind, claim.name, None, _code(run), at)
        return
    for cpu in range(world.cpus):
        code = _code(_property_run(world, claim, cpu))
        yield Property(claim.kind, claim.name, cpu, code, at)


def _property_run(world: World, claim: Claim, cpu: int) -> Run:
    run = Run(world, cpu, call_ghost)
    run.is_property, run.fused = True, 1
    function = claim.function
    assert function.definition is not None
    definition = function.definition
    at = Site(definition.span, (function.name,))

    def evaluate() -> None:
        value = inline(run, definition, function, [])
        assert value is None or not isinstance(value, Place)
        run.builder.end(Result(Const(0, I32) if value is None else scalar(value), at))

    run.catch(definition, evaluate)
    return run


def _code(run: Run) -> Code:
    if run.is_refused:
        return Code(())
    instrs = resolve(run.builder)
    for complaint in spins(instrs):
        run.world.note(complaint)
    if run.limits and not goes_on(instrs):
        site = run.limits[0]
        cycle = f"'{site.function}' calls itself, and there is no way out"
        hint = "end the recursion by a condition, or write a loop"
        run.world.note(Diagnostic("recursion", site.span, cycle, hint))
    if run.world.diagnostics:
        return Code(())
    run.world.hurry()
    return clean(run.builder, instrs)


def _memory(world: World) -> tuple[list[Object], list[Wrap]]:
    objects: list[Object] = []
    wraps: list[Wrap] = []
    for variable in world.layout.variables.values():
        if not variable.size or not variable.declaration.is_defined:
            continue
        objects += world.layout.objects(variable, world.image(variable))
        wraps += world.layout.wraps(variable)
    objects += world.layout.string_objects()
    return sorted(objects, key=lambda each: each.addr), wraps


def initial_bytes(world: World, variable: Variable) -> bytes:
    """The bytes that the initialiser of `variable` puts in each copy of it."""
    image = bytearray(variable.size)
    initialiser = variable.declaration.node.initialiser
    if initialiser is None:
        return bytes(image)
    run = Run(world, None, call_ghost)
    run.fused = 1
    try:
        for item in items(variable.type, initialiser):
            value: Value = Const(item.constant or 0, I32)
            if item.constant is None and isinstance(item.type, Record):
                value = place(run, item.node).addr
            elif item.constant is None:
                value = rvalue(run, item.node)
            if run.builder.instrs or not isinstance(value, Const):
                raise refusal("unsupported", item.node, "an initialiser that is not constant")
            if isinstance(item.type, Integer | Pointer):
                put(image, item.place(NULL), value)
            else:
                raise refusal(
                    "unsupported", item.node, "a struct as an initialiser", "write its members"
                )
    except Refusal as refused:
        if refused.diagnostic is not None:
            world.note(refused.diagnostic)
    except NotScalar:
        text = "an initialiser that is not constant"
        world.note(Diagnostic("unsupported", initialiser.span, text))
    return bytes(image)
