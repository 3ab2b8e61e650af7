"""Where a code leads: a chat on WhatsApp with `Hi` already typed, or the form."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
import segno

Kind: TypeAlias = Literal["whatsapp", "form"]

_NUMBER: Final = re.compile(r"[1-9][0-9]{7,14}")
"""ITU-T E.164: country code first, 15 digits at most."""
_SPACING: Final = re.compile(r"[\s().+-]")


class TargetError(ValueError):
    """The code would lead nowhere; the message says what to give instead."""


class Target(msgspec.Struct, frozen=True):
    """Where a code leads."""

    kind: Kind
    url: str
    typed: str
    """What somebody types who can't scan: a phone number, or an address."""

    def code(self) -> segno.QRCode:
        """The code, so that it still reads with a quarter of it dirty or torn (level Q, ISO/IEC 18004)."""
        return segno.make_qr(self.url, error="q", boost_error=False)


def whatsapp(number: str) -> Target:
    """Lead to a chat with this number (digits, with the country code; spaces, hyphens and a plus may stand in it).

    Source of the address: WhatsApp, "How to use click to chat".

    Raises:
        TargetError: it is no such number.
    """
    digits = _SPACING.sub("", number)
    if not _NUMBER.fullmatch(digits):
        raise TargetError(f"{number!r} is no phone number with its country code, such as +91 98765 43210")
    return Target("whatsapp", f"https://wa.me/{digits}?text=Hi", f"+{digits}")


def form(url: str) -> Target:
    """Lead to the form at this address.

    Raises:
        TargetError: it is no address that a stranger's phone can reach safely.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host.endswith(".onion")):
        raise TargetError(f"{url!r} is no address that begins with https:// (or an onion service's, with http://)")
    if not host or parts.query or parts.fragment or parts.username is not None:
        raise TargetError(f"{url!r} must be an address alone, such as https://tips.example.in/")
    return Target("form", url, url.removeprefix(f"{parts.scheme}://").rstrip("/"))
