"""Parses the sandbox's answer on where and when a picture or video was taken: accepts only numbers within bounds."""

import re
from typing import Final

import msgspec

from satark_files.decoding import DECODING_ERRORS

MAX_BYTES: Final = 500
"""Most bytes of an answer that the worker reads."""

_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)")
_UNSET_DATES = ("1904-", "1970-")


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where and when a picture or film was taken, according to the file. Anybody can forge it as easily as read it."""

    latitude: float | None = None
    longitude: float | None = None
    taken: str = ""
    """`YYYY-MM-DDThh:mm` by the camera's own clock, or empty if the file gives no time."""

    def __repr__(self) -> str:  # no field: logs must not tell where the sender was
        return "Origin(…)"


def parse_origin(answer: bytes) -> Origin | None:
    """Parse an answer of the sandbox; return None unless it is an origin with numbers within their bounds."""
    try:
        found = msgspec.json.decode(answer[:MAX_BYTES], type=Origin)
    except DECODING_ERRORS:
        return None
    position = None if found.latitude is None or found.longitude is None else (found.latitude, found.longitude)
    return make_origin(position, found.taken)


def make_origin(position: tuple[float, float] | None, when: str) -> Origin | None:
    """Make the origin from a latitude and longitude in degrees and a date in words; return None if both are invalid."""
    found = _DATE.match(when)
    taken = "{}-{}-{}T{}:{}".format(*found.groups()) if found and not when.startswith(_UNSET_DATES) else ""
    if position is not None and not (abs(position[0]) <= 90 and abs(position[1]) <= 180 and position != (0.0, 0.0)):  # noqa: PLR2004
        position = None
    if position is None and not taken:
        return None
    return Origin(
        latitude=round(position[0], 6) if position else None,
        longitude=round(position[1], 6) if position else None,
        taken=taken,
    )
