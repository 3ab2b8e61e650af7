"""Tables of the package, and the small words and endings by which grammar is read, in exact spelling."""

from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

import msgspec

_Table = TypeVar("_Table")


def read_table(file: str, type: type[_Table]) -> _Table:  # noqa: A002 - as msgspec calls it
    """Read a table of the package, a YAML file."""
    return msgspec.yaml.decode((files("satark_words") / file).read_bytes(), type=type)


_LISTS: Final = read_table("small_words.yaml", dict[str, str])


@cache
def listed(name: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset(in_order(name))


def in_order(name: str) -> tuple[str, ...]:
    """Return the words of a list in their order."""
    return tuple(_LISTS[name].split(", "))
