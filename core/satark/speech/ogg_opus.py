"""Codes sound as Opus clips with ffmpeg, and joins clips into one voice note, without decoding them.

All clips are coded alike: one channel, frames of 20 ms. So the packets of one clip may follow those of another.

Source: RFC 3533 (pages of Ogg), RFC 7845 (Opus in Ogg), RFC 6716 (Opus packets).
"""

import os
import struct
import subprocess
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from satark_files.recordings.ffmpeg import find_program

FRAME_SAMPLES: Final = 960
"""Number of samples in one packet: 20 ms at 48 kHz, the rate in which Opus counts."""
PRE_SKIP: Final = 312
"""Number of samples that a decoder drops at the start (RFC 7845 section 4.2): libopus needs 6.5 ms."""

_PAGE: Final = struct.Struct("<4sBBqIIIB")
_HEAD: Final = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, 48_000, 0, 0)
_TAGS: Final = struct.pack("<8sI6sI", b"OpusTags", 6, b"satark", 0)
_FIRST, _LAST = 2, 4
_FULL: Final = 255
_PACKETS_A_PAGE: Final = 50
_HEADERS: Final = 2
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class NotOpusError(ValueError):
    """A file is not an Ogg file with one Opus stream."""


def read_packets(data: bytes) -> tuple[bytes, ...]:
    """Return the coded packets of a file, without its two headers.

    Raises:
        NotOpusError: the data is no Ogg Opus file, or is damaged.
    """
    packets = tuple(_packets(data))
    if len(packets) < _HEADERS or not packets[0].startswith(b"OpusHead"):
        raise NotOpusError("not an Ogg file with Opus")
    return packets[_HEADERS:]


def write_file(packets: Sequence[bytes]) -> bytes:
    """Return an Ogg file of these packets, each of which has `FRAME_SAMPLES` samples."""
    pages = [_page([_HEAD], 0, 0, _FIRST), _page([_TAGS], 0, 1, 0)]
    for start in range(0, len(packets), _PACKETS_A_PAGE):
        part = packets[start : start + _PACKETS_A_PAGE]
        done = start + len(part)
        flags = _LAST if done == len(packets) else 0
        pages.append(_page(part, PRE_SKIP + done * FRAME_SAMPLES, len(pages), flags))
    return b"".join(pages)


def seconds(packets: Sequence[bytes]) -> float:
    """Return the playing time of packets in seconds."""
    return len(packets) * FRAME_SAMPLES / 48_000


def _packets(data: bytes) -> Iterator[bytes]:
    at, begun = 0, b""
    while at < len(data):
        sizes, at = _page_sizes(data, at)
        for size in sizes:
            if at + size > len(data):
                raise NotOpusError("the file is truncated")
            begun += data[at : at + size]
            at += size
            if size < _FULL:
                yield begun
                begun = b""


def _page_sizes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the sizes of a page's segments, and the offset of the first of them."""
    if data[at : at + 4] != b"OggS" or at + _PAGE.size > len(data):
        raise NotOpusError("not an Ogg file")
    body = at + _PAGE.size + data[at + _PAGE.size - 1]
    return data[at + _PAGE.size : body], body


def _page(packets: Iterable[bytes], granule: int, number: int, flags: int) -> bytes:
    packets = tuple(packets)
    sizes = b"".join(b"\xff" * (len(one) // _FULL) + bytes([len(one) % _FULL]) for one in packets)
    body = sizes + b"".join(packets)
    unsigned = _PAGE.pack(b"OggS", 0, flags, granule, 1, number, 0, len(sizes)) + body
    return _PAGE.pack(b"OggS", 0, flags, granule, 1, number, _checksum(unsigned), len(sizes)) + body


def _checksum(data: bytes) -> int:
    """Return Ogg's CRC (RFC 3533 section 6): zlib's polynomial, with the bits in reverse order."""
    reflected = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REVERSED), "big")


KILOBITS: Final = 20
"""Kilobits a second at which speech is clear. A minute takes 150 kB."""
MOST_SECONDS: Final = 120
"""Most seconds that coding one batch of files may take."""

_FILES_AT_ONCE: Final = 40
_CODED: Final = (
    "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", f"{KILOBITS}k", "-application", "voip",
    "-frame_duration", "20", "-compression_level", "4", "-map_metadata", "-1", "-f", "ogg",
)  # fmt: skip
_SAFE: Final = ("-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe", "-y")


class EncoderError(Exception):
    """ffmpeg failed or took too long; the message says nothing about the sound."""


def encode_files(files: Mapping[Path, Path]) -> None:
    """Code sound files: source → target. Blocks.

    Raises:
        EncoderError: a file can't be read, or ffmpeg took too long.
    """
    pairs = list(files.items())
    for start in range(0, len(pairs), _FILES_AT_ONCE):
        batch = pairs[start : start + _FILES_AT_ONCE]
        sources = [part for source, _ in batch for part in ("-i", f"file:{source}")]
        targets = [
            part for at, (_, target) in enumerate(batch) for part in ("-map", f"{at}:a:0", *_CODED, f"file:{target}")
        ]
        _run([*sources, *targets], b"")


def encode(wav: bytes) -> bytes:
    """Code one WAV file; return the Ogg file. Blocks.

    Raises:
        EncoderError: the file can't be read, or ffmpeg took too long.
    """
    return _run(["-f", "wav", "-i", "pipe:0", *_CODED, "pipe:1"], wav)


def _run(arguments: list[str], given: bytes) -> bytes:
    command = [find_program(), *_SAFE, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, input=given or None, capture_output=True, check=True, timeout=MOST_SECONDS,
            env={"PATH": os.defpath},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise EncoderError(f"ffmpeg failed ({type(error).__name__})") from None
    return done.stdout
