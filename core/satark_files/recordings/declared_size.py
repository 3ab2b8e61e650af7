"""Reads the size that a recording's head declares, to tell how much of it is left: WAV, AVI, AIFF and Sun files.

A WAV file of more than 4 GB (RF64, EBU Tech 3306) has its sizes in a chunk of its own. A recorder that lost its power
has written zeros there, which ffmpeg takes for the size of the sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

_HEAD: Final = 28
_LONG: Final = (b"RF64", b"BW64")
_LONG_SIZE: Final = slice(20, 28)
"""Where the file's size stands in the chunk that comes first."""
_UNKNOWN: Final = frozenset({0, 0xFFFFFFFF})
"""Sizes that programs write which do not know it yet."""
_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {b"RIFF": "little", b"FORM": "big"}


def percent_present(path: Path) -> int:
    """Return how much of the declared size a file has, in percent; 100 where it declares none."""
    with path.open("rb") as file:
        head = file.read(_HEAD).ljust(_HEAD, b"\0")
    if head.startswith(_LONG):
        begin, size = 8, int.from_bytes(head[_LONG_SIZE], "little")
    elif order := _ORDERS.get(head[:4]):
        begin, size = 8, int.from_bytes(head[4:8], order)
    elif head.startswith(b".snd"):
        begin, size = int.from_bytes(head[4:8]), int.from_bytes(head[8:12])
    else:
        return 100
    return 100 if size in _UNKNOWN else min(100, 100 * path.stat().st_size // (begin + size))


def has_no_sizes(path: Path) -> bool:
    """Whether this is a WAV file of more than 4 GB whose sizes were never written."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return head.startswith(_LONG) and not any(head[_LONG_SIZE])
