"""The built-in scrubbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.evidence.documents.archive import ArchiveScrubber
from satark.evidence.documents.markup import MarkupScrubber
from satark.evidence.documents.old_office.scrubber import OldOfficeScrubber
from satark.evidence.documents.ooxml import OoxmlScrubber
from satark.evidence.documents.opendocument import OpenDocumentScrubber
from satark.evidence.documents.pdf import PdfScrubber
from satark.evidence.documents.plain_text import TextScrubber
from satark.evidence.documents.svg import SvgScrubber
from satark.evidence.documents.vcard import VcardScrubber
from satark.evidence.images.heif import HeifScrubber
from satark.evidence.images.jpeg import JpegScrubber
from satark.evidence.images.png import PngScrubber
from satark.evidence.images.reencode import BmpScrubber, GifScrubber, Jpeg2000Scrubber, TiffScrubber
from satark.evidence.images.salvage import Salvaging
from satark.evidence.images.webp import WebpScrubber
from satark.evidence.looks_reader import LooksReader
from satark.evidence.origin_reader import OriginReader
from satark.evidence.preview import Previewer
from satark.evidence.recordings.conversion import CONVERTED, ConversionScrubber
from satark.evidence.recordings.disguise import VoiceDisguise
from satark.evidence.recordings.mute import FilmMuter
from satark.evidence.recordings.salvage import SalvagingRemux

if TYPE_CHECKING:
    from satark.scrubber import Scrubber


def builtin_scrubbers(ffmpeg: str = "") -> list[Scrubber]:
    """Return every built-in scrubber. `ffmpeg`: the program's path; empty: the one that imageio-ffmpeg brings."""
    single: list[Scrubber] = [
        JpegScrubber(),
        PngScrubber(),
        WebpScrubber(),
        Salvaging(GifScrubber(), "GIF"),
        Salvaging(TiffScrubber(), "TIFF"),
        HeifScrubber(),
        Salvaging(BmpScrubber(), "BMP"),
        Salvaging(Jpeg2000Scrubber(), "JPEG2000"),
        SvgScrubber(),
        SalvagingRemux(ffmpeg),
        *(ConversionScrubber(mime, ffmpeg) for mime in CONVERTED),
        FilmMuter(ffmpeg),
        VoiceDisguise(ffmpeg),
        PdfScrubber(),
        OoxmlScrubber(),
        OldOfficeScrubber(),
        OpenDocumentScrubber(),
        TextScrubber(),
        MarkupScrubber(),
        VcardScrubber(),
        Previewer(ffmpeg),
        OriginReader(ffmpeg),
        LooksReader(),
    ]
    return [*single, ArchiveScrubber(single, FilmMuter(ffmpeg), ffmpeg)]
