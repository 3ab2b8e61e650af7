"""Removes or finds metadata inside the coded streams of recordings.

Cameras can write the owner's name or the place between the frames (SEI messages, user data), and encoders write their
settings there. In H.264 and H.265 only the units that make up a frame are kept (ITU-T H.264 table 7-1, H.265 table
7-1). In MPEG-2 and Motion JPEG all units are kept except those that can hold text (H.262 section 6.2.2, T.81 table
B.1). Every frame decodes as before. `CodecRules` has the ffmpeg filters for that.

Metadata that no filter removes is overwritten in place, so that nothing else in the file moves:

- user data in MPEG-1 and MPEG-4 video (ISO/IEC 11172-2 section 2.4.2, 14496-2 section 6.2.2), except the
  encoder's mark, which decoders read;
- comments in Vorbis and Theora headers, which ffmpeg copies into Matroska, WebM and MP4: the block becomes a
  vendor string of spaces, followed by no comment (Vorbis I specification, section 5.2);
- SEI messages in the HEVC configuration record, where x265 writes its name (ISO/IEC 14496-15 section 8.3.2.1): the
  other arrays move up, and zeros fill the rest of the record.

In a damaged AIFF or WAV file the sound chunk overlaps the chunks after it, and ffmpeg reads the names and comments in
these as samples: `holds_metadata` finds them.
"""

import mmap
import re
from pathlib import Path
from typing import Final

import msgspec

from satark_files.scrubber import Unclean


class CodecRules(msgspec.Struct, frozen=True, kw_only=True):
    """How metadata is removed from the video stream of one codec, as options of ffmpeg."""

    filters: tuple[str, ...] = ()
    """Filters for writing the clean copy."""
    compared: tuple[str, ...] = ()
    """Filters for hashing the data that must be equal in the original and the copy."""
    has_user_data: bool = False
    """Whether the codec has metadata that no filter removes, so that this module has to overwrite it."""


def _filter_units(types: str) -> tuple[str, str]:
    return ("-bsf:v", f"filter_units={types}")


_AVC, _MPEG2 = _filter_units("pass_types=1-5|7-11|13-15|19-21"), _filter_units("remove_types=178")
_AV1 = _filter_units("pass_types=1-4|6-7")
_RULES: Final = {
    "h264": CodecRules(filters=_AVC, compared=_AVC),
    # MP4 has the parameter sets in its header, and ffmpeg then leaves out those among the frames.
    "hevc": CodecRules(
        filters=_filter_units("pass_types=0-9|16-21|32-37"), compared=_filter_units("pass_types=0-9|16-21")
    ),
    "mpeg2video": CodecRules(filters=_MPEG2, compared=_MPEG2),
    # Some cameras write whole Exif blocks into the frames. The removed segments may define colours: compare decoded.
    "mjpeg": CodecRules(filters=_filter_units("remove_types=224-239|254"), compared=("-c:v", "rawvideo")),
    # AV1 specification, section 6.2.2: all units but metadata, such as the messages of ITU-T T.35, and padding.
    "av1": CodecRules(filters=_AV1, compared=_AV1),
    "mpeg4": CodecRules(has_user_data=True),
    "mpeg1video": CodecRules(has_user_data=True),
}
_CODEC: Final = re.compile(rb"Stream #0:.*: Video: (\w+)(?!.*\(attached pic\))")
_NO_FILTER: Final = CodecRules()
_WITHOUT_TEXT: Final = frozenset(
    "vp8 vp9 theora h263 flv1 vp6f vp6 wmv1 wmv2 wmv3 msmpeg4v1 msmpeg4v2 msmpeg4v3 prores".split()  # noqa: SIM905 - a list of names
)
"""Codecs whose frames have no place for text. Frames of others may be whole pictures with tags, such as PNG."""


def rules_for(report: bytes) -> CodecRules:
    """Return the rules for the codec that ffmpeg's report on a file names.

    Raises:
        Unclean: nobody knows what the frames of this codec may hold.
    """
    found = _CODEC.search(report)
    name = found[1].decode() if found else ""
    if name and name not in _RULES and name not in _WITHOUT_TEXT:
        raise Unclean("unsupported")
    return _RULES.get(name, _NO_FILTER)


_START: Final = b"\0\0\1\xb2"
_WORDS: Final = re.compile(rb"\x00\x00\x01\xb2(.*?)\x00*(?=\x00\x00\x01|\Z)", re.DOTALL)
_ENCODER: Final = re.compile(rb"Lavc[\d.]*|(?i:ffmpeg)[\d.]*|XviD\d{1,4}C?|DivX\d{3,4}(b|Build)\d{1,4}p?")
"""An encoder's mark, by which decoders work around the encoder's bugs (FFmpeg, mpeg4videodec.c, `decode_user_data`)."""


def find_user_data(stream: bytes) -> set[bytes]:
    """Return the user data of a coded stream, except encoders' marks and spaces."""
    return {
        user_data
        for user_data in set(_WORDS.findall(stream))
        if user_data.strip(b" ") and not _ENCODER.fullmatch(user_data)
    }


