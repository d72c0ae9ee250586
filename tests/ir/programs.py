"""Hypothesis strategies: any program whatever, sound or not, and the parts it is made of."""

from hypothesis import strategies as st

from klprove import ir
from klprove.ir.expressions import ARITHMETIC, COMPARISONS, UNARY
from klprove.ir.instructions import ORDERS
from klprove.ir.printer import BARE
from klprove.source import NOWHERE, Span

TYPES = st.sampled_from(list(ir.BY_NAME.values()))
NAMES = st.sampled_from(["x", "cpu", "i32", "load", "f.x$1", "a b", 'q"\\', "%", ""]) | st.text(
    max_size=4
)
SPANS = st.just(NOWHERE) | st.builds(
    Span, st.sampled_from(["a.c", "v4.12/k-1.c", "a b.c", "é:1;#"]), *(st.integers(0, 99),) * 2
)
SITES = st.builds(ir.Site, SPANS, st.lists(NAMES, max_size=3).map(tuple))
INDEX = st.integers(-1, 999)
WORDS = st.integers(-(1 << 65), 1 << 65)

EXPRESSIONS: st.SearchStrategy[ir.Expr] = st.recursive(
    st.builds(ir.Const, WORDS, TYPES) | st.builds(ir.Reg, NAMES, TYPES),
    lambda inner: (
        st.builds(ir.Unary, st.sampled_from(UNARY), inner, TYPES)
        | st.builds(ir.Binary, st.sampled_from(ARITHMETIC + COMPARISONS), inner, inner, TYPES)
        | st.builds(ir.Convert, inner, TYPES)
        | st.builds(ir.Select, inner, inner, inner, TYPES)
    ),
    max_leaves=8,
)

_E, _B = EXPRESSIONS, st.booleans()
_ORDERS = st.sampled_from(ORDERS)
INSTRUCTIONS: st.SearchStrategy[ir.Instr] = st.one_of(
    st.builds(ir.Load, NAMES, _E, TYPES, _B, SITES),
    st.builds(ir.Store, _E, _E, TYPES, _B, SITES, _ORDERS),
    st.builds(
        ir.Rmw,
        st.sampled_from(["xchg", "add"]),
        st.none() | NAMES,
        *(_E, _E, TYPES, _B, SITES, _ORDERS),
    ),
    st.builds(ir.CmpXchg, st.none() | NAMES, _E, _E, _E, TYPES, _B, SITES, _ORDERS),
    st.builds(ir.Free, _E, INDEX, _B, SITES),
    st.builds(ir.IrqSet, _E, SITES),
    st.builds(ir.IrqGet, NAMES, SITES),
    st.builds(ir.Choose, NAMES, INDEX, SITES),
    st.builds(ir.Await, _E, SITES),
    st.builds(ir.Set, NAMES, _E, SITES),
    st.builds(ir.Jump, INDEX, SITES),
    st.builds(ir.Branch, _E, INDEX, INDEX, SITES),
    st.builds(ir.Check, _E, NAMES, st.text(), SITES),
    st.builds(ir.Report, NAMES, SITES),
    st.builds(ir.Warned, st.text(), SITES),
    st.builds(ir.Reach, NAMES, SITES),
    st.builds(ir.Assume, _E, SITES),
    st.builds(ir.Limit, st.text(), SITES),
    st.builds(ir.Result, _E, SITES),
    *(st.builds(kind, SITES) for kind in BARE),
)

CODES = st.builds(
    ir.Code,
    st.lists(INSTRUCTIONS, max_size=5).map(tuple),
    st.dictionaries(NAMES, TYPES, max_size=10),
)
CONTENT = st.binary(max_size=20) | st.builds(
    lambda a, n, b: a + bytes(n) + b, st.binary(max_size=9), st.integers(0, 40), st.binary()
)
OBJECTS = st.builds(
    ir.Object,
    name=NAMES,
    addr=WORDS,
    init=CONTENT,
    cpu=st.none() | INDEX,
    leaves=st.lists(st.builds(ir.Leaf, INDEX, TYPES, st.text(max_size=3)), max_size=2).map(tuple),
    readonly=_B,
    granule=INDEX,
)
BUFFERS = st.builds(ir.Buffer, WORDS, INDEX, INDEX, TYPES, TYPES, INDEX, _B)
PROGRAMS = st.builds(
    ir.Program,
    cpus=INDEX,
    objects=st.lists(OBJECTS, max_size=3).map(tuple),
    contexts=st.lists(
        st.builds(ir.Context, st.sampled_from(ir.KINDS) | NAMES, INDEX, NAMES, CODES, SITES),
        max_size=2,
    ).map(tuple),
    properties=st.lists(
        st.builds(ir.Property, NAMES, NAMES, st.none() | INDEX, CODES, SITES), max_size=2
    ).map(tuple),
    wraps=st.lists(st.builds(ir.Wrap, WORDS, TYPES, INDEX), max_size=2).map(tuple),
    witnesses=st.lists(NAMES, max_size=2).map(tuple),
    functions=st.dictionaries(WORDS, NAMES, max_size=2),
    hardware_nmi=_B,
    preempt=_B,
    tso=_B,
    buffers=st.lists(BUFFERS, max_size=2).map(tuple),
)
