"""Small words and endings, in exact spelling, for reading grammar. The lists are data: `small_words.yaml`."""

from importlib.resources import files
from typing import Final

import msgspec

_LISTS: Final = msgspec.yaml.decode((files("satark_words") / "small_words.yaml").read_bytes(), type=dict[str, str])


def listed(name: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset(in_order(name))


def in_order(name: str) -> tuple[str, ...]:
    """Return the words of a list in their order."""
    return tuple(_LISTS[name].split(", "))
