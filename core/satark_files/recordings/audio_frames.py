"""Reduces audio without a container to its complete frames, so that no other data hides between or after them.

ffmpeg reads these formats frame by frame, and copies the bytes between and after the frames, too.
"""

import re
from collections.abc import Callable
from typing import Final

from satark_files.scrubber import Unclean

# RFC 4867 sections 3.6 and 5.3: frame type → bytes of a frame after the first; other types do not exist.
_AMR: Final = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}
_AMR_WB: Final = {0: 17, 1: 23, 2: 32, 3: 36, 4: 40, 5: 46, 6: 50, 7: 58, 8: 60, 9: 5, 14: 0, 15: 0}
_AMR_PADDING, _AMR_GOOD, _AMR_SURE_FRAMES = 0x83, 0x04, 10
# ISO/IEC 11172-3 and 13818-3, section 2.4.2.3: kilobits a second of layer 3, and samples a second.
_KILOBITS: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_LOW: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES: Final = (44_100, 48_000, 32_000)
_MPEG_1: Final = 3
_DIVISOR: Final = {_MPEG_1: 1, 2: 2, 0: 4}
_MP3_SYNC: Final = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_MP3_KIND: Final = 0xFF0C
_ADTS_KIND: Final = 0xFFFF
_ADTS_SYNC: Final = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_ENCODER: Final = re.compile(rb"Lavc\d{1,3}\.\d{1,3}\.\d{1,3}")
"""The version that FFmpeg's encoder writes into the first frame, where no decoder reads it (`put_bitstream_info`)."""
_HEAD: Final = 7
"""Most bytes in the header of an AAC or MP3 frame."""
_FLAC_HEAD: Final = 16
_FLAC_LAST: Final = 1 << 21
"""Number of bytes at the end of a file among which its last frame begins."""


def frames_only(mime: str, data: bytes) -> bytes:
    """Return only the complete frames of a file that ffmpeg wrote, of one of the types in `MIMES`.

    Raises:
        Unclean: the file has none.
    """
    return _CUTTERS[mime](data)


def _amr(data: bytes, magic: bytes, sizes: dict[int, int]) -> bytes:
    runs = []
    at = len(magic)
    while at < len(data):
        end = _amr_run(data, at, sizes)
        runs.append(data[at:end])
        at = next((place for place in range(end + 1, len(data)) if _amr_resumes(data, place, sizes)), len(data))
    if not any(runs):
        raise Unclean("damaged")
    return magic + b"".join(runs)


def _amr_run(data: bytes, at: int, sizes: dict[int, int]) -> int:
    """Return the offset after the run of frames that starts at `at`, without damaged frames before other bytes."""
    end = at
    while at < len(data):
        size = sizes.get(data[at] >> 3 & 15)
        if size is None or data[at] & _AMR_PADDING or at + 1 + size > len(data):
            return end
        good = data[at] & _AMR_GOOD
        at += 1 + size
        end = at if good else end
    return at


def _amr_resumes(data: bytes, at: int, sizes: dict[int, int]) -> bool:
    """Whether enough good frames of one type start at `at` that they can't be there by chance."""
    size = sizes.get(data[at] >> 3 & 15, 0)
    good = size > 0 and data[at] & (_AMR_PADDING | _AMR_GOOD) == _AMR_GOOD
    return good and data[at : at + _AMR_SURE_FRAMES * (1 + size) : 1 + size] == data[at : at + 1] * _AMR_SURE_FRAMES


def _adts(data: bytes) -> bytes:
    frames = _synced(data, _ADTS_SYNC, _adts_size, _ADTS_KIND)
    return _ENCODER.sub(lambda found: b" " * len(found[0]), frames)


def _adts_size(head: bytes) -> int:
    """Return the 13-bit length of a frame, header included (ISO/IEC 13818-7 section 6.2), or 0 if it is no frame."""
    size = (int.from_bytes(head[3:6]) >> 5) & 0x1FFF
    return size if size > _HEAD else 0


