"""The target of a QR code (a WhatsApp chat with `Hi` already typed, or the web form), and the code as an image."""

import io
import re
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
import segno

Kind: TypeAlias = Literal["whatsapp", "form"]

_NUMBER: Final = re.compile(r"[1-9][0-9]{7,14}")
"""A telephone number (ITU-T E.164): it begins with the country code and has at most 15 digits."""
_SPACING: Final = re.compile(r"[\s().+-]")
_USERNAME: Final = re.compile(r"(?!www)(?!.*\.\.)(?=.*[a-z])[a-z0-9_][a-z0-9._]{1,33}[a-z0-9_]", re.IGNORECASE)
"""A business's username (Meta, "Business-scoped user IDs")."""


class QrTargetError(ValueError):
    """The number or URL is not a valid target; the message says what a valid target is."""


class QrTarget(msgspec.Struct, frozen=True):
    kind: Kind
    url: str
    typed: str
    """The phone number or address that people type if they can't scan the code."""

    def code(self) -> segno.QRCode:
        """Return the QR code; it can be read even if a quarter of it is dirty or torn (level Q, ISO/IEC 18004)."""
        return segno.make_qr(self.url, error="q", boost_error=False)


def whatsapp_target(number: str, username: str = "") -> QrTarget:
    """Return the target for a WhatsApp chat with a number; with a username, people search for it.

    The number includes the country code, and may contain spaces, dots, hyphens, brackets and a plus. WhatsApp documents
    the address in "How to use click to chat"; it has none for a username.

    Raises:
        QrTargetError: the number or the username is not valid.
    """
    digits = _SPACING.sub("", number)
    if not _NUMBER.fullmatch(digits):
        raise QrTargetError(f"{number!r} is not a phone number with its country code, such as +91 98765 43210")
    if username and not _USERNAME.fullmatch(username):
        raise QrTargetError(f"{username!r} is not a WhatsApp username, such as satark.varanasi")
    typed = f"+{digits}  @{username}" if username else f"+{digits}"
    return QrTarget("whatsapp", f"https://wa.me/{digits}?text=Hi", typed)


def form_target(url: str) -> QrTarget:
    """Return the target for the web form at a URL.

    Raises:
        QrTargetError: the URL is neither https nor an onion service, or holds more than an address.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host.endswith(".onion")):
        raise QrTargetError(f"{url!r} is neither an https:// address nor an http:// address of an onion service")
    if not host or parts.query or parts.fragment or parts.username is not None:
        raise QrTargetError(
            f"{url!r} must be a plain address, such as https://tips.example.in/, without query, fragment or user"
        )
    return QrTarget("form", url, url.removeprefix(f"{parts.scheme}://").rstrip("/"))


Format: TypeAlias = Literal["png", "svg"]

DOTS_PER_INCH: Final = 300
_INCH: Final = 25.4
"""Number of millimetres in an inch."""
_BORDER: Final = 4
"""Width of the white border around a code, in modules (ISO/IEC 18004)."""


def render_qr_code(target: QrTarget, form: Format, millimetres: int) -> bytes:
    """Render a QR code about this wide, including its white border. A PNG is for printing at 300 dots per inch."""
    code = target.code()
    across = code.symbol_size(border=_BORDER)[0]
    out = io.BytesIO()
    if form == "svg":
        code.save(out, kind="svg", border=_BORDER, scale=millimetres / across, unit="mm", light="white")
    else:
        dots = max(1, round(millimetres / _INCH * DOTS_PER_INCH / across))
        code.save(out, kind="png", border=_BORDER, scale=dots, dpi=DOTS_PER_INCH)
    return out.getvalue()
