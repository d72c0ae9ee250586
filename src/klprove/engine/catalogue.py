# SPDX-License-Identifier: GPL-2.0-or-later
"""What was noticed during a search, each thing once, with the earliest place where it was."""

from dataclasses import dataclass

from klprove.engine.image import FAULTS
from klprove.engine.points import Noted
from klprove.ir.instructions import Check, Limit, Reach, Report, Warned
from klprove.ir.program import Program
from klprove.source import Span
from klprove.verdict import VIOLATION, WARNING


@dataclass(frozen=True, slots=True)
class Notice:
    """A finding without its trace."""

    code: str
    severity: str
    text: str
    span: Span


def notice(program: Program, context: int, noted: Noted) -> Notice | None:
    """The finding behind something noted while `context` ran; None where it is none."""
    what, index, detail = noted
    if what == "unbalanced":
        broken = program.properties[index]
        text = f"{program.contexts[context].name} does not leave {broken.name} as it found it"
        return Notice("unbalanced", VIOLATION, text, broken.at.span)
    instr = program.contexts[context].code.instrs[index]
    match what, instr:
        case "report", Report(code=code, at=at):
            severity = WARNING if code.endswith("-warned") else VIOLATION
            return Notice(code, severity, code, at.span)
        case "warned", Warned(text=text, at=at):
            return Notice("warned", WARNING, f"WARN_ON({text})", at.span)
        case "check", Check(code=code, text=text, at=at):
            return Notice(code, VIOLATION, text, at.span)
        case "fault", _:
            code, text = FAULTS[detail]
            return Notice(code, VIOLATION, text, instr.at.span)
    return None


def bound(program: Program, context: int, noted: Noted) -> str:
    """Why the answer is incomplete because of something noted; empty where it is not."""
    what, index, _ = noted
    instr = program.contexts[context].code.instrs[index] if what in ("limit", "spin") else None
    if isinstance(instr, Limit):
        return f"{instr.text}, at {instr.at.span}"
    if instr is not None:
        return f"a loop that reads no shared memory does not end, at {instr.at.span}"
    return ""


def witness(program: Program, context: int, noted: Noted) -> str:
    """The name of the witness reached, if that is what was noted."""
    if noted[0] != "reach":
        return ""
    instr = program.contexts[context].code.instrs[noted[1]]
    return instr.name if isinstance(instr, Reach) else ""
