"""OpenDocument specimens as LibreOffice writes them."""

from __future__ import annotations

from support.evidence.documents.package import PROLOG, package
from support.evidence.markers import HINDI, MARKER, SHOWN

OPEN = "application/vnd.oasis.opendocument."
"""Prefix of the MIME types of these formats."""

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("meta", "meta"),
        ("svg", "svg-compatible"), ("presentation", "presentation"), ("style", "style"),
    )
) + (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"'
)  # fmt: skip


def make_open_document(kind: str, _: str, photo: bytes) -> bytes:
    """Make a specimen; `kind` is its extension."""
    body, name = {"odt": ("text", "text"), "ods": ("spreadsheet", "spreadsheet"), "odp": ("presentation",) * 2}[kind]
    mime = f"{OPEN}{name}"
    remark = (
        f"<office:annotation><dc:creator>{MARKER}-creator</dc:creator><dc:date>2026-11-20T10:11:12</dc:date>"
        f"<meta:creator-initials>{MARKER}</meta:creator-initials><text:p>a remark</text:p></office:annotation>"
    )
    paragraph = (
        f"<text:p loext:rsid='{MARKER}'>{SHOWN} {HINDI}{remark}<text:author-name>{MARKER}</text:author-name>"
        f"<text:a xlink:href='file:///home/{MARKER}/x.odt'>see</text:a></text:p>"
    )
    frame = (
        f"<draw:frame draw:name='{MARKER}.jpg'><draw:image xlink:href='Pictures/{MARKER}.jpg'/>"
        f"<svg:desc>{MARKER}</svg:desc></draw:frame>"
    )
    struck = (
        "<text:tracked-changes><text:changed-region text:id='c1'><text:deletion><office:change-info>"
        f"<dc:creator>{MARKER}</dc:creator><dc:date>2026-11-20T10:11:12</dc:date></office:change-info>"
        "<text:p>struck out</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    )
    inside = {
        "odt": f"{struck}{paragraph}<text:p><text:change text:change-id='c1'/>{frame}</text:p>",
        "ods": f"<table:table table:name='S'><table:table-row><table:table-cell>{paragraph}{frame}</table:table-cell>"
        f"<table:table-cell table:formula='of:=CELL(&quot;filename&quot;)' office:value-type='string' "
        f"office:string-value='{MARKER}'><text:p>{MARKER}-where</text:p></table:table-cell>"
        "</table:table-row></table:table>",
        "odp": f"<draw:page><draw:frame><draw:text-box>{paragraph}</draw:text-box></draw:frame>{frame}</draw:page>",
    }[kind]
    return package(
        {
            "mimetype": mime,
            "content.xml": f"{PROLOG}<office:document-content {_SPACES} office:version='1.3'><office:scripts/>"
            f"<office:body><office:{body}>{inside}</office:{body}></office:body></office:document-content>",
            "styles.xml": f"{PROLOG}<!-- {MARKER} --><office:document-styles {_SPACES} office:version='1.3'/>",
            "meta.xml": f"{PROLOG}<office:document-meta {_SPACES}><office:meta><meta:initial-creator>{MARKER}"
            "</meta:initial-creator></office:meta></office:document-meta>",
            "settings.xml": f"{PROLOG}<office:document-settings {_SPACES}><office:settings>{MARKER}-printer"
            "</office:settings></office:document-settings>",
            "Thumbnails/thumbnail.png": photo,
            "Basic/Standard/Module1.xml": f"<x>{MARKER}-macro</x>",
            f"Pictures/{MARKER}.jpg": photo,
            "META-INF/manifest.xml": f"<m:manifest xmlns:m='urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'>"
            f"<m:file-entry m:full-path='/' m:media-type='{mime}'/></m:manifest>",
        }
    )
