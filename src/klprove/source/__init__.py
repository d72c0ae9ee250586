"""Where things stand in the user's files, and how we complain about them."""

from klprove.source.diagnostic import CODES, BadInput, Diagnostic
from klprove.source.span import NOWHERE, Span

__all__ = ["CODES", "NOWHERE", "BadInput", "Diagnostic", "Span"]
