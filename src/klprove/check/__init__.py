"""The main job: one question about a text, one program a patched function, one answer over them."""

from klprove.check.answer import Answer, Text
from klprove.check.checking import Progress, check, program
from klprove.check.question import EACH, Question

__all__ = ["EACH", "Answer", "Progress", "Question", "Text", "check", "program"]
