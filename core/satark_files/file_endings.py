"""Gives the file name ending of each type, for exported files: the name that a file came with is never used.

The table is fixed: that of Python's `mimetypes` differs from machine to machine and lacks most recordings.
"""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENDINGS", "UNKNOWN", "ending_of"]

UNKNOWN = ".bin"
"""The ending of a type that is not in the table."""

_FORMATS, _MACROS = "application/vnd.openxmlformats-officedocument.", "application/vnd.ms-"
_OPEN = "application/vnd.oasis.opendocument."
ENDINGS: Mapping[str, str] = MappingProxyType({
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif", "image/tiff": ".tiff",
    "image/jp2": ".jp2", "image/bmp": ".bmp", "image/heic": ".heic", "image/avif": ".avif",
    "video/mp4": ".mp4", "video/quicktime": ".mov", "video/3gpp": ".3gp", "video/3gpp2": ".3g2", "video/mp2t": ".ts",
    "video/mpeg": ".mpg", "video/x-flv": ".flv", "video/x-ms-wmv": ".wmv", "video/webm": ".webm",
    "video/x-matroska": ".mkv", "video/x-msvideo": ".avi", "video/ogg": ".ogv", "video/h264": ".264",
    "video/h265": ".265", "video/x-dav": ".dav", "video/x-imkh": ".mp4",
    "audio/ogg": ".ogg", "audio/mp4": ".m4a", "audio/mpeg": ".mp3", "audio/aac": ".aac", "audio/amr": ".amr",
    "audio/amr-wb": ".awb", "audio/wav": ".wav", "audio/aiff": ".aiff", "audio/flac": ".flac", "audio/x-ms-wma": ".wma",
    "audio/x-caf": ".caf", "audio/basic": ".au", "audio/ac3": ".ac3", "audio/mp2": ".mp2", "audio/x-tta": ".tta",
    "audio/x-wavpack": ".wv", "audio/vnd.dts": ".dts", "audio/x-silk": ".silk", "audio/x-ape": ".ape",
    "audio/x-dss": ".dss", "application/gpx+xml": ".gpx",
    "application/pdf": ".pdf", "application/zip": ".zip", "application/rtf": ".rtf", "application/json": ".json",
    "application/xml": ".xml", "application/postscript": ".ps", "application/msword": ".doc",
    "application/vnd.google-earth.kml+xml": ".kml", "application/x-ole-storage": ".ole",
    f"{_FORMATS}wordprocessingml.document": ".docx", f"{_FORMATS}spreadsheetml.sheet": ".xlsx",
    f"{_FORMATS}presentationml.presentation": ".pptx", f"{_MACROS}word.document.macroEnabled.12": ".docm",
    f"{_MACROS}excel.sheet.macroEnabled.12": ".xlsm", f"{_MACROS}powerpoint.presentation.macroEnabled.12": ".pptm",
    f"{_MACROS}excel": ".xls", f"{_MACROS}powerpoint": ".ppt",
    f"{_OPEN}text": ".odt", f"{_OPEN}spreadsheet": ".ods", f"{_OPEN}presentation": ".odp", f"{_OPEN}graphics": ".odg",
    "message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "text/vcard": ".vcf", "text/calendar": ".ics",
})  # fmt: skip
"""MIME type, as Satark names it by a file's content, → ending."""


def ending_of(mime: str) -> str:
    """Return the ending of a type, with its dot; the type's parameters, such as a character set, are ignored."""
    return ENDINGS.get(mime.partition(";")[0].strip(), UNKNOWN)
