"""Words among coded pictures: which units of each coding are messages, and how they are left out of a film.

A camera can write its owner's words or its place between the pictures, and encoders write their settings there. Only
units that a picture is made of pass (ITU-T H.264 table 7-1, H.265 table 7-1), or all but those that hold words (H.262
section 6.2.2, T.81 table B.1). Every picture decodes as before.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec


class CodecRules(msgspec.Struct, frozen=True, kw_only=True):
    """How words are left out of one coding: ffmpeg's options for the track of pictures."""

    written: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    """For what must be the same in the original and the copy."""
    user_data: bool = False
    """Whether words stand where ffmpeg can't leave them out (`satark.evidence.recordings.mpeg_user_data`)."""


def _units(which: str) -> tuple[str, str]:
    return ("-bsf:v", f"filter_units={which}")


_AVC, _MPEG2 = _units("pass_types=1-5|7-11|13-15|19-21"), _units("remove_types=178")
_CODINGS: Final = {
    "h264": CodecRules(written=_AVC, compared=_AVC),
    # MP4 has the sets of parameters in its head, and ffmpeg leaves those among the pictures out there.
    "hevc": CodecRules(written=_units("pass_types=0-9|16-21|32-37"), compared=_units("pass_types=0-9|16-21")),
    "mpeg2video": CodecRules(written=_MPEG2, compared=_MPEG2),
    # Whole Exif blocks stand in the pictures of some cameras. What goes could tell of colours too: so, decoded.
    "mjpeg": CodecRules(written=_units("remove_types=224-239|254"), compared=("-c:v", "rawvideo")),
    "mpeg4": CodecRules(user_data=True),
    "mpeg1video": CodecRules(user_data=True),
}
_NAMED: Final = re.compile(rb"Stream #0:.*: Video: (\w+)")
_PLAIN: Final = CodecRules()


def rules_for(report: bytes) -> CodecRules:
    """What there is to do, given ffmpeg's report on a film."""
    found = _NAMED.search(report)
    return _CODINGS.get(found[1].decode(), _PLAIN) if found else _PLAIN
