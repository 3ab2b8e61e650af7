"""Made-up identifiers of fourteen kinds and more. They differ in every run, and no part of one occurs by chance."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Mapping
from typing import Final

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

KINDS: Final = (
    "phone",
    "wa_id",
    "BSUID",
    "Telegram id",
    "user name",
    "profile name",
    "IP address",
    "user agent",
    "file name",
    "device tag",
    "GPS",
    "message id",
    "e-mail",
    "receipt code",
    "words",
    "picture",
    "voice",
    "cookie",
)
"""The kinds of identifiers that the canary plants."""
IN_PARTS: Final = frozenset(
    {"phone", "wa_id", "BSUID", "Telegram id", "user name", "profile name", "user agent", "device tag", "GPS", "e-mail"}
)
"""The kinds of identifiers whose parts identify a person as well."""
_DIGITS: Final = "789"
"""The digits of numbers. No port, day or usual size has only these digits, so five of them do not occur by chance."""
_CONSONANTS: Final = "bdfgjklmpqrtvwxz"
_PICTURE_SLICES: Final = (0.4, 0.6, 0.8)
_SLICE_BYTES: Final = 24
_DEGREES: Final = 87
_MINUTES: Final = 59
_SECOND: Final = 10_007
"""Denominator for the seconds of a photo's place. It is a prime, so that the fraction can't be reduced."""


class Identifiers:
    """Makes identifiers and stores them.

    Args:
        seed: makes the same identifiers again; None: different ones in every run.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - identifiers of nobody
        self.secrets: dict[str, str | bytes] = {}
        """Kind and number, such as `phone 2` → the identifier."""

    @property
    def in_parts(self) -> frozenset[str]:
        """The names of the identifiers whose parts are searched for too."""
        return frozenset(name for name in self.secrets if kind_of(name) in IN_PARTS)

    def remember(self, kind: str, value: str | bytes) -> None:
        """Store an identifier that was made elsewhere, such as a receipt code."""
        if value and value not in self.secrets.values():
            self.secrets[f"{kind} {sum(kind_of(name) == kind for name in self.secrets) + 1}"] = value

    def digits(self, kind: str, count: int, prefix: str = "") -> str:
        """Make a number."""
        value = prefix + "".join(self._random.choices(_DIGITS, k=count - len(prefix)))
        self.remember(kind, value.removeprefix("+").removeprefix("IN."))
        return value

    def phone(self, kind: str = "phone") -> str:
        """Make an Indian mobile number with its country code, without a plus sign."""
        return self.digits(kind, 12, "919")

    def word(self, kind: str, pattern: str = "{}") -> str:
        """Make a name from a pattern by filling its fields with made-up words."""
        words = ["".join(self._random.choices(_CONSONANTS, k=9)) for _ in range(pattern.count("{}"))]
        value = pattern.format(*words)
        self.remember(kind, value)
        return value

    def address(self) -> str:
        """Make an IP address in the block that is reserved for documentation (RFC 3849)."""
        groups = (f"{self._random.randrange(0x1000, 0xFFFF):x}" for _ in range(4))
        value = "2001:db8:" + ":".join(groups) + "::1"
        self.remember("IP address", value)
        return value

    def sentence(self, beginning: str) -> str:
        """Make the words of a tip: a sentence that ends in made-up words."""
        value = f"{beginning} {''.join(self._random.choices(_CONSONANTS, k=12))}"
        self.remember("words", value)
        return value

    def photo(self) -> bytes:
        """Make a JPEG whose Exif block names the device, its serial number, its owner and the place."""
        picture = Image.frombytes("RGB", (64, 48), self._random.randbytes(64 * 48 * 3))
        exif = Image.Exif()
        exif[0x0110] = self.word("device tag", "Phone {}")
        exif[0x013B] = self.word("device tag", "Owner {}")
        exif.get_ifd(0x8769)[0xA431] = self.word("device tag", "SN{}")
        seconds, degrees = self._place()
        place = (IFDRational(_DEGREES, 1), IFDRational(_MINUTES, 1), IFDRational(seconds, _SECOND))
        exif.get_ifd(0x8825).update({1: "N", 2: place, 3: "E", 4: place})
        self.remember("GPS", degrees)
        self.remember("GPS", struct.pack("<II", seconds, _SECOND))
        self.remember("GPS", struct.pack(">II", seconds, _SECOND))
        out = io.BytesIO()
        picture.save(out, "JPEG", exif=exif, quality=90)
        return self._slices("picture", out.getvalue())

    def _place(self) -> tuple[int, str]:
        """Draw a place. In decimal degrees, all its digits after the point are among `_DIGITS`.

        Returns:
            The numerator of its seconds (their denominator is `_SECOND`), and the place in decimal degrees.
        """
        while True:
            seconds = self._random.randrange(100_001, 599_999)
            degrees = f"{_DEGREES + _MINUTES / 60 + seconds / _SECOND / 3600:.6f}"
            if set(degrees.partition(".")[2]) <= set(_DIGITS):
                return seconds, degrees

    def voice(self) -> bytes:
        """Make a recording of no known type, so that it is sealed without being cleaned."""
        return self._slices("voice", b"\0recording" + self._random.randbytes(4096))

    def _slices(self, kind: str, data: bytes) -> bytes:
        for at in _PICTURE_SLICES:
            start = int(len(data) * at)
            self.remember(kind, data[start : start + _SLICE_BYTES])
        return data


def kind_of(name: str) -> str:
    """Return the kind of a stored identifier: its name without the number."""
    return name.rpartition(" ")[0]


def without(secrets: Mapping[str, str | bytes], *kinds: str) -> dict[str, str | bytes]:
    """Return the identifiers, except those of some kinds."""
    return {name: value for name, value in secrets.items() if kind_of(name) not in kinds}
