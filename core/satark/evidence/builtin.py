"""The cleaners that come with the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.evidence.jpeg import JpegScrubber
from satark.evidence.media import MediaScrubber
from satark.evidence.ooxml import OoxmlScrubber
from satark.evidence.opendocument import OpenDocumentScrubber
from satark.evidence.origin import OriginReader
from satark.evidence.pdf import PdfScrubber
from satark.evidence.png import PngScrubber
from satark.evidence.preview import Previewer
from satark.evidence.reencode import BmpScrubber, GifScrubber, HeifScrubber, TiffScrubber
from satark.evidence.vcard import VcardScrubber
from satark.evidence.voice import VoiceDisguise
from satark.evidence.webp import WebpScrubber
from satark.evidence.words import TextScrubber

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
        BmpScrubber(),
        MediaScrubber(ffmpeg),
        VoiceDisguise(ffmpeg),
        PdfScrubber(),
        OoxmlScrubber(),
        OpenDocumentScrubber(),
        TextScrubber(),
        VcardScrubber(),
        Previewer(ffmpeg),
        OriginReader(ffmpeg),
    ]
