"""Archives and mails in archives and mails, with markers in names, comments, extra fields and headers."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage

from support.evidence.markers import HINDI, MARKER, SHOWN

_EPUB_PAGE = (
    '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head>'
    f'<title>{MARKER}</title><meta name="author" content="{MARKER}"/></head><body><p>{SHOWN}</p>'
    f"<p>{HINDI}</p></body></html>"
)
_HTML = f"<html><head><title>x</title></head><body><p>{SHOWN}</p><p>{HINDI}</p></body></html>"


def zipped(members: Mapping[str, bytes | str], *, extra: bytes = b"", comment: str = "") -> bytes:
    """Return a ZIP file whose members all have this extra field and comment."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2026, 11, 20, 10, 11, 12))
            info.extra, info.comment, info.create_system = extra, comment.encode(), 3
            archive.writestr(info, content)
        archive.comment = comment.encode()
    return out.getvalue()


def _extra(photo: bytes) -> bytes:
    unix = b"ux\x0b\0\x01\4" + (1000).to_bytes(4, "little") + b"\4" + (1000).to_bytes(4, "little")
    path = b"up" + (5 + len(MARKER)).to_bytes(2, "little") + b"\1" + bytes(4) + MARKER.encode()
    times = b"\x0a\0\x20\0" + bytes(4) + b"\1\0\x18\0" + b"\1" * 24
    return zipped({f"{MARKER}/a.txt": f"{SHOWN}\n{HINDI}", "b.jpg": photo}, extra=unix + path + times, comment=MARKER)


def _prefixed(photo: bytes) -> bytes:
    return b"MZ\x90\0" + MARKER.encode() + bytes(200) + zipped({"a.jpg": photo})


def _gap(photo: bytes) -> bytes:
    """Return a ZIP file with data of a deleted member, which its directory no longer lists."""
    gone, kept = zipped({f"{MARKER}.txt": MARKER}), zipped({"a.txt": f"{SHOWN}\n{HINDI}", "b.jpg": photo})
    return kept[:4] + kept[4:] if not gone else _shifted(gone, kept)


def _shifted(gone: bytes, kept: bytes) -> bytes:
    lost = gone[: gone.index(b"PK\1\2")]
    out = io.BytesIO(lost)
    with zipfile.ZipFile(io.BytesIO(kept)) as old:
        out.seek(0, 2)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            for name in old.namelist():
                archive.writestr(name, old.read(name))
    return out.getvalue()


def _nested(photo: bytes) -> bytes:
    inner = zipped({f"{MARKER}.jpg": photo, "a.txt": f"{SHOWN}\n{HINDI}"}, comment=MARKER)
    return zipped(
        {
            "x/inner.zip": zipped({f"{MARKER}.zip": inner}),
            "__MACOSX/._a": b"\0\5\x16\7" + MARKER.encode(),
            "desktop.ini": f"[.ShellClassInfo]\r\nLocalizedResourceName={MARKER}\r\n",
        }
    )


def _epub(photo: bytes) -> bytes:
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f"<?xml version='1.0'?><container>{MARKER}</container>",
            "OEBPS/content.opf": f"<?xml version='1.0'?><package><creator>{MARKER}</creator></package>",
            "OEBPS/a.xhtml": _EPUB_PAGE,
            "OEBPS/cover.jpg": photo,
        }
    )


def _kmz(photo: bytes) -> bytes:
    return zipped({"doc.kml": f"<?xml version='1.0'?><kml><name>{MARKER}</name></kml>", "files/a.jpg": photo})


def _jar(photo: bytes) -> bytes:
    return zipped({"META-INF/MANIFEST.MF": f"Manifest-Version: 1.0\nBuilt-By: {MARKER}\n", "res/a.jpg": photo})


def _pages_app(photo: bytes) -> bytes:
    return zipped(
        {
            "preview.jpg": photo,
            "Index/Document.iwa": f"\0\1{MARKER}",
            "Metadata/Properties.plist": f"bplist00\0{MARKER}",
        }
    )


