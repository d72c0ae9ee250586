"""The pages of the manual as Markdown, from where they stand in the repository.

Links between pages stay links; a link to any other file of the repository becomes its path, since
the manual is read without the repository too.
"""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from manual.api import python_page
from manual.reference import COMMANDS, command_pages, pages

HERE = Path(__file__).parent
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_CODE = re.compile(r"^( *)```.*?^\1```[^\n]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)

Groups = Mapping[str, Mapping[str, str]]
"""By title of a group: by title of a page, where it stands in the repository."""


def groups() -> Groups:
    """What nav.toml says."""
    return tomllib.loads((HERE / "nav.toml").read_text())


def place(source: str) -> str:
    """Where a page of the repository stands in the manual.

    >>> place("docs/howto/check.md"), place("README.md"), place("corpus/README.md")
    ('howto/check.md', 'index.md', 'repository/corpus.md')
    """
    if source == "README.md":
        return "index.md"
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    if source.startswith("reference/"):
        return source
    name = source.removesuffix("/README.md").removesuffix(".md").replace("/", "-")
    return f"repository/{name.lower()}.md"


def home(readme: str) -> str:
    """The README without its table of files: here the navigation says what there is."""
    parts = re.split(r"(?m)^(?=## )", readme)
    return "".join(part for part in parts if not part.startswith("## What is here"))


def relinked(text: str, source: str, known: Mapping[str, str], root: Path) -> str:
    """`text`, a page at `source`, with its links as they are between pages of the manual.

    `known`: by source, the place of each page. What a link leads to must exist below `root`."""

    def link(match: re.Match[str]) -> str:
        image, label, target = match.groups()
        if ":" in target or target.startswith("#"):
            return match[0]
        path, hash_, anchor = target.partition("#")
        wanted = os.path.normpath(PurePosixPath(source).parent / path)
        if wanted in known:
            here = PurePosixPath(place(source)).parent
            return f"{image}[{label}]({os.path.relpath(known[wanted], here)}{hash_}{anchor})"
        if not (root / wanted).exists():
            raise ValueError(f"{source}: {target} does not exist")
        plain = label.strip("`")
        return f"`{wanted}`" if PurePosixPath(wanted).name in plain else f"{label} (`{wanted}`)"

    return "".join(
        part if code else _LINK.sub(link, part) for part, code in _parts(text)
    )


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """`text` in order, cut where code begins and ends; whether each part is a block of code.

    Code within a line stays with the text around it: a link may have it as its label."""
    last = 0
    for match in _CODE.finditer(text):
        if match[1] is None:
            continue
        yield text[last : match.start()], False
        yield match[0], True
        last = match.end()
    yield text[last:], False


def assemble(root: Path, work: Path) -> None:
    """Write pages, theme and configuration of the manual of the repository `root` to `work`."""
    nav: list[dict[str, list[dict[str, str]]]] = []
    written = {**pages(), "reference/python.md": python_page(root / "src")}
    commands = command_pages()
    listed: dict[str, str] = {}
    for group, members in groups().items():
        entries: list[dict[str, str]] = []
        for title, source in members.items():
            if source == COMMANDS:
                entries += [{name: path} for name, path in zip(commands, _paths(commands), strict=True)]
                continue
            listed[source] = place(source)
            entries.append({title: place(source)})
        nav.append({group: entries})
    for name, path in zip(commands, _paths(commands), strict=True):
        written[path] = commands[name]
    for source in listed:
        if source not in written:
            text = (root / source).read_text(encoding="utf-8")
            written[source] = relinked(
                home(text) if source == "README.md" else text, source, listed, root
            )
    for source, text in written.items():
        _write(work / "pages" / place(source), text)
    for each in (root / "docs").glob("*.txt"):
        shutil.copy(each, work / "pages")
    shutil.copytree(HERE / "theme", work / "pages" / "theme")
    settings = (HERE / "mkdocs.yml").read_text()
    # JSON is YAML, too.
    _write(work / "mkdocs.yml", f"{settings}nav: {json.dumps(nav)}\n")


def _paths(commands: Mapping[str, str]) -> list[str]:
    return [f"reference/{name.replace(' ', '-')}.md" for name in commands]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
