"""The cleaners that come with the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.evidence.jpeg import JpegScrubber
from satark.evidence.media import MediaScrubber
from satark.evidence.png import PngScrubber
from satark.evidence.reencode import GifScrubber, HeifScrubber, TiffScrubber
from satark.evidence.voice import VoiceDisguise
from satark.evidence.webp import WebpScrubber

if TYPE_CHECKING:
    from satark.evidence.scrubbers import Scrubber


def builtin_scrubbers(ffmpeg: str = "") -> list[Scrubber]:
    """Every built-in cleaner. `ffmpeg` is the path of that program; empty: the one that imageio-ffmpeg brings."""
    return [
        JpegScrubber(),
        PngScrubber(),
        WebpScrubber(),
        GifScrubber(),
        TiffScrubber(),
        HeifScrubber(),
        MediaScrubber(ffmpeg),
        VoiceDisguise(ffmpeg),
    ]
