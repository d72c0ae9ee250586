"""From an image to its map: a short script over the rooms below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klprove.image import Functions, Image, Symbol, Tables, functions, open_image, symbols, tables
from klprove.image.about import release
from klprove.image.names import read_map
from klprove.scan.answers import Map
from klprove.scan.patching import patching, places


@dataclass(frozen=True, slots=True)
class Subject:
    """An image taken apart: what every question about it starts from."""

    image: Image
    functions: Functions
    named: Mapping[str, Symbol]
    """The first symbol of each name."""
    tables: Tables
    regions: Sequence[str]


def subject(path: str, names: str | None = None) -> Subject:
    """The image at `path`, with symbols from the list `names` where it has none of its own.

    Raises BadInput for what is no image.
    """
    image = open_image(path)
    table = symbols(image)
    if not table and names:
        table = read_map(names, image)
    if not table:
        image.notes.append(
            "no symbol table (stripped): no function can be named; give a System.map or "
            "/proc/kallsyms of this kernel with --names"
        )
    named: dict[str, Symbol] = {}
    for each in table:
        named.setdefault(each.name, each)
    found = functions(image, table)
    about = tables(image, named)
    return Subject(image, found, named, about, places(found, about.regions))


def scan(path: str, names: str | None = None) -> Map:
    """Every answer about the image at `path`. Raises BadInput for what is no image."""
    it = subject(path, names)
    words, offsets = patching(it.image, it.functions, it.tables.sites, it.regions)
    starts: list[int] = it.functions.starts.tolist()
    ends: list[int] = it.functions.ends.tolist()
    sites = it.tables.sites
    blacklist = it.functions.at(it.tables.blacklist)
    return Map(
        path=path,
        machine=it.image.machine,
        release=release(it.image),
        build_id=it.image.build_id,
        notes=(*it.image.notes, *(f"missing: {each}" for each in it.tables.missing)),
        names=it.functions.names,
        aliases=it.functions.aliases,
        addresses=starts,
        sizes=[end - start for start, end in zip(starts, ends, strict=True)],
        regions=it.regions,
        patch=words,
        offsets=offsets,
        blacklisted=frozenset(int(each) for each in blacklist if each >= 0),
        sympos=_positions(it.functions),
        counts={
            "functions": len(starts),
            "ftrace sites": sites.entries,
            "ftrace sites of overridden weak functions": sites.entries
            - sum(each >= 0 for each in offsets),
            "kprobe blacklist": len(it.tables.blacklist),
            "static branches": len(it.tables.jumps.codes),
            "static-call sites": len(it.tables.static_calls.sites),
        },
    )


def _positions(functions: Functions) -> dict[int, int]:
    return {
        index: position
        for mates in functions.namesakes.values()
        for position, index in enumerate(mates, 1)
    }
