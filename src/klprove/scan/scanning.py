# SPDX-License-Identifier: GPL-2.0-or-later
"""`scan`: the map of an image, from the cache where it is there."""

from collections.abc import Callable

from klprove.scan.answers import Map
from klprove.scan.cache import cached, known
from klprove.source import Unavailable


def scan(
    path: str,
    names: str | None = None,
    traceable: str | None = None,
    cache: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Map:
    """Every answer about the image at `path`.

    `names`: a System.map or kallsyms, for an image without symbols. `traceable`: the list
    available_filter_functions of a running kernel of this build. `say` hears what is looked for
    next, where the map is not in the cache. KeyboardInterrupt ends the search early: then the map
    is not `complete`. Raises BadInput for what is no image, and for a list that is none;
    Unavailable without the packages of the extra `scan`.
    """
    lists = [each for each in (names, traceable) if each is not None]
    found = known(path, lists) if cache else None
    if found is not None:
        return found
    try:
        from klprove.image import open_image
    except ModuleNotFoundError as error:
        text = f"scan needs the package {error.name}: pip install 'klprove[scan]'"
        raise Unavailable(text) from None
    image = open_image(path)

    def make() -> Map:
        from klprove.scan.mapping import map_of  # the cache is there to save this
        from klprove.scan.subject import subject

        say("the symbols")
        return map_of(subject(image, names), traceable, say)

    return cached(image, lists, make) if cache else make()


def count_of(path: str, names: str | None, found: Map) -> list[tuple[str, int, int]]:
    """Numbers of the image at `path`, whose map is `found`: (what was counted, how many, how many
    of those are patchable; -1 where that was not asked)."""
    from klprove.image import open_image
    from klprove.scan.numbers import numbers
    from klprove.scan.subject import subject

    every = numbers(subject(open_image(path), names), found)
    return [(each.text, each.every, each.patchable) for each in every]
