"""How a picture looks, as 64 bits of which a copy that was scaled or saved again has nearly all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

MOST_DIFFERENT: Final = 7
"""Bits that differ between two pictures that look alike, at most."""
_PARTS: Final = MOST_DIFFERENT + 1
"""Parts of the bits: two pictures that look alike have at least one in common."""
_BITS: Final = 64
_LEAST_CONTRAST: Final = 8
"""Bits that are set, and that are not, at least: a plain surface looks like every other."""


def parts(looks: str) -> Iterator[tuple[int, int]]:
    """Yield the parts by which a picture is found; none for a picture that can't be compared."""
    bits = _bits(looks)
    if bits is not None:
        width = _BITS // _PARTS
        yield from ((part, bits >> part * width & (1 << width) - 1) for part in range(_PARTS))


def are_alike(looks: str, other: str) -> bool:
    """Return whether two pictures look alike."""
    one, two = _bits(looks), _bits(other)
    return one is not None and two is not None and (one ^ two).bit_count() <= MOST_DIFFERENT


def _bits(looks: str) -> int | None:
    bits = int(looks, 16) if looks else 0
    return bits if _LEAST_CONTRAST <= bits.bit_count() <= _BITS - _LEAST_CONTRAST else None
