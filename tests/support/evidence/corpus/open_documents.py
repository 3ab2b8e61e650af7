"""OpenDocument files with a marker in names that an author gives: of styles, fonts, sections, slides, cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from support.evidence.documents.package import PROLOG, package
from support.evidence.markers import HINDI, MARKER, SHOWN

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("fo", "xsl-fo-compatible"),
        ("svg", "svg-compatible"), ("presentation", "presentation"), ("style", "style"), ("meta", "meta"),
    )
) + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def open_document(kind: str, body: str, styles: str = "", automatic: str = "", photo: bytes = b"") -> bytes:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    element = {"graphics": "drawing"}.get(kind, kind)
    return package(
        {
            "mimetype": mime,
            "content.xml": (
                f"{PROLOG}<office:document-content {_SPACES} office:version='1.3'>"
                f"<office:automatic-styles>{automatic}</office:automatic-styles><office:body>"
                f"<office:{element}>{body}</office:{element}></office:body></office:document-content>"
            ),
            "styles.xml": (
                f"{PROLOG}<office:document-styles {_SPACES} office:version='1.3'>"
                f"<office:styles>{styles}</office:styles></office:document-styles>"
            ),
            "meta.xml": f"<x>{MARKER}</x>",
            "layout-cache": MARKER,
            "Configurations2/accelerator/current.xml": MARKER,
            **({"Pictures/a.jpg": photo} if photo else {}),
            "META-INF/manifest.xml": (
                "<m:manifest xmlns:m='urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'><m:file-entry "
                f"m:full-path='/' m:media-type='{mime}'/></m:manifest>"
            ),
        }
    )


def _odt_styles(_: bytes) -> bytes:
    styles = (
        f"<style:style style:name='{MARKER}_20_notes' style:display-name='{MARKER} notes' "
        "style:family='paragraph' style:parent-style-name='Standard' "
        f"style:next-style-name='{MARKER}_20_notes'/>"
    )
    automatic = f"<style:style style:name='P1' style:family='paragraph' style:parent-style-name='{MARKER}_20_notes'/>"
    return open_document(
        "text",
        f"<text:p text:style-name='P1'>{SHOWN} {HINDI}</text:p><text:p text:style-name='{MARKER}_20_notes'>x</text:p>",
        styles,
        automatic,
    )


def _odt_fields(_: bytes) -> bytes:
    body = (
        f"<text:user-field-decls><text:user-field-decl text:name='{MARKER}' "
        f"office:string-value='{MARKER}' office:value-type='string'/></text:user-field-decls>"
        f"<text:variable-decls><text:variable-decl text:name='{MARKER}' office:value-type='string'/>"
        "</text:variable-decls>"
        f"<text:table-of-content text:name='{MARKER}'><text:table-of-content-source/>"
        "<text:index-body/></text:table-of-content>"
        f"<table:table table:name='{MARKER}'><table:table-row><table:table-cell><text:p>{SHOWN} "
        f"{HINDI}</text:p></table:table-cell></table:table-row></table:table>"
        f"<text:section text:name='{MARKER}' text:display='none'><text:p>x</text:p></text:section>"
    )
    return open_document("text", body)


def _odt_fonts(_: bytes) -> bytes:
    automatic = (
        "<style:style style:name='P1' style:family='paragraph'><style:text-properties "
        f"style:font-name='{MARKER} Hand' fo:font-family='{MARKER} Hand'/></style:style>"
    )
    return open_document("text", f"<text:p text:style-name='P1'>{SHOWN} {HINDI}</text:p>", "", automatic)


def _odt_hidden(_: bytes) -> bytes:
    hidden = "<style:text-properties text:display='none'/></style:style>"
    styles = "".join(
        f"<style:style style:name='{n}' style:family='{f}'>{hidden}" for n, f in (("T1", "text"), ("P1", "paragraph"))
    )
    words = f"<text:p>{SHOWN} <text:span text:style-name='T1'>{MARKER}</text:span>{HINDI}</text:p>"
    return open_document("text", f"{words}<text:p text:style-name='P1'>{MARKER}</text:p>", "", styles)


def _odp_names(_: bytes) -> bytes:
    body = (
        f"<presentation:footer-decl presentation:name='{MARKER}'>x</presentation:footer-decl>"
        f"<draw:page draw:name='{MARKER}'><draw:g draw:name='{MARKER}'><draw:rect "
        f"draw:name='{MARKER}'/></draw:g><draw:frame><draw:text-box><text:p>{SHOWN} {HINDI}</text:p>"
        "</draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box>"
        "<text:p>note</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
        f"<presentation:settings><presentation:show presentation:name='{MARKER}' "
        f"presentation:pages='{MARKER}'/></presentation:settings>"
    )
    return open_document("presentation", body)


def _ods_names(_: bytes) -> bytes:
    body = (
        f"<table:table table:name='S'><table:table-row><table:table-cell><text:p>{SHOWN} "
        f"{HINDI}</text:p></table:table-cell></table:table-row></table:table>"
        f"<table:named-expressions><table:named-range table:name='{MARKER}' "
        "table:cell-range-address='$S.$A$1'/></table:named-expressions><table:database-ranges>"
        f"<table:database-range table:name='{MARKER}'/></table:database-ranges>"
    )
    return open_document("spreadsheet", body)


def odt_clipped(photo: bytes) -> bytes:
    automatic = (
        "<style:style style:name='fr1' style:family='graphic'><style:graphic-properties "
        "fo:clip='rect(0cm, 1cm, 0cm, 1cm)'/></style:style>"
    )
    return open_document(
        "text",
        (
            f"<text:p>{SHOWN} {HINDI}<draw:frame draw:style-name='fr1'><draw:image "
            "xlink:href='Pictures/a.jpg'/></draw:frame></text:p>"
        ),
        "",
        automatic,
        photo,
    )


def _odg(photo: bytes) -> bytes:
    return open_document(
        "graphics",
        (
            f"<draw:page draw:name='{MARKER}'><draw:frame><draw:text-box><text:p>{SHOWN} "
            f"{HINDI}</text:p></draw:text-box></draw:frame><draw:frame><draw:image "
            "xlink:href='Pictures/a.jpg'/></draw:frame></draw:page>"
        ),
        photo=photo,
    )


OPEN_DOCUMENTS: Mapping[str, Callable[[bytes], bytes]] = {
    "odt-styles": _odt_styles, "odt-fields": _odt_fields, "odt-hidden": _odt_hidden, "odt-fonts": _odt_fonts,
    "odp-names": _odp_names, "ods-names": _ods_names, "odt-clipped": odt_clipped, "odg": _odg,
}  # fmt: skip
"""Kind → what makes a file of it, given a photo to embed."""
