# SPDX-License-Identifier: GPL-2.0-or-later
"""Where one is in a walk through findings, and what a key does to it. Draws nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from klprove.report.stepping import Walk

PAGE = 10
"""Steps of PageUp and PageDown."""
_ON = {"n", "right", "down", " "}
_BACK = {"p", "left", "up"}


@dataclass
class Walking:
    """The walk of one of several findings. A folded run is one place to stand at, and shows what
    its last step left behind."""

    walks: Sequence[Walk]
    folding: bool = False
    which: int = 0
    at: int = 0
    """Index in `places`."""
    opened: set[int] = field(default_factory=set)
    """First steps of runs that are open all the same."""
    prompt: str = ""
    """`g` or `/` while something is typed."""
    typed: str = ""
    sought: str = ""
    said: str = ""
    """What came of the last key, where that is not to be seen."""
    helping: bool = False
    ended: bool = False

    def __post_init__(self) -> None:
        self._lay()

    @property
    def walk(self) -> Walk:
        """The one that is shown."""
        return self.walks[self.which]

    @property
    def step(self) -> int:
        """The step where one is; of a folded run the last."""
        return self.places[self.at][1]

    @property
    def run(self) -> tuple[int, int] | None:
        """First and last step of the folded run where one is."""
        first, last = self.places[self.at]
        return (first, last) if last > first else None

    def press(self, key: str) -> None:
        """What `key` does."""
        self.said = ""
        if self.prompt:
            self._type(key)
        elif self.helping:
            self.helping = False
        elif key in _ON:
            self._by(1)
        elif key in _BACK:
            self._by(-1)
        elif key in ("g", "/"):
            self.prompt, self.typed = key, ""
        else:
            self._rarer(key)

    def _rarer(self, key: str) -> None:
        match key:
            case "home":
                self.at = 0
            case "end":
                self.at = len(self.places) - 1
            case "pagedown":
                self._by(PAGE)
            case "pageup":
                self._by(-PAGE)
            case "f":
                self.folding, self.opened = not self.folding, set()
                self._lay(self.step)
            case "enter":
                self._turn()
            case "]" | "[":
                self._other(1 if key == "]" else -1)
            case "?":
                self.helping = True
            case "q" | "escape":
                self.ended = True

    def _by(self, many: int) -> None:
        wanted = self.at + many
        self.at = min(max(wanted, 0), len(self.places) - 1)
        if self.at != wanted:
            self.said = "this is the finding" if many > 0 else "this is the first step"

    def _turn(self) -> None:
        """Open the folded run where one is, or close the open one around it."""
        for first, last in self.walk.folds if self.folding else ():
            if first <= self.step <= last:
                self.opened ^= {first}
                self._lay(first)
                return

    def _other(self, many: int) -> None:
        wanted = self.which + many
        if 0 <= wanted < len(self.walks):
            self.which, self.at, self.opened = wanted, 0, set()
            self._lay()
        else:
            self.said = "no further finding"

    def _lay(self, step: int = 1) -> None:
        """Lay out the places, and stand where `step` is."""
        folds = self.walk.folds if self.folding else []
        closed = {first: last for first, last in folds if first not in self.opened}
        self.places: list[tuple[int, int]] = []
        next_ = 1
        while next_ <= len(self.walk.steps):
            last = closed.get(next_, next_)
            self.places.append((next_, last))
            next_ = last + 1
        self._to(step)

    def _to(self, step: int) -> None:
        self.at = next(at for at, (_, last) in enumerate(self.places) if last >= step)

    def _type(self, key: str) -> None:
        if key == "escape":
            self.prompt = ""
        elif key == "enter":
            prompt, self.prompt = self.prompt, ""
            self._go() if prompt == "g" else self._seek()
        elif key == "backspace":
            self.typed = self.typed[:-1]
        elif len(key) == 1 and key.isprintable():
            self.typed += key

    def _go(self) -> None:
        steps = len(self.walk.steps)
        digits = self.typed.isascii() and self.typed.isdigit() and len(self.typed) < 10
        if digits and 1 <= int(self.typed) <= steps:
            self._to(int(self.typed))
        elif self.typed:
            self.said = f"{self.typed}: there are steps 1 to {steps}"

    def _seek(self) -> None:
        """The next step, from the one after this and round the end, that has the text."""
        self.sought = self.typed or self.sought
        if not self.sought:
            return
        steps = len(self.walk.steps)
        for ahead in range(1, steps + 1):
            step = (self.step - 1 + ahead) % steps + 1
            if self.sought.lower() in self._text(step):
                self.said = "" if step > self.step else "found from the first step on"
                self._to(step)
                return
        self.said = f"{self.sought}: in no step"

    def _text(self, step: int) -> str:
        line = (text for _, text in self.walk.around(step, 0, 0))
        where = (self.walk.place(step), self.walk.lane(step))
        words = (*self.walk.does(step), self.walk.calls(step), *where, *line)
        return "\n".join(words).lower()
