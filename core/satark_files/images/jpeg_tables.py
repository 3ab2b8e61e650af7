"""Keeps the tables of a JPEG that its scans use, and of each segment only the bytes that a decoder reads.

Tables that no scan names, a table that is replaced before it is used, and bytes after the last field of a segment can
hold anything. Layout: ITU-T T.81, B.2.2 to B.2.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from satark_files.scrubber import Unclean

DHT: Final = 0xC4
DQT: Final = 0xDB
SOS: Final = 0xDA
DRI: Final = 0xDD
_PROGRESSIVE: Final = 0xC2
_QUANTIZATION: Final = "q"
_DC: Final = "d"
_AC: Final = "a"
_COUNTS: Final = 16
_FRAME_HEAD: Final = 6
_COMPONENT: Final = 3

Segment = tuple[int, bytes, bytes]
"""Marker, payload, and after SOS the coded image data."""
_Key = tuple[str, int]


def used_only(segments: Iterable[Segment], frames: frozenset[int]) -> Iterator[Segment]:
    """Yield frame header, scans and restart intervals, each after those of its tables that it uses, and nothing else.

    Args:
        segments: of one image, in order.
        frames: the markers of frame headers.

    Raises:
        Unclean: a segment is too short, or a scan uses what no frame has.
    """
    waiting: dict[_Key, Segment] = {}
    quantized: dict[int, int] = {}
    progressive = False
    for marker, payload, scan in segments:
        if marker in (DHT, DQT):
            waiting |= _tables(marker, payload)
        elif marker in frames:
            progressive = marker == _PROGRESSIVE
            header, quantized = _frame(payload)
            yield from _pop_named(waiting, [(_QUANTIZATION, number) for number in dict.fromkeys(quantized.values())])
            yield marker, header, b""
        elif marker == SOS:
            header, named = _scan(payload, quantized, progressive=progressive)
            yield from _pop_named(waiting, named)
            yield marker, header, scan
        elif marker == DRI:
            yield marker, payload[:2], b""


def _pop_named(waiting: dict[_Key, Segment], named: Iterable[_Key]) -> Iterator[Segment]:
    """Yield and forget those tables that are named and wait; those that do not wait were written before."""
    for key in named:
        if key in waiting:
            yield waiting.pop(key)


def _tables(marker: int, payload: bytes) -> dict[_Key, Segment]:
    """Return each table of a segment, in a segment of its own."""
    found: dict[_Key, Segment] = {}
    at = 0
    while at < len(payload):
        kind, number = payload[at] >> 4, payload[at] & 15
        if marker == DQT:
            size = 128 if kind else 64
            key = (_QUANTIZATION, number)
        else:
            size = _COUNTS + sum(payload[at + 1 : at + 1 + _COUNTS])
            key = (_AC if kind else _DC, number)
        if at + 1 + size > len(payload):
            break
        found[key] = (marker, payload[at : at + 1 + size], b"")
        at += 1 + size
    return found


def _frame(payload: bytes) -> tuple[bytes, dict[int, int]]:
    """Return a frame header without what follows it, and the quantization table of each component."""
    count = payload[_FRAME_HEAD - 1] if len(payload) >= _FRAME_HEAD else 0
    end = _FRAME_HEAD + _COMPONENT * count
    if not count or end > len(payload):
        raise Unclean("damaged")
    starts = range(_FRAME_HEAD, end, _COMPONENT)
    return payload[:end], {payload[at]: payload[at + 2] for at in starts}


def _scan(payload: bytes, quantized: dict[int, int], *, progressive: bool) -> tuple[bytes, list[_Key]]:
    """Return a scan header without what follows it, and the tables that the scan uses."""
    count = payload[0] if payload else 0
    end = 1 + 2 * count + 3
    if not count or end > len(payload):
        raise Unclean("damaged")
    first, approximation = payload[end - 3], payload[end - 1]
    with_dc = first == 0 and not (progressive and approximation >> 4)
    with_ac = first > 0 or not progressive
    named: list[_Key] = []
    for at in range(1, 1 + 2 * count, 2):
        if payload[at] not in quantized:
            raise Unclean("damaged")
        named += [(_QUANTIZATION, quantized[payload[at]])]
        named += [(_DC, payload[at + 1] >> 4)] * with_dc + [(_AC, payload[at + 1] & 15)] * with_ac
    return payload[:end], named
