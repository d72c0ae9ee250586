"""The tables of docs/lint-cves.md, from recipes and findings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from klprove.lint import Finding
from tests.lint.cves.judging import told
from tests.lint.cves.recipe import VERDICTS, Recipe

PAGE = Path(__file__).parents[3] / "docs" / "lint-cves.md"
_BEGIN, _END = "<!-- begin: made by make lint-cves WRITE=1 -->\n", "<!-- end -->\n"


def write(recipes: Sequence[Recipe], results: Mapping[str, Sequence[Finding]]) -> None:
    """Put the tables between the marks of the page."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    right = [each for each in recipes if not each.wrong]
    wrong = [each for each in recipes if each.wrong]
    lines = [*_counted(right), "", *_patches(right), "", *_table(right, results)]
    lines += ["", "And what was made wrong on purpose:", "", *_made_wrong(wrong, results)]
    PAGE.write_text(before + _BEGIN + "\n".join(lines) + "\n" + _END + after)


def _counted(recipes: Sequence[Recipe]) -> Iterator[str]:
    count = Counter(each.verdict for recipe in recipes for each in recipe.judged)
    yield (
        f"{len(recipes)} patches: " + ", ".join(f"{count[each]} {each}" for each in VERDICTS) + "."
    )


def _patches(recipes: Sequence[Recipe]) -> Iterator[str]:
    yield from ("| patch | CVE | subject | file | replaced |", "|---|---|---|---|---|")
    for each in recipes:
        replaced = ", ".join(f"`{name}`" for name in each.patch)
        yield f"| {each.name} | {each.cve} | {each.title} | {each.file} | {replaced} |"


def _table(recipes: Sequence[Recipe], results: Mapping[str, Sequence[Finding]]) -> Iterator[str]:
    yield from ("| patch | finding | judged | why |", "|---|---|---|---|")
    for recipe in recipes:
        texts = _texts(results.get(recipe.name, ()))
        for each in recipe.judged:
            shown = f"`{each.finding}`: {texts.get(each.finding, 'not found any more')}"
            yield f"| {recipe.name} | {shown} | {each.verdict} | {each.why} |"


def _made_wrong(
    recipes: Sequence[Recipe], results: Mapping[str, Sequence[Finding]]
) -> Iterator[str]:
    yield from ("| variant | what is wrong | what lint says |", "|---|---|---|")
    for recipe in recipes:
        texts = _texts(results.get(recipe.name, ()))
        said = [each for each in recipe.judged if each.verdict == "true"]
        shown = "<br>".join(f"`{each.finding}`: {texts.get(each.finding, '')}" for each in said)
        yield f"| {recipe.name} | {recipe.wrong} | {shown or 'nothing'} |"


def _texts(findings: Sequence[Finding]) -> Mapping[str, str]:
    return {told(each): each.text.replace("|", "/") for each in findings}