def _synced(
    data: bytes,
    sync: re.Pattern[bytes],
    size_of: Callable[[bytes], int],
    kind: int,
) -> bytes:
    """Return the frames that have a sync word and a size, and are of one kind with the frame before or after.

    `kind`: the bits of a header's second and third byte that tell the frame's kind.
    """
    kept: list[bytes] = []
    at = 0
    while found := sync.search(data, at):
        at = found.start()
        head = data[at : at + _HEAD].ljust(_HEAD, b"\0")
        size = size_of(head)
        beside = (kept[-1] if kept else b"", data[at + size : at + size + _HEAD])
        is_frame = 0 < size <= len(data) - at and any(
            len(one) >= _HEAD and not (int.from_bytes(one[1:3]) ^ int.from_bytes(head[1:3])) & kind for one in beside
        )
        if is_frame:
            kept.append(data[at : at + size])
        at += size if is_frame else 1
    if not kept:
        raise Unclean("damaged")
    return b"".join(kept)


def _mp3_size(head: bytes) -> int:
    """Return a frame's size in bytes; 0: this is no header, or a header without a length."""
    version, kilobits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _DIVISOR or kilobits in (0, 15) or rate == len(_RATES):
        return 0
    bits = (_KILOBITS if version == _MPEG_1 else _KILOBITS_LOW)[kilobits] * 1000
    samples = 144 if version == _MPEG_1 else 72
    return samples * bits // (_RATES[rate] // _DIVISOR[version]) + (head[2] >> 1 & 1)


def _flac(data: bytes) -> bytes:
    """Remove the bytes after the last frame, which ends where its checksum (RFC 9639 section 9.3) is right."""
    begin = len(data)
    while (begin := max(data.rfind(b"\xff\xf8", 0, begin + 1), data.rfind(b"\xff\xf9", 0, begin + 1))) >= 0:
        if len(data) - begin > _FLAC_LAST:
            break
        if _flac_head(data, begin) and (end := _flac_end(data, begin)):
            return data[:end]
        begin -= 1
    raise Unclean("damaged")


def _flac_head(data: bytes, at: int) -> int:
    """Return the size of a frame header in bytes (RFC 9639 section 9.1); 0: its checksum is wrong."""
    head = data[at : at + _FLAC_HEAD].ljust(_FLAC_HEAD, b"\0")
    coded = 1 if head[4] < 0x80 else 8 - (head[4] ^ 0xFF).bit_length()  # noqa: PLR2004 - coded as UTF-8 is
    length = 5 + coded + {6: 1, 7: 2}.get(head[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    return 0 if _crc(head[:length], 8, 0x07)[-1] else length


def _flac_end(data: bytes, at: int) -> int:
    """Return the offset after a frame, which ends with its checksum; 0: none. Zeros after a frame match too."""
    sums = _crc(data[at:], 16, 0x8005)
    ends = {end for end in range(at + 3, len(data) + 1) if sums[end - at - 3] == int.from_bytes(data[end - 2 : end])}
    return max((end for end in ends if end - 1 not in ends), default=0)


def _crc(data: bytes, bits: int, polynomial: int) -> list[int]:
    """Return the checksum (CRC) of the data up to each byte."""
    table = [_shifted(byte << bits - 8, bits, polynomial) for byte in range(256)]
    mask, sums, so_far = (1 << bits) - 1, [], 0
    for byte in data:
        so_far = (so_far << 8 & mask) ^ table[so_far >> bits - 8 ^ byte]
        sums.append(so_far)
    return sums


def _shifted(value: int, bits: int, polynomial: int) -> int:
    for _ in range(8):
        value = (value << 1 ^ (polynomial if value >> bits - 1 else 0)) & ((1 << bits) - 1)
    return value


_CUTTERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "audio/amr": lambda data: _amr(data, b"#!AMR\n", _AMR),
    "audio/amr-wb": lambda data: _amr(data, b"#!AMR-WB\n", _AMR_WB),
    "audio/aac": _adts,
    "audio/mpeg": lambda data: _synced(data, _MP3_SYNC, _mp3_size, _MP3_KIND),
    "audio/flac": _flac,
}
MIMES: Final = frozenset(_CUTTERS)
"""The MIME types whose frames are recognised here."""
