"""Which units of a coded video hold metadata, by codec, and the ffmpeg bitstream filters that remove them.

Cameras can write the owner's name or the place between the frames (SEI messages, user data), and encoders write their
settings there. For H.264 and H.265 only the units that a frame consists of pass (ITU-T H.264 table 7-1, H.265 table
7-1); for MPEG-2 and Motion JPEG all units pass but those that can hold text (H.262 section 6.2.2, T.81 table B.1).
Every frame decodes as before.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec


class CodecRules(msgspec.Struct, frozen=True, kw_only=True):
    """How metadata is removed from the video stream of one codec, as options of ffmpeg."""

    filters: tuple[str, ...] = ()
    """For writing the clean copy."""
    compared: tuple[str, ...] = ()
    """For hashing what must be the same in the original and the copy."""
    has_user_data: bool = False
    """Whether metadata stands where no filter removes it (`satark_files.recordings.mpeg_user_data`)."""


def _filter_units(types: str) -> tuple[str, str]:
    return ("-bsf:v", f"filter_units={types}")


_AVC, _MPEG2 = _filter_units("pass_types=1-5|7-11|13-15|19-21"), _filter_units("remove_types=178")
_RULES: Final = {
    "h264": CodecRules(filters=_AVC, compared=_AVC),
    # MP4 has the parameter sets in its header, and ffmpeg then leaves out those among the frames.
    "hevc": CodecRules(
        filters=_filter_units("pass_types=0-9|16-21|32-37"), compared=_filter_units("pass_types=0-9|16-21")
    ),
    "mpeg2video": CodecRules(filters=_MPEG2, compared=_MPEG2),
    # Some cameras write whole Exif blocks into the frames. The removed segments may define colours: compare decoded.
    "mjpeg": CodecRules(filters=_filter_units("remove_types=224-239|254"), compared=("-c:v", "rawvideo")),
    "mpeg4": CodecRules(has_user_data=True),
    "mpeg1video": CodecRules(has_user_data=True),
}
_CODEC: Final = re.compile(rb"Stream #0:.*: Video: (\w+)")
_NO_FILTER: Final = CodecRules()


def rules_for(report: bytes) -> CodecRules:
    """Return the rules for the codec that ffmpeg's report on a file names; no filter for any other codec."""
    found = _CODEC.search(report)
    return _RULES.get(found[1].decode(), _NO_FILTER) if found else _NO_FILTER
