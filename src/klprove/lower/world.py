# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lowering of all contexts of a program shares."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from klprove.c import FunctionDecl, Unit
from klprove.lower.layout import Layout, Request, Variable
from klprove.lower.survey import Survey
from klprove.lower.usage import Usage, usage_of
from klprove.source import Diagnostic, Span


@dataclass(frozen=True)
class Options:
    """What to make of a unit."""

    cpus: int | None = None
    """Number of CPUs; by default those that the contexts name."""
    patched: frozenset[str] = frozenset()
    """Functions under a livepatch: __fentry__ runs at their entry."""
    recursion: int = 4
    """How often a function may occur in a chain of calls."""
    outlined: frozenset[str] = frozenset()
    """Inline functions that the compiler left out of line: traceable."""
    inlined: frozenset[str] = frozenset()
    """Functions that the compiler inlined: not traceable; `caller:callee`: one call of a function,
    at which nothing of it is entered."""
    fences: bool = False
    """smp_mb() becomes an instruction, for a memory model in which it matters."""
    until: float | None = None
    """When to give up, on the monotonic clock."""


class OutOfTime(Exception):
    """The time was over before the program was there."""


@dataclass
class World:
    """A unit, its layout, and what has been found wrong with it so far."""

    unit: Unit
    options: Options
    cpus: int
    survey: Survey
    layout: Layout
    initialise: Callable[["World", Variable], bytes]
    """Evaluates the initialiser of a variable."""
    hooks: list[tuple[int, int, FunctionDecl]] = field(default_factory=list)
    """Ranges of addresses whose readers run a ghost function."""
    on_warn: FunctionDecl | None = None
    usages: dict[str, Usage] = field(default_factory=dict)
    """How functions use their locals, as far as somebody has asked."""
    _diagnostics: dict[tuple[str, Span, str], Diagnostic] = field(default_factory=dict)
    _images: dict[int, bytes] = field(default_factory=dict)
    _requests: dict[int, list[Request]] = field(default_factory=dict)
    """What each of `_images` asked of the layout."""

    def note(self, diagnostic: Diagnostic) -> None:
        """Remember a complaint; each is made once, however often its place is inlined."""
        key = (diagnostic.code, diagnostic.span, diagnostic.text)
        self._diagnostics.setdefault(key, diagnostic)

    def hurry(self) -> None:
        """Raise OutOfTime where it is time to give up."""
        if self.options.until is not None and time.monotonic() > self.options.until:
            raise OutOfTime

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Every complaint so far, in the order of files and lines."""
        return sorted(self._diagnostics.values(), key=lambda each: each.span)

    def usage(self, function: FunctionDecl) -> Usage:
        """How `function` uses its locals."""
        known = self.usages.get(function.name)
        if known is None:
            body = function.body
            known = self.usages[function.name] = usage_of(body) if body else Usage()
        return known

    def image(self, variable: Variable) -> bytes:
        """The initial bytes of one copy of `variable`."""
        key = variable.addr
        known = self._images.get(key)
        if known is None:
            # An initialiser that reads the variable itself sees zeroes, not a loop.
            self._images[key] = bytes(variable.size)
            before = len(self.layout.requests)
            known = self._images[key] = self.initialise(self, variable)
            self._requests[key] = self.layout.requests[before:]
        else:  # whoever needs the image needs what it asked for
            self.layout.requests += self._requests.get(key, ())
        return known

    def constant_at(self, addr: int, size: int) -> bytes | None:
        """The bytes at `addr` if a read-only variable or a string holds them."""
        text = self.layout.string_at(addr)
        if text is not None:
            return text[:size] if size <= len(text) else None
        variable = self.layout.variable_at(addr)
        if variable is None or not variable.is_const:
            return None
        offset = addr - variable.addr
        if offset + size > variable.size:
            return None
        return self.image(variable)[offset : offset + size]
