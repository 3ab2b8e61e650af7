"""Specimens of HTML, mail, maps, drawings and archives, with markers in places that a reader does not see."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

from support.evidence.markers import HINDI, MARKER, SHOWN


def make_markup(kind: str, _: str, photo: bytes) -> bytes:
    """Make the specimen of this kind; `photo` is a JPEG with markers."""
    if kind == "eml":
        return _mail(photo)
    if kind == "zip":
        return _archive(photo)
    return _HTML.encode()


_HTML = f"""<!DOCTYPE html><html><head><title>{MARKER}</title><meta name="author" content="{MARKER}">
<style>/* {MARKER} */</style></head><body><!-- {MARKER} --><h1>{SHOWN}</h1><p>{HINDI}</p>
<p style="display: none">{MARKER}</p><span hidden>{MARKER}</span><script>var x = "{MARKER}";</script>
<a href="https://example.com/unsubscribe?who={MARKER}">link</a><img src="x.png" alt="{MARKER}"></body></html>"""


def _mail(photo: bytes) -> bytes:
    mail = EmailMessage()
    mail["Received"] = f"from {MARKER} by mail.example.in"
    for name in ("From", "To", "Cc", "Reply-To"):
        mail[name] = f"{MARKER} <{MARKER.lower()}@example.in>"
    mail["Message-ID"] = f"<{MARKER}@example.in>"
    mail["X-Mailer"] = MARKER
    mail["Subject"] = SHOWN
    mail.set_content(f"{SHOWN}\n{HINDI}\n")
    mail.add_alternative(_HTML, subtype="html")
    mail.add_attachment(photo, maintype="image", subtype="jpeg", filename=f"{MARKER}.jpg")
    return mail.as_bytes()


def _archive(photo: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = MARKER.encode()
        archive.writestr(f"{MARKER}/_chat.txt", f"{SHOWN}\n{HINDI}\n")
        archive.writestr("IMG-20261120-WA0001.jpg", photo)
        archive.writestr("AUD-20261120-WA0002.wav", b"RIFF\x24\0\0\0WAVEfmt " + MARKER.encode())
        archive.writestr("contact.vcf", f"BEGIN:VCARD\r\nFN:{MARKER}\r\nEND:VCARD\r\n")
    return out.getvalue()
