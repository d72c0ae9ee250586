"""Builds the livepatches of the recipes, lints them, and compares with what was judged by hand:
`make lint-cves`.

    python -m tests.lint.cves [--write] [--load] [NAME...]

--write puts the findings into the table of docs/lint-cves.md; --load loads the modules in a virtual
machine. Exit status 1 where a module does not build or load as it should, or where a finding came
or went; 4 where Debian has these kernels no more.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from klprove.lint import Finding
from tests.lint.cves.building import build
from tests.lint.cves.fetch import ABI, VMLINUX, fetch
from tests.lint.cves.judging import differences, found, target, unknown_names
from tests.lint.cves.loading import load
from tests.lint.cves.page import write
from tests.lint.cves.recipe import Recipe, recipes


def main(arguments: Sequence[str]) -> int:
    """Fetch, build, lint, compare; the exit status."""
    try:
        fetch()
    except subprocess.CalledProcessError as error:
        print(f"skipped: {error.cmd[0]} could not get {ABI}; KLPROVE_CVES=folder has it?")
        return 4
    names = [each for each in arguments if not each.startswith("-")]
    chosen = [each for each in recipes() if not names or each.name in names]
    failed = build(chosen)
    to = target()
    results = {each.name: found(each, to) for each in chosen if each.name not in failed}
    names_of = {each.name: list(unknown_names(each, to)) for each in chosen}
    bad = sum(_told(each, results, names_of, failed) for each in chosen)
    if "--write" in arguments:
        write(chosen, results)
    print(f"{len(chosen)} modules, {bad} not as judged; {VMLINUX.name}")
    if "--load" in arguments:
        bad += _loaded([each for each in chosen if each.name in results])
    return bool(bad)


def _loaded(recipes: Sequence[Recipe]) -> int:
    """One line a module that is loaded; how many go wrong."""
    bad = 0
    for recipe, wrong in load(recipes):
        print(f"{recipe.name:<24} {wrong or 'the kernel says the same'}")
        bad += bool(wrong)
    return bad


def _told(
    recipe: Recipe,
    results: Mapping[str, Sequence[Finding]],
    unknown: Mapping[str, Sequence[str]],
    failed: Mapping[str, str],
) -> bool:
    """One line about a module; True where something is not as it was judged."""
    if recipe.name in failed:
        print(f"{recipe.name:<24} does not build\n{failed[recipe.name]}")
        return True
    changed = [*unknown[recipe.name], *differences(results[recipe.name], recipe)]
    print(f"{recipe.name:<24} {'; '.join(changed) or f'{len(recipe.judged)} as judged'}")
    return bool(changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
