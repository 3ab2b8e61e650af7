"""Document specimens as office programs make them, with markers in every kind of metadata.

Each shows the text `SHOWN`, so that a test can check that the visible text is kept.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pikepdf
from pikepdf import Pdf

from support.evidence.documents.markup import make_markup
from support.evidence.documents.office import FORMATS, make_office
from support.evidence.documents.opendocument import OPEN, make_open_document
from support.evidence.documents.pdf import make_pdf
from support.evidence.documents.plain import make_text, make_vcard
from support.evidence.markers import HINDI, MARKER, SHOWN

__all__ = ["DOCUMENTS", "HINDI", "MARKER", "SHOWN", "document", "unpacked"]

_MACRO = "application/vnd.ms-{}.macroEnabled.12"

DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    "application/pdf": ("pdf", "pdf-layers", "pdf-grown"),
    f"{FORMATS}wordprocessingml.document": ("docx",),
    f"{FORMATS}spreadsheetml.sheet": ("xlsx",),
    f"{FORMATS}presentationml.presentation": ("pptx",),
    _MACRO.format("word.document"): ("docm",),
    _MACRO.format("excel.sheet"): ("xlsm",),
    _MACRO.format("powerpoint.presentation"): ("pptm",),
    f"{OPEN}text": ("odt",),
    f"{OPEN}spreadsheet": ("ods",),
    f"{OPEN}presentation": ("odp",),
    "text/plain": ("txt",),
    "text/vcard": ("vcf",),
    "text/html": ("html",),
    "message/rfc822": ("eml",),
    "application/zip": ("zip",),
}
"""MIME type → the names of its specimens."""


def document(name: str, photo: bytes) -> bytes:
    """Make a document specimen; `photo` is a JPEG with markers, to embed in it."""
    kind, _, variant = name.partition("-")
    return _MAKERS[kind](kind, variant, photo)


_MAKERS: Mapping[str, Callable[[str, str, bytes], bytes]] = {
    **dict.fromkeys(("docx", "xlsx", "pptx", "docm", "xlsm", "pptm"), make_office),
    **dict.fromkeys(("odt", "ods", "odp"), make_open_document),
    "pdf": make_pdf,
    "txt": make_text,
    "vcf": make_vcard,
    **dict.fromkeys(("html", "eml", "zip"), make_markup),
}


def unpacked(data: bytes) -> bytes:
    """Return the uncompressed content of a document, so that markers can be searched in it."""
    if data.startswith(b"%PDF"):
        out = io.BytesIO()
        with Pdf.open(io.BytesIO(data)) as pdf:
            pdf.save(
                out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.specialized,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )  # fmt: skip
        return out.getvalue()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return b"\n".join(name.encode() + b"\n" + file.read(name) for name in file.namelist()) + file.comment
    return data
