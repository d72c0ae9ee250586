"""`scan`: the map of an image, from the cache where it is there."""

from klprove.image import open_image
from klprove.scan.answers import Map
from klprove.scan.cache import cached


def scan(path: str, names: str | None = None, cache: bool = True) -> Map:
    """Every answer about the image at `path`; `names`: a list of symbols, for an image without.

    Raises BadInput for what is no image.
    """
    image = open_image(path)

    def make() -> Map:
        from klprove.scan.mapping import map_of  # the cache is there to save this
        from klprove.scan.subject import subject

        return map_of(subject(image, names))

    return cached(image, names, make) if cache else make()
