"""Finds data that reveal a secret: they depend on it in all worlds, in any encoding, and not by chance."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import exp
from typing import Final, NamedTuple, TypeAlias

Value: TypeAlias = int | float | str | bytes
Listing: TypeAlias = Mapping[str, Sequence[Value]]
"""The data that an observer can list in one world: place → the values there, in no order."""


class World(NamedTuple):
    """The values of the secrets in one world."""

    sender: int
    words: int
    desk: int
    minute: int


_CUBE: Final = [World(one, two, three, (one + two + three) % 2) for one, two, three in product((0, 1), repeat=3)]
WORLDS: Final = tuple(_CUBE[one ^ other] for one in (0, 4, 2, 6) for other in (0, 7))
"""Eight worlds. Any two of them differ in two or four secrets, and each secret divides them into four and four.

Each is followed by its opposite: on a busy machine, a world that begins earlier has other counts.
"""
_CHANCE: Final = 1e-5
"""Greatest probability at which two samples of one distribution are still taken for two distributions."""
_FAR: Final = 8
"""Ratio of two groups' distance to their width from which chance does not explain it."""
_HEX: Final = re.compile(r"[0-9a-f]{1,64}")
_END: Final = 512
"""Number of bytes at both ends of a long value that are compared."""
_TEXT_WINDOW, _BYTE_WINDOW = 10, 8
"""Lengths of the parts of texts and bytes that are compared. Random parts of this length do not repeat by chance."""


def telling(listings: Sequence[Listing]) -> set[tuple[str, str]]:
    """Return each place that tells a secret, with the secret's name. There is one listing for each of `WORLDS`."""
    places = {place for listing in listings for place in listing}
    return {(place, secret) for place in places for secret in _revealed([one.get(place, ()) for one in listings])}


def _revealed(seen: Sequence[Sequence[Value]]) -> Iterator[str]:
    counts = [Counter[Value | None](values) for values in seen]
    for count, values in zip(counts, seen, strict=True):
        count[None] = len(values)
    repeated = [value for value, worlds in Counter(value for one in counts for value in one).items() if worlds > 1]
    for secret in World._fields:
        ones = [getattr(world, secret) for world in WORLDS]
        if any(_is_revealed([one[value] for one in counts], ones) for value in repeated) or _differ(seen, ones):
            yield secret
    for worlds in _sharing(seen):
        yield from (name for name in World._fields if len({getattr(world, name) for world in worlds}) == 1)


def _is_revealed(counts: Sequence[int], ones: Sequence[int]) -> bool:
    """Return whether a value is equally frequent in all worlds with one secret, and in all with the other."""
    groups = [{count for count, one in zip(counts, ones, strict=True) if one == side} for side in (0, 1)]
    return groups[0] != groups[1] and all(len(group) == 1 for group in groups)


def _differ(seen: Sequence[Sequence[Value]], ones: Sequence[int]) -> bool:
    """Return whether numbers have two distributions, or all texts of one secret are far from those of the other."""
    groups: tuple[list[Value], list[Value]] = ([], [])
    for values, one in zip(seen, ones, strict=True):
        once = {value for value in values if isinstance(value, str | bytes)}
        # An id in six rows was drawn once: as six draws that chance made alike, it would pass for no chance.
        groups[one].extend((*once, *(value for value in values if not isinstance(value, str | bytes))))
    numbers = [[number for value in group if (number := _number(value)) is not None] for group in groups]
    texts = [[_raw(value) for value in group if isinstance(value, str | bytes)] for group in groups]
    ends = [[value[::-1] for value in group] for group in texts]
    return _are_apart(*numbers) or _are_far(*texts) or _are_far(*ends)


def _are_far(some: Sequence[bytes], others: Sequence[bytes]) -> bool:
    """Return whether values, read as numbers, lie in two groups that are far from each other, as times would."""
    if min(len(some), len(others)) < len(WORLDS) // 2:
        return False
    as_numbers = (sorted(int.from_bytes(value[:_END].ljust(_END)) for value in group) for group in (some, others))
    low, high = sorted(as_numbers)
    return high[0] - low[-1] > _FAR * (low[-1] - low[0] + high[-1] - high[0])


def _number(value: Value) -> float | None:
    """Return the number that a value is, or that it contains in decimal or hexadecimal digits."""
    if isinstance(value, str | bytes):
        return float(int(value, 16)) if isinstance(value, str) and _HEX.fullmatch(value) else None
    return value


def _are_apart(some: Sequence[float], others: Sequence[float]) -> bool:
    """Compare two samples by the test of Kolmogorov and Smirnov."""
    if not some or not others:
        return False
    first, second = sorted(some), sorted(others)
    gaps = (
        abs(bisect_right(first, at) / len(first) - bisect_right(second, at) / len(second)) for at in {*first, *second}
    )
    return 2 * exp(-2 * max(gaps) ** 2 * len(first) * len(second) / (len(first) + len(second))) < _CHANCE


def _sharing(seen: Sequence[Sequence[Value]]) -> set[tuple[World, ...]]:
    """Return the sets of worlds, more than one and not all, that have a part of a value in common.

    A part does not count if all worlds have half as much of it: then it is beside content that all worlds have.
    """
    parts, halves = dict[bytes, int](), dict[bytes, int]()
    for number, values in enumerate(seen):
        for value in values:
            if isinstance(value, str | bytes):
                length = _TEXT_WINDOW if isinstance(value, str) else _BYTE_WINDOW
                raw = _raw(value)
                for end in (raw,) if len(raw) <= 2 * _END else (raw[:_END], raw[-_END:]):
                    for found, size in ((parts, length), (halves, length // 2)):
                        for part in _windows(end, size):
                            found[part] = found.get(part, 0) | 1 << number
    common = {half for half, mask in halves.items() if mask.bit_count() == len(WORLDS)}
    masks = {
        mask
        for part, mask in parts.items()
        if 1 < mask.bit_count() < len(WORLDS) and not common & {*_windows(part, len(part) // 2)}
    }
    return {tuple(world for number, world in enumerate(WORLDS) if mask >> number & 1) for mask in masks}


def _windows(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[at : at + size] for at in range(len(raw) - size + 1))


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
