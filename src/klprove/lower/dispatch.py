# SPDX-License-Identifier: GPL-2.0-or-later
"""Lowering one context or property: its state, and which rule lowers which kind of node.

The rules register themselves here (`@expression("CALL_EXPR")`), so that statements, expressions and
calls can call one another through this module and none of them imports another.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from klprove.c import FunctionDecl, Node
from klprove.c.types import Integer, Pointer, Record, Refused
from klprove.ir.expressions import Const, Convert, Expr, Reg, registers, type_of
from klprove.ir.instructions import Set, Site
from klprove.ir.types import Int
from klprove.lower.builder import Builder
from klprove.lower.usage import Usage
from klprove.lower.values import (
    ZERO,
    LocalAddr,
    LocalObject,
    NotScalar,
    Place,
    Value,
    condition,
    scalar,
)
from klprove.lower.world import World
from klprove.source import Diagnostic, Span

DEEPEST = 250


class Refusal(Exception):
    """A construct outside the language; the rest of its statement is given up."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic.text if diagnostic else "refused before")
        self.diagnostic = diagnostic
        """What to say; None where it has been said."""


@dataclass
class Frame:
    """One inlined call."""

    function: FunctionDecl
    calls: tuple[str, ...]
    usage: Usage
    exit: int
    """Label behind the inlined body."""
    names: dict[int, Value | LocalObject] = field(default_factory=dict)
    """Parameters and locals: bound to a value for good, or held in registers."""
    labels: dict[str, int] = field(default_factory=dict)
    breaks: list[int] = field(default_factory=list)
    continues: list[int] = field(default_factory=list)
    cases: list[dict[int, int]] = field(default_factory=list)
    """Of each switch around the statement: the label of each case, by id() of its node."""
    result: LocalObject | None = None
    returns: list[tuple[int, Value | Place | None]] = field(default_factory=list)
    """Of each return: the number of instructions before it, and its value."""
    sites: dict[int, Site] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    """Keys of the locals whose declaration is refused: their uses are not, a second time."""
    depth: int = 0
    """How deep in an expression we are."""


class Run:
    """The lowering of one context or property."""

    def __init__(
        self, world: World, cpu: int | None, ghost: "Callable[[Run, FunctionDecl, Node], None]"
    ) -> None:
        self.world = world
        self._ghost = ghost
        self._cpu = cpu
        self.uses_cpu = False
        self.is_property = False
        self.is_interrupt = False
        self.builder = Builder()
        self.frames: list[Frame] = []
        self.fused = 0
        """How many ghost functions and awaits we are in: memory accesses are no steps there."""
        self.ghosts = 0
        """How many ghost functions we are in."""
        self.stable: set[str] = set()
        """Registers set in one place only, before all their uses."""
        self.kept: set[str] = set()
        """Those of them that stand for a variable: their name must not change."""
        self.limits: list[Site] = []
        self.entered: set[str] = set()
        """Functions at whose entry a livepatch would act."""
        self.is_refused = False
        """True once something has been given up: the graph has holes."""

    @property
    def frame(self) -> Frame:
        """The innermost call."""
        return self.frames[-1]

    @property
    def cpu(self) -> int:
        """The CPU on which the code runs."""
        self.uses_cpu = True
        return self._cpu or 0

    def site(self, node: Node) -> Site:
        """Where `node` stands, and in which calls."""
        if not self.frames:
            return Site(node.span, ())
        frame = self.frame
        known = frame.sites.get(id(node))
        if known is None:
            known = frame.sites[id(node)] = Site(node.span, frame.calls)
        return known

    def temporary(self, ty: Int, name: str = "t") -> Reg:
        """A new register that will be set once."""
        register = self.builder.register(name, ty)
        self.stable.add(register)
        return Reg(register, ty)

    def keep(self, value: Value, node: Node, name: str = "t") -> Value:
        """`value`, in a register of its own unless nothing can change it."""
        if self.is_stable(value):
            self.kept.update(each.name for each in _registers(value))
            return value
        plain = scalar(value)
        kept = self.temporary(type_of(plain), name)
        self.builder.emit(Set(kept.name, plain, self.site(node)))
        return kept

    def settle(self, value: Value, node: Node) -> Value:
        """`value`, in a register of its own if what runs next may change it."""
        if isinstance(value, LocalAddr) or all(r.name in self.stable for r in registers(value)):
            return value
        return self.keep(value, node)

    def is_stable(self, value: Value) -> bool:
        """True where `value` is a constant, or a register that will not be set again."""
        match value:
            case Const() | LocalAddr():
                return True
            case Reg(name=name):
                return name in self.stable
            case Convert(arg=arg):
                return self.is_stable(arg)
        return False

    def is_patched(self, function: FunctionDecl, caller: str = "") -> bool:
        """True where __fentry__ runs at the entry of `function`, which `caller` calls here."""
        name, options = function.name, self.world.options
        if self.fused or f"{caller}:{name}" in options.inlined:
            return False
        self.entered.add(name)
        return name in options.patched

    def ghost(self, function: FunctionDecl, node: Node) -> None:
        """Run ghost `function`, which takes no arguments, inside the step under way."""
        self._ghost(self, function, node)

    @contextmanager
    def fusing(self) -> Iterator[None]:
        """Memory accesses inside belong to the step under way."""
        self.fused += 1
        try:
            yield
        finally:
            self.fused -= 1

    def catch(self, node: Node, action: Callable[[], object]) -> None:
        """Do `action`; what is refused in it is noted, and the lowering goes on behind it."""
        depth, fused, ghosts = len(self.frames), self.fused, self.ghosts
        try:
            try:
                action()
            except NotScalar as leak:
                raise address_refusal(node, str(leak)) from None
        except Refusal as refused:
            if refused.diagnostic is not None:
                self.world.note(refused.diagnostic)
            self.is_refused = True
            del self.frames[depth:]
            self.fused, self.ghosts = fused, ghosts
            self.builder.alive = True


