"""Tells how much of a recording is left, from the size that its head declares: WAV, AVI, AIFF and Sun files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

_HEAD: Final = 12
_UNKNOWN: Final = frozenset({0, 0xFFFFFFFF})
"""Sizes that programs write which do not know it yet."""
_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {b"RIFF": "little", b"FORM": "big"}


def percent_present(path: Path) -> int:
    """Return how much of the declared size a file has, in percent; 100 where it declares none."""
    with path.open("rb") as file:
        head = file.read(_HEAD).ljust(_HEAD, b"\0")
    if order := _ORDERS.get(head[:4]):
        begin, size = 8, int.from_bytes(head[4:8], order)
    elif head.startswith(b".snd"):
        begin, size = int.from_bytes(head[4:8]), int.from_bytes(head[8:12])
    else:
        return 100
    return 100 if size in _UNKNOWN else min(100, 100 * path.stat().st_size // (begin + size))