def blank_user_data(path: Path, user_data: set[bytes]) -> None:
    """Overwrite these user data with spaces in one pass: some cameras write other data with every frame."""
    lengths = sorted({len(one) for one in user_data}, reverse=True)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = content.find(_START) if user_data else -1
        while at >= 0:
            begin = at + len(_START)
            found = next((length for length in lengths if content[begin : begin + length] in user_data), 0)
            content[begin : begin + found] = b" " * found
            at = content.find(_START, begin + found)


HEAD: Final = 1 << 20
"""Number of bytes at the beginning of a file from ffmpeg that hold all headers. The frames follow."""
_COMMENTS: Final = re.compile(rb"\x03vorbis|\x81theora")


def blank_comments(path: Path) -> None:
    """Blank the comments of a file that ffmpeg wrote, if there are any."""
    with path.open("r+b") as file:
        head = file.read(HEAD)
        for found in _COMMENTS.finditer(head):
            end = _end(head, found.end())
            if end <= len(head):
                file.seek(found.end())
                file.write(_blank(end - found.end()))


def _blank(size: int) -> bytes:
    vendor = size - 8
    return vendor.to_bytes(4, "little") + b" " * vendor + bytes(4)


def _end(head: bytes, at: int) -> int:
    """Return the offset after the last comment."""
    at = _after_text(head, at)
    count = int.from_bytes(head[at : at + 4], "little")
    at += 4
    while count and at <= len(head):
        at = _after_text(head, at)
        count -= 1
    return at if not count else len(head) + 1


def _after_text(head: bytes, at: int) -> int:
    return at + 4 + int.from_bytes(head[at : at + 4], "little")


_FIXED = 22
_PREFIX_MESSAGE, _SUFFIX_MESSAGE = 39, 40
_IN_MP4 = re.compile(rb"(....)hvcC\x01", re.DOTALL)
_IN_MATROSKA = re.compile(rb"\x63\xa2([\x81-\xfe]|[\x40-\x7f].|[\x20-\x3f]..)\x01", re.DOTALL)


def remove_messages(path: Path) -> None:
    """Remove the SEI messages from the HEVC configuration record of a file that ffmpeg wrote, if there are any."""
    with path.open("r+b") as file:
        head = file.read(HEAD)
        for start, end in _records(head):
            record = head[start:end]
            clean = without_messages(record)
            if clean != record:
                file.seek(start)
                file.write(clean)


def _records(head: bytes) -> list[tuple[int, int]]:
    mp4 = [(found.end() - 1, found.start() + int.from_bytes(found[1])) for found in _IN_MP4.finditer(head)]
    private = _IN_MATROSKA.finditer(head) if b"V_MPEGH/ISO/HEVC" in head else ()  # H.264 has a record of its own
    matroska = [(found.end() - 1, found.end() - 1 + _ebml_size(found[1])) for found in private]
    return [(start, end) for start, end in (*mp4, *matroska) if start < end <= len(head)]


def _ebml_size(coded: bytes) -> int:
    # RFC 8794 section 4: the first bit that is set marks the length of the size.
    return int.from_bytes(coded) & ((1 << 7 * len(coded)) - 1)


def without_messages(record: bytes) -> bytes:
    """Return the record without its SEI messages, filled up to its length, or unchanged if it can't be parsed."""
    kept: list[bytes] = []
    at = _FIXED + 1
    for _ in range(record[_FIXED] if len(record) > _FIXED else 0):
        end = _array_end(record, at)
        if end > len(record):
            return record
        if record[at] & 0x3F not in (_PREFIX_MESSAGE, _SUFFIX_MESSAGE):
            kept.append(record[at:end])
        at = end
    return (record[:_FIXED] + bytes([len(kept)]) + b"".join(kept)).ljust(len(record), b"\0")[: len(record)]


def _array_end(record: bytes, at: int) -> int:
    units = int.from_bytes(record[at + 1 : at + 3])
    end = at + 3
    for _ in range(units):
        end += 2 + int.from_bytes(record[end : end + 2])
        if end > len(record):
            break
    return end


# Chunks that hold text or tags: AIFF 1.3 sections 8 to 15; RIFF with EBU Tech 3285, AES46, and what recorders add.
_IDS: Final = (
    b"ANNO", b"APPL", b"AUTH", b"COMT", b"DISP", b"ID3 ", b"LIST", b"NAME", b"_PMX", b"aXML", b"axml", b"bext", b"cart",
    b"(c) ", b"iXML", b"id3 ",
)  # fmt: skip
_SIZES: Final = {"audio/aiff": rb"\0[\s\S]{3}", "audio/wav": rb"[\s\S]{3}\0"}
"""MIME type → pattern of a chunk's size below 16 MB, in the type's byte order. Samples seldom match it."""
_HEADS: Final = {
    mime: re.compile(b"(?:" + b"|".join(map(re.escape, _IDS)) + b")" + size) for mime, size in _SIZES.items()
}
_HEAD_BYTES: Final = 8
_BLOCK_BYTES: Final = 1 << 20

MIMES: Final = frozenset(_HEADS)
"""The MIME types that are searched."""


def holds_metadata(mime: str, path: Path) -> bool:
    """Whether a chunk of metadata begins anywhere in a file that ffmpeg wrote; ffmpeg itself writes no such chunk."""
    with path.open("rb") as file:
        block = b""
        while more := file.read(_BLOCK_BYTES):
            block = block[1 - _HEAD_BYTES :] + more
            if _HEADS[mime].search(block):
                return True
    return False