def _registers(value: Value) -> Iterator[Reg]:
    return iter(()) if isinstance(value, LocalAddr) else registers(value)


def refusal(code: str, where: Node | Span, text: str, hint: str = "") -> Refusal:
    """What to raise to give up the statement at `where`."""
    span = where.span if isinstance(where, Node) else where
    return Refusal(Diagnostic(code, span, text, hint))


def address_refusal(node: Node | Span, name: str) -> Refusal:
    """Where the address of local `name` would become a number."""
    plain = name.split(".")[0]
    hint = f"make '{plain}' static, or __percpu at file scope"
    return refusal("address", node, f"the address of local '{plain}' leaves its function", hint)


Rule = Callable[[Run, Node], Value]
PlaceRule = Callable[[Run, Node], Place]
StatementRule = Callable[[Run, Node], None]

_EXPRESSIONS: dict[str, Rule] = {}
_PLACES: dict[str, PlaceRule] = {}
_STATEMENTS: dict[str, StatementRule] = {}


def expression(*kinds: str) -> Callable[[Rule], Rule]:
    """Register the rule that gives the value of expressions of `kinds`."""

    def register(rule: Rule) -> Rule:
        _EXPRESSIONS.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def lvalue(*kinds: str) -> Callable[[PlaceRule], PlaceRule]:
    """Register the rule that finds the place of expressions of `kinds`."""

    def register(rule: PlaceRule) -> PlaceRule:
        _PLACES.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def statement(*kinds: str) -> Callable[[StatementRule], StatementRule]:
    """Register the rule that lowers statements of `kinds`."""

    def register(rule: StatementRule) -> StatementRule:
        _STATEMENTS.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def rvalue(run: Run, node: Node) -> Value:
    """The value of an expression; of one without a value, 0."""
    if not run.builder.alive:
        return zero(node)
    rule = _EXPRESSIONS.get(node.form)
    if rule is None:
        raise kind_refusal(node)
    _check_type(run, node)
    if not run.frames:
        return rule(run, node)
    frame = run.frame
    if frame.depth > DEEPEST:
        text = f"an expression of more than {DEEPEST} operators inside one another"
        raise refusal("large", node, text, "assign parts of it to variables")
    frame.depth += 1
    try:
        return rule(run, node)
    finally:
        frame.depth -= 1


def number(run: Run, node: Node) -> Expr:
    """The value of an expression that must be a number, no address of a local."""
    value = rvalue(run, node)
    try:
        return scalar(value)
    except NotScalar as leak:
        raise address_refusal(node, str(leak)) from None


def place(run: Run, node: Node) -> Place:
    """The place of an lvalue, or of the temporary that holds a struct."""
    rule = _PLACES.get(node.form)
    if rule is None:
        raise kind_refusal(node)
    _check_type(run, node)
    return rule(run, node)


def _check_type(run: Run, node: Node) -> None:
    if isinstance(node.type, Refused):
        if run.frames and node.target is not None and node.target.key in run.frame.refused:
            raise Refusal(None)
        raise type_refusal(node, node.type)


def has_place(node: Node) -> bool:
    """True where place() has a rule for expressions like `node`."""
    return node.form in _PLACES


def lower_statement(run: Run, node: Node) -> None:
    """Lower a statement, or an expression for its effects."""
    rule = _STATEMENTS.get(node.kind)
    if rule is not None:
        run.catch(node, lambda: rule(run, node))
    elif run.builder.alive:
        if isinstance(node.type, Record):
            run.catch(node, lambda: place(run, node))
        else:
            run.catch(node, lambda: rvalue(run, node))


def skipped(run: Run, node: Node) -> bool:
    """True for a statement that cannot be reached, not even by a jump into it."""
    return not run.builder.alive and id(node) not in run.frame.usage.labelled


def zero(node: Node) -> Value:
    """The value of an expression that is never evaluated."""
    return Const(0, node.type.ty) if isinstance(node.type, Integer | Pointer) else ZERO


_REFUSED = {
    "ASM_STMT": ("assembly", "inline assembly", "write what it does in C"),
    "MS_ASM_STMT": ("assembly", "inline assembly", "write what it does in C"),
    "FLOATING_LITERAL": ("float", "floating point", "count in integers"),
    "ADDR_LABEL_EXPR": ("unsupported", "the address of a label", "use a switch"),
    "INDIRECT_GOTO_STMT": ("unsupported", "a computed goto", "use a switch"),
    "VA_ARG_EXPR": ("unsupported", "variable arguments", "give the function fixed parameters"),
}


def kind_refusal(node: Node) -> Refusal:
    """Of a kind of node that there is no rule for."""
    if isinstance(node.type, Refused):
        return type_refusal(node, node.type)
    text = f"{node.kind.lower().replace('_', ' ')} is not in the language"
    code, text, hint = _REFUSED.get(node.kind, ("unsupported", text, ""))
    return refusal(code, node, text, hint)


def type_refusal(node: Node, ctype: Refused) -> Refusal:
    """Of something whose type is outside the language."""
    if ctype.code == "float":
        return refusal("float", node, f"floating point (type '{ctype.text}')", "count in integers")
    if ctype.code == "vla":
        return refusal(
            "vla", node, "a variable-length array", "give it a constant number of elements"
        )
    return refusal("unsupported", node, f"type '{ctype.text}' is not in the language")


def branch_on(run: Run, value: Value, then: int, other: int, node: Node) -> None:
    """Go to `then` where `value` is not zero, else to `other`."""
    run.builder.branch(condition(value), then, other, run.site(node))
