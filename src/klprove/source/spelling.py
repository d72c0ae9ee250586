"""What may have been meant."""

from collections.abc import Iterable


def near(name: str, known: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """Up to three of `known` that look like `name`, the nearest first."""
    from difflib import get_close_matches  # only a mistake waits for it

    return get_close_matches(name, list(known), n=3, cutoff=cutoff)
