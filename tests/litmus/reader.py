"""Reads a litmus test in the C of herd7, and runs one of its functions on given values.

Only what that C has: lib/CParser.mly, lib/CLexer.mll, lib/stateParser.mly and lib/splitter.mll of
herdtools7, and the macros of linux-kernel.def (Linux 6.1, tools/memory-model). What herd would not
take is a ValueError here. Nothing of klprove is used.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Prop: TypeAlias = Callable[[Mapping[str, int]], bool]
_Expr: TypeAlias = Callable[["Run"], int]
_Step: TypeAlias = Callable[["Run"], None]

_TOKEN = re.compile(r"\s*(?://[^\n]*\s*)*(-?\d+|\w+|==|!=|<=|>=|[-+*/&|^<>=(){},;])")
_HEAD = re.compile(r"C ([\w/.+-]+)\s*\n(?:\s*\(\*(?:(?!\(\*|\*\)).)*\*\))?\s*\{", re.S | re.A)
_STOPS = re.compile(r"\b(final|forall|exists|cases|[oO]bserved|locations|filter)\b")
_RANK = {"|": 1, "^": 2, "&": 3, "+": 5, "-": 5, "*": 6, "/": 6}
_RANK |= dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 4)
_OPS: Mapping[str, Callable[[int, int], int]] = {
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_BARRIERS = {
    "smp_mb",
    "smp_rmb",
    "smp_wmb",
    "barrier",
    "smp_mb__before_atomic",
    "smp_mb__after_atomic",
}


def _nothing(run: "Run") -> None:
    """A barrier: under SC it does nothing."""


@dataclass(frozen=True)
class Event:
    """One access: the variable, the value it reads and the value it writes, or None."""

    place: str
    read: int | None
    written: int | None


class More(Exception):
    """A run needs the value of one more read, of the variable named."""


@dataclass
class Run:
    """A function on the way: its reads take `values` in order."""

    values: Sequence[int]
    events: list[Event] = field(default_factory=list)
    locals: dict[str, int] = field(default_factory=dict)
    taken: int = 0

    def access(self, place: str, written: Callable[[int], int | None] | int | None) -> int:
        """Read `place`, where `written` is no number, and write; what was read."""
        if isinstance(written, int):
            self.events.append(Event(place, None, written))
            return 0
        if self.taken == len(self.values):
            raise More(place)
        value = self.values[self.taken]
        self.taken += 1
        self.events.append(Event(place, value, written(value) if written else None))
        return value


@dataclass(frozen=True)
class Function:
    """One thread."""

    body: Sequence[_Step]

    def run(self, values: Sequence[int]) -> Run:
        """The run whose reads take `values`. Raises More where they are too few."""
        run = Run(values)
        for step in self.body:
            step(run)
        return run


@dataclass(frozen=True)
class Test:
    """A whole litmus test. Names are `x`, or `0:r1` for a local of thread 0."""

    __test__ = False  # not pytest's

    name: str
    initial: Mapping[str, int]
    functions: Sequence[Function]
    words: Sequence[str]
    """Every function and macro called, in order."""
    locations: Sequence[str]
    keeps: Prop
    exists: Prop


def read(text: str) -> Test:
    """The test that `text` holds. Raises ValueError."""
    head = re.match(
        r"C ([A-Za-z0-9_/.+-]+)\s*\n(?:\s*\(\*(?:(?!\(\*|\*\)).)*\*\))?\s*\{", text, re.S
    )
    if head is None:
        raise ValueError("no head")
    initial, _, rest = text[head.end() :].partition("}")
    stop = _STOPS.search(rest)
    if stop is None:
        raise ValueError("no condition")
    parser = _Parser(rest[: stop.start()])
    functions = parser.functions()
    found = re.fullmatch(
        r"(?:locations \[(.*?)\]\s*)?(?:filter \((.*?)\)\s*)?exists \((.*)\)\s*",
        rest[stop.start() :],
        re.S,
    )
    if found is None:
        raise ValueError(f"no such condition: {rest[stop.start() :]}")
    locations = [each.strip() for each in (found[1] or "").split(";") if each.strip()]
    starts = dict(re.findall(r"(\w+)=(-?\d+);", initial))
    return Test(
        head[1],
        {place: int(value) for place, value in starts.items()},
        functions,
        parser.words,
        locations,
        _prop(found[2] or "true"),
        _prop(found[3]),
    )


def _prop(text: str) -> Prop:
    r"""Atoms joined by either /\ or \/."""
    if text == "true":
        return lambda state: True
    every = r"\/" not in text
    atoms = []
    for atom in re.split(r"/\\" if every else r"\\/", text):
        parts = re.fullmatch(r"\s*((?:\d+:)?\w+)=(-?\d+)\s*", atom)
        if parts is None:
            raise ValueError(f"no atom: {atom}")
        atoms.append((parts[1], int(parts[2])))
    joined = all if every else any
    return lambda state: joined(state.get(place, 0) == value for place, value in atoms)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.words: list[str] = []

    def functions(self) -> list[Function]:
        """Every `Pn(…) { … }`, n from 0."""
        found: list[Function] = []
        while self._peek():
            self._expect(f"P{len(found)}")
            self._expect("(")
            shared = set()
            while self._peek() != ")":
                if self._next() not in ("int", "atomic_t"):
                    raise ValueError("a parameter is a pointer to int")
                self._expect("*")
                shared.add(self._next())
                if self._peek() == ",":
                    self._next()
            self._next()
            self._shared = shared
            found.append(Function(self._block()))
        return found

    def _block(self) -> list[_Step]:
        self._expect("{")
        steps = []
        while self._peek() != "}":
            steps.append(self._statement())
        self._next()
        if not steps:
            raise ValueError("an empty block")
        return steps

    def _statement(self) -> _Step:
        word = self._next()
        if word == "if":
            return self._if()
        if word == "int":
            name, value = self._next(), None
            if self._peek() == "=":
                self._next()
                value = self._expr()
            self._expect(";")
            return _set(name, value) if value else lambda run: None
        if word == "*":
            place = self._place()
            self._expect("=")
            written = self._expr()
            self._expect(";")
            return lambda run: void(run.access(place, written(run)))
        if self._peek() == "=":
            self._next()
            step = _set(word, self._expr())
        elif word in _BARRIERS:
            self._arguments(word, 0)
            step = _nothing
        else:
            step = self._procedure(word)
        self._expect(";")
        return step

    def _if(self) -> _Step:
        self._expect("(")
        cond = self._expr()
        self._expect(")")
        then, other = self._block(), []
        if self._peek() == "else":
            self._next()
            other = self._block()

        def step(run: Run) -> None:
            for each in then if cond(run) else other:
                each(run)

        return step

    def _procedure(self, word: str) -> _Step:
        if word == "atomic_add":
            value, place = self._arguments(word, 1, reverse=True)
            return lambda run: void(run.access(place, lambda old: old + value(run)))
        if word == "WRITE_ONCE":
            place, value = self._arguments(word, 1, star=True)
        elif word in ("smp_store_release", "atomic_set"):
            place, value = self._arguments(word, 1)
        else:
            raise ValueError(f"no statement: {word}")
        return lambda run: void(run.access(place, value(run)))

    def _arguments(self, word: str, count: int, star: bool = False, reverse: bool = False) -> Any:
        """A place and `count` values, in parentheses; nothing for a barrier."""
        self.words.append(word)
        self._expect("(")
        found: list[Any] = []
        if word not in _BARRIERS:
            for number in range(count + 1):
                if number:
                    self._expect(",")
                if number == (count if reverse else 0):
                    if star:
                        self._expect("*")
                    found.append(self._place())
                else:
                    found.append(self._expr())
        self._expect(")")
        return found if len(found) != 1 else found[0]

    def _place(self) -> str:
        place = self._next()
        if place not in self._shared:
            raise ValueError(f"{place} is no parameter")
        return place

    def _expr(self, rank: int = 0) -> _Expr:
        left = self._atom()
        while _RANK.get(self._peek(), 0) > rank:
            op = self._next()
            right = self._expr(_RANK[op])
            left = _operation(_OPS[op], left, right)
            if _RANK[op] == 4 and _RANK.get(self._peek(), 0) == 4:
                raise ValueError("comparisons do not associate")
        return left

    def _atom(self) -> _Expr:
        word = self._next()
        if word == "(":
            inner = self._expr()
            self._expect(")")
            return inner
        if re.fullmatch(r"-?\d+", word):
            number = int(word)
            return lambda run: number
        if word == "*":
            place = self._place()
            return lambda run: run.access(place, None)
        if self._peek() != "(":
            if not re.fullmatch(r"[A-Za-z_]\w*", word) or word in self._shared:
                raise ValueError(f"no expression: {word}")
            return lambda run: run.locals[word]
        return self._call(word)

    def _call(self, word: str) -> _Expr:
        if word in ("READ_ONCE", "smp_load_acquire", "atomic_read"):
            place = self._arguments(word, 0, star=word == "READ_ONCE")
            return lambda run: run.access(place, None)
        if word in ("xchg", "atomic_xchg"):
            place, new = self._arguments(word, 1)
            return lambda run: run.access(place, lambda old: new(run))
        if word in ("cmpxchg", "atomic_cmpxchg"):
            place, expected, new = self._arguments(word, 2)
            return lambda run: run.access(
                place, lambda old: new(run) if old == expected(run) else None
            )
        if word == "atomic_fetch_add":
            value, place = self._arguments(word, 1, reverse=True)
            return lambda run: run.access(place, lambda old: old + value(run))
        raise ValueError(f"no function: {word}")

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise ValueError(f"{found!r} where {token!r} should stand")


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            if re.fullmatch(r"\s*(//[^\n]*\s*)*", text[at:]):
                return
            raise ValueError(f"no token: {text[at : at + 20]!r}")
        yield found[1]
        at = found.end()


def _set(name: str, value: _Expr) -> _Step:
    def step(run: Run) -> None:
        run.locals[name] = value(run)

    return step


def _operation(op: Callable[[int, int], int], left: _Expr, right: _Expr) -> _Expr:
    return lambda run: int(op(left(run), right(run)))


def void(value: int) -> None:
    """For a lambda that is a statement."""
