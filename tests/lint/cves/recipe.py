"""A recipe: which fix, and what its livepatch is made of."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"


VERDICTS = ("true", "unimportant", "false alarm")
"""True, and it can bite; true, and it does no harm here; not true."""


@dataclass(frozen=True)
class Judged:
    """A finding, `H02 warning function`, one of VERDICTS, and why."""

    finding: str
    verdict: str
    why: str


@dataclass(frozen=True)
class Recipe:
    """Everything about one livepatch that is not kernel text.

    `cve`, `title`: as in Debian's changelog. `file`: where the functions are. `patch`: what is
    replaced, `name,sympos` where the name is not unique. `fixed`: definitions that come from the
    fixed tree; `take`: those that come from the tree of the target. `lookup`: what the kernel does
    not export, looked up when the module is loaded, `name,position` again. `without`: headers of
    the file that are left out. `inline`: header and function of inline functions that call what is
    not exported, and so are needed again behind the look-up. `add`: our own C, before the
    functions. `object`: the module that is patched. `wrong`: what is wrong with it on purpose.
    `judged`: every finding; `unanswered`: rules that cannot tell."""

    name: str
    cve: str
    title: str
    file: str
    patch: Sequence[str]
    fixed: Sequence[str] = ()
    take: Sequence[str] = ()
    lookup: Sequence[str] = ()
    without: Sequence[str] = ()
    inline: Sequence[str] = ()
    add: str = ""
    object: str = ""
    wrong: str = ""
    judged: Sequence[Judged] = field(default_factory=tuple)
    unanswered: Sequence[str] = ()

    @property
    def replaced(self) -> list[tuple[str, int]]:
        """Name and sympos of each function that is replaced."""
        return positions(self.patch)


def positions(names: Sequence[str]) -> list[tuple[str, int]]:
    """`name` or `name,position`, taken apart; 0: the name is unique."""
    pairs = [each.partition(",") for each in names]
    return [(name, int(position or 0)) for name, _, position in pairs]


def recipes() -> list[Recipe]:
    """All, by name."""
    return [read(path) for path in sorted(RECIPES.glob("*.toml"))]


def read(path: Path) -> Recipe:
    """The recipe in a file; a wrong variant starts from the one that it names as `like`."""
    given = tomllib.loads(path.read_text())
    like = given.pop("like", "")
    base = tomllib.loads((RECIPES / f"{like}.toml").read_text()) if like else {}
    both = {**base, **given}
    judged = [Judged(**each) for each in given.get("judged", ())]
    assert all(each.verdict in VERDICTS for each in judged), path
    return Recipe(name=path.stem, **{**both, "judged": judged})
