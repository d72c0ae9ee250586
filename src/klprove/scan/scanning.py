"""`scan`: the map of an image, from the cache where it is there."""

from klprove.scan.answers import Map
from klprove.scan.cache import cached, known
from klprove.source import Unavailable


def scan(
    path: str, names: str | None = None, traceable: str | None = None, cache: bool = True
) -> Map:
    """Every answer about the image at `path`.

    `names`: a System.map or kallsyms, for an image without symbols. `traceable`: the list
    available_filter_functions of a running kernel of this build. Raises BadInput for what is no
    image, and for a list that is none; Unavailable without the packages of the extra `scan`.
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

        return map_of(subject(image, names), traceable)

    return cached(image, lists, make) if cache else make()
