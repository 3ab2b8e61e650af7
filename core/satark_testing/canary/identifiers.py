"""Made-up tipsters whose identifiers differ in every run, and no part of which occurs by chance."""

from __future__ import annotations

import io
import random
from typing import Final

import msgspec
from PIL import Image

_DIGITS: Final = "789"
"""The digits of numbers. No port, day or usual size has only these digits, so five of them do not occur by chance."""
_CONSONANTS: Final = "bdfgjklmpqrtvwxz"
_random: Final = random.SystemRandom()
_SLICES: Final = (0.4, 0.6, 0.8)
_SLICE_BYTES: Final = 24
IN_PARTS: Final = frozenset(
    {"phone", "wa_id", "BSUID", "Telegram id", "user name", "profile name", "user agent", "device tag"}
)
"""The kinds of identifiers whose parts identify a person as well."""


def make_tipster() -> dict[str, str]:
    """Make a tipster's identifiers on every medium: kind → identifier."""
    return {
        "phone": digits(12, "919"),
        "wa_id": digits(12, "919"),
        "BSUID": digits(17),
        "Telegram id": digits(10),
        "user name": word("{}"),
        "profile name": word("{} {}"),
        "IP address": f"2001:db8:{':'.join(f'{_random.randrange(0x1000, 0xFFFF):x}' for _ in range(4))}::1",
        "user agent": word("{}/9.8 (Linux; {} Build/{})"),
        "file name": word("{}.jpg"),
    }


class TipContent(msgspec.Struct, frozen=True):
    """What a tip tells: words, or a recording in their place, and a photo."""

    words: str
    recording: bytes
    device: str
    """The device's name in the photo's Exif block."""
    photo: bytes

    @classmethod
    def make(cls, sentence: str, size: int) -> TipContent:
        """Make a tip from a sentence with fields for made-up words. `size`: of its recording, in bytes."""
        device = word("Phone {}")
        recording = b"\0recording" + _random.randbytes(size)  # of no known type: sealed without being cleaned
        return cls(word(sentence), recording, device, _photo(device, size // 100))

    @property
    def identifiers(self) -> dict[str, str | bytes]:
        """The identifiers by kind: the words, slices of the files, and the device."""
        files = {"picture": self.photo, "voice": self.recording}
        return {"words": self.words, "device tag": self.device} | {
            f"{kind} {int(at * 10)}": data[int(len(data) * at) :][:_SLICE_BYTES]
            for kind, data in files.items()
            for at in _SLICES
        }


def digits(count: int, prefix: str = "") -> str:
    """Make a number, such as a mobile number without a plus sign."""
    return prefix + "".join(_random.choices(_DIGITS, k=count - len(prefix)))


def word(pattern: str) -> str:
    """Fill the fields of a pattern with made-up words."""
    return pattern.format(*("".join(_random.choices(_CONSONANTS, k=9)) for _ in range(pattern.count("{}"))))


def kind_of(name: str) -> str:
    """Return the kind of an identifier: its name without the numbers."""
    return name.rstrip("0123456789 ")


def _photo(device: str, side: int) -> bytes:
    """Make a JPEG whose Exif block names the device."""
    picture, exif = Image.frombytes("RGB", (side, side), _random.randbytes(side * side * 3)), Image.Exif()
    exif[0x0110], out = device, io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()
