# SPDX-License-Identifier: GPL-2.0-or-later
"""klprove: a model checker for livepatch handlers and nested kernel contexts.

    >>> import klprove
    >>> klprove.check("model.c").word

What is public is in `__all__`; docs/api.md describes it.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klprove.api import Options, check, question
    from klprove.check.answer import Answer
    from klprove.check.checking import Progress
    from klprove.check.question import Question
    from klprove.report import render
    from klprove.source import BadInput, Diagnostic, Span, Unavailable
    from klprove.verdict import Access, Bounds, Event, Finding, Statistics, Trace, Verdict

__version__ = "0.1.0"

__all__ = [
    "Access",
    "Answer",
    "BadInput",
    "Bounds",
    "Diagnostic",
    "Event",
    "Finding",
    "Options",
    "Progress",
    "Question",
    "Span",
    "Statistics",
    "Trace",
    "Unavailable",
    "Verdict",
    "check",
    "question",
    "render",
]

_ROOMS = {
    **dict.fromkeys(("Options", "question"), "api"),
    **dict.fromkeys(("Answer", "Progress", "Question"), "check"),
    **dict.fromkeys(("BadInput", "Diagnostic", "Span", "Unavailable"), "source"),
    "render": "report",
}
"""Where a public name is from; what is not here is from `verdict`."""


def __getattr__(name: str) -> Any:
    # Late: whoever wants the version, or one room, does not wait for libclang.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'verdict')}"), name)


class _Package(ModuleType):
    """This package. `klprove.check` is the function; a room of it is called so too, and the import
    system would put that in its place whenever the room is loaded first."""

    @property
    def check(self) -> Any:
        """The function of `klprove.api`."""
        return import_module(f"{__name__}.api").check

    @check.setter
    def check(self, room: ModuleType) -> None:
        """The room stays where imports find it, in sys.modules."""


sys.modules[__name__].__class__ = _Package
