"""Plain text and contact card specimens."""

from __future__ import annotations

from support.evidence.markers import HINDI, MARKER, SHOWN


def make_text(_: str, __: str, ___: bytes) -> bytes:
    """Make a text with invisible characters."""
    hidden = "\u200b".join("\u200c\u200d\u2060"[int(digit)] for digit in "0120")
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in MARKER)
    return f"\ufeff{SHOWN}{hidden}{tags}  \r\n{HINDI}\u00a0\r\n".encode()


def make_vcard(_: str, __: str, ___: bytes) -> bytes:
    """Make a contact card."""
    lines = (
        "BEGIN:VCARD", "VERSION:3.0", f"PRODID:-//{MARKER}//EN", f"UID:{MARKER}-uid", "REV:20261120T101112Z",
        "N:Singh;Raju;;;", "FN:Raju Singh", f"item1.TEL;TYPE=CELL;waid=919876543210;X-OWN={MARKER}:+91 98765 43210",
        "item1.X-ABLabel:" + MARKER, f"NOTE:{SHOWN}", "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 9, " " + "QUJD" * 9,
        f"X-WA-BIZ-NAME:{MARKER}", "END:VCARD", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()
