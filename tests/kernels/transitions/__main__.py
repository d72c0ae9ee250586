"""Asks every case of every generation; writes the tables of docs/livepatch-core.md.

Exit status: 0, or 1 where an answer is not the known one.
"""

import sys
from pathlib import Path

from klprove.check import Answer, check, program
from klprove.ir import render
from klprove.kernels import HOME, TRANSITION, names
from tests.kernels.transitions import LETTERS, Case, cases

PAGE = Path(__file__).parents[3] / "docs" / "livepatch-core.md"
BEGIN, END = "<!-- generated: make core-table -->\n", "<!-- end -->\n"


def cell(answer: Answer) -> str:
    """Letters of what was found, `.` for nothing, `?` where the search is not complete."""
    letters = "".join(sorted(LETTERS[code] for code in answer.codes()))
    return (letters or ".") + ("" if answer.complete else "?")


def row(case: Case, wrong: list[str]) -> tuple[list[str], list[str]]:
    """The cells of a case: what was found, and in how many states."""
    found, states = [], []
    asked = case.generations()
    known: dict[str, Answer] = {}
    for generation in names(HOME, TRANSITION):
        if generation not in asked:
            found.append("")
            states.append("")
            continue
        question = case.question(generation)
        # Where a generation changes nothing that this case comes to, it is the same program.
        text = render(program(question))
        if text not in known:
            known[text] = check(question, jobs=1)
        answer = known[text]
        codes = " ".join(sorted(answer.codes()))
        if codes != case.expected(generation) or not answer.complete:
            wrong.append(f"{case.name} on {generation}: {codes or answer.word}")
        found.append(cell(answer))
        states.append(f"{answer.statistics.states:,}")
        print(f"{case.name:24}{generation:8}{found[-1]:8}{states[-1]:>12}", file=sys.stderr)
    return found, states


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in lines)


def main() -> int:
    """Write the page's tables again."""
    known = list(names(HOME, TRANSITION))
    wrong: list[str] = []
    answers, sizes = [], []
    for case in cases():
        found, states = row(case, wrong)
        answers.append([case.name, case.says, *found])
        sizes.append([case.name, *states])
    text = table(["case", "", *known], answers)
    text += "\nStates of each search; all are complete:\n\n"
    text += table(["case", *known], sizes)
    page = PAGE.read_text()
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    PAGE.write_text(page[:start] + "\n" + text + "\n" + page[end:])
    for each in wrong:
        print(f"not the known answer: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
