"""The built-in scrubbers."""

from satark_files.documents.markup import MarkupScrubber
from satark_files.documents.ooxml import OoxmlScrubber
from satark_files.documents.opendocument import OpenDocumentScrubber
from satark_files.documents.pdf import PdfScrubber
from satark_files.documents.plain_text import TextScrubber
from satark_files.documents.vcard import VcardScrubber
from satark_files.documents.zip_scrubber import ArchiveScrubber
from satark_files.images.jpeg import JpegScrubber
from satark_files.images.reencode import BmpScrubber, GifScrubber, HeifScrubber, PngScrubber, TiffScrubber, WebpScrubber
from satark_files.origin_reader import OriginReader
from satark_files.preview import LooksReader, Previewer
from satark_files.recordings.salvage import CONVERTED, ConversionScrubber, SalvagingRemux
from satark_files.recordings.voice import FilmMuter, VoiceDisguise
from satark_files.scrubber import Scrubber


def builtin_scrubbers() -> list[Scrubber]:
    single: list[Scrubber] = [
        JpegScrubber(), PngScrubber(), WebpScrubber(), GifScrubber(), TiffScrubber(), HeifScrubber(), BmpScrubber(),
        SalvagingRemux(),
        *(ConversionScrubber(mime) for mime in CONVERTED), FilmMuter(), VoiceDisguise(), PdfScrubber(), OoxmlScrubber(),
        OpenDocumentScrubber(), TextScrubber(), MarkupScrubber(), VcardScrubber(), Previewer(), OriginReader(),
        LooksReader(),
    ]  # fmt: skip
    return [*single, ArchiveScrubber(single, FilmMuter())]