def _xps(photo: bytes) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": "<?xml version='1.0'?><Types/>",
            "docProps/core.xml": f"<?xml version='1.0'?><a>{MARKER}</a>",
            "Resources/a.jpg": photo,
            "Documents/1/Pages/1.fpage": f"<FixedPage><Glyphs UnicodeString='{MARKER}'/></FixedPage>",
        }
    )


def _tar(photo: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(f"{MARKER}.jpg")
        info.size, info.uname, info.gname = len(photo), MARKER, MARKER
        archive.addfile(info, io.BytesIO(photo))
    return out.getvalue()


def _gz(photo: bytes) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(f"{MARKER}.jpg", "wb", fileobj=out, mtime=0) as file:
        file.write(photo)
    return out.getvalue()


def _sealed(magic: bytes) -> Callable[[bytes], bytes]:
    return lambda photo: magic + MARKER.encode() + photo


def _mail(photo: bytes, text: str = f"{SHOWN}\n{HINDI}\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{MARKER} <{MARKER}@example.in>", "sp@example.in", SHOWN
    mail["Received"], mail["X-Originating-IP"] = f"from {MARKER}", "49.36.1.2"
    mail.set_content(text)
    mail.add_attachment(photo, maintype="image", subtype="jpeg", filename=f"{MARKER}.jpg")
    return mail


def _forwarded(photo: bytes) -> bytes:
    outer = _mail(
        photo,
        (
            f"{SHOWN}\n{HINDI}\n\n---------- Forwarded message ---------\nFrom: {MARKER} "
            f"<{MARKER}@example.in>\nTo: x <x@example.in>\n\nwords\n\nOn Mon, 30 Nov 2026 {MARKER} "
            f"<{MARKER}@example.in> wrote:\n> words\n"
        ),
    )
    outer.add_attachment(_mail(photo))
    return outer.as_bytes()


def _attached(photo: bytes) -> bytes:
    mail = _mail(photo)
    mail.add_attachment(_nested(photo), maintype="application", subtype="zip", filename=f"{MARKER}.zip")
    mail.add_attachment(
        b"BEGIN:VCALENDAR\nORGANIZER:" + MARKER.encode(), maintype="text", subtype="calendar", filename="a.ics"
    )
    return mail.as_bytes()


def _web_page(photo: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Snapshot-Content-Location"] = "<Saved by Blink>", f"https://example.in/{MARKER}"
    mail["Subject"] = "page"
    mail.set_content(_HTML, subtype="html")
    mail.add_related(photo, maintype="image", subtype="jpeg", cid=f"<{MARKER}>")
    return mail.as_bytes()


def _telegram(_: bytes) -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>Exported Data</title></head><body><!-- {MARKER} --><div "
        f'class="message" id="m1" title="{MARKER}"><div class="text">{SHOWN}</div><div '
        f'class="text">{HINDI}</div></div><script>{MARKER}</script></body></html>'
    ).encode()


def _saved(_: bytes) -> bytes:
    return (
        f"<!DOCTYPE html>\n<!-- saved from url=(0042)https://example.in/{MARKER} -->\n<html><head>"
        f"<base href='{MARKER}'></head><body data-user='{MARKER}'><p>{SHOWN}</p><p>{HINDI}</p><img "
        f"src='data:image/png;base64,{MARKER}' alt='{MARKER}'><template>{MARKER}</template><details>"
        "<summary>x</summary>y</details></body></html>"
    ).encode()


ARCHIVES: Mapping[str, Callable[[bytes], bytes]] = {
    "zip-extra": _extra,
    "zip-prefixed": _prefixed,
    "zip-gap": _gap,
    "zip-nested": _nested,
    "epub": _epub,
    "kmz": _kmz,
    "jar": _jar,
    "pages": _pages_app,
    "xps": _xps,
    "tar": _tar,
    "gz": _gz,
    "7z": _sealed(b"7z\xbc\xaf\x27\x1c"),
    "rar": _sealed(b"Rar!\x1a\x07\x01\0"),
    "eml-forwarded": _forwarded,
    "eml-attached": _attached,
    "mhtml": _web_page,
    "html-telegram": _telegram,
    "html-saved": _saved,
}
