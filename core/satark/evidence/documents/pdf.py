"""PDF: what its pages show is carried into a new file; where that can't be vouched for, pictures of the pages are.

Layout: ISO 32000-2. Of a page only what draws it passes, by a list of the keys that drawing needs (`KEPT`): never its
annotations (what they show is drawn into the page first), scripts, attachments, metadata, names, or earlier states of
the file. Content streams are written anew without comments and marked content. The copy must show what the original
shows, or it is not believed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pikepdf
from pikepdf import Dictionary, Name, Pdf, Stream

from satark.evidence.documents import pdf_rendering
from satark.evidence.images import jpeg
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from satark.limits import Limits

PAGE = frozenset({"/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group"})
KEPT = frozenset(
    "/" + key
    for key in """
        Type Parent Length Subtype
        Resources Font XObject ExtGState ColorSpace Pattern Shading Width Height BitsPerComponent Decode
        DecodeParms Filter Interpolate ImageMask Mask SMask Intent Matte FormType BBox Matrix Group S I K CS BaseFont
        FirstChar LastChar Widths FontDescriptor Encoding ToUnicode DescendantFonts CIDSystemInfo DW W DW2 W2
        CIDToGIDMap FontBBox FontMatrix CharProcs Registry Ordering Supplement BaseEncoding Differences FontName Flags
        ItalicAngle Ascent Descent Leading CapHeight XHeight StemV StemH AvgWidth MaxWidth MissingWidth FontFile
        FontFile2 FontFile3 CharSet CIDSet Length1 Length2 Length3 WMode CMapName UseCMap LW LC LJ ML D RI OP op OPM FL
        SM SA BM CA ca AIS TK BG BG2 UCR UCR2 TR TR2 HT G BC N Alternate Range Colorants Process MixingHints WhitePoint
        BlackPoint Gamma PatternType PaintType TilingType XStep YStep ShadingType Background AntiAlias Coords Domain
        Function Extend FunctionType C0 C1 Functions Bounds Encode Size BitsPerSample Order BitsPerCoordinate
        BitsPerFlag VerticesPerRow Predictor Colors Columns EarlyChange Rows BlackIs1 EncodedByteAlign EndOfLine
        EndOfBlock DamagedRowsBeforeError ColorTransform MediaBox CropBox Rotate UserUnit Contents
    """.split()  # noqa: SIM905 - readable, where a list would go on for pages
)
"""The keys of dictionaries that drawing a page may need."""
NAMING = frozenset({"/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/CharProcs"})
"""Dictionaries whose keys are names that content streams call their entries by."""
_MARKS = frozenset({"BMC", "BDC", "EMC", "MP", "DP"})
_PARTS = {
    "/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4, "/CalGray": 1, "/CalRGB": 3, "/Lab": 3, "/Indexed": 1
}  # fmt: skip
"""Samples of a pixel in each colour space."""
_PLAIN = {1: Name.DeviceGray, 3: Name.DeviceRGB, 4: Name.DeviceCMYK}
"""Colour space by the number of its parts."""
_OF_A_PROFILE, _CALCULATOR, _HEAD = 2, 4, 4096
# A PostScript remark, outside of strings (PostScript Language Reference, section 3.2.1).
_REMARK = re.compile(rb"(\((?:[^()\\]|\\.)*\))|%[^\r\n]*", re.DOTALL)
_MAP_NAME = re.compile(rb"/CMapName\s*/[^\s/<>()\[\]{}%]+")
_OPAQUE = frozenset({"/JPXDecode", "/JBIG2Decode", "/Crypt"})
"""Codings with room for words of their own, which nothing here reads."""
_RAISES = (pikepdf.PdfError, ValueError, TypeError, KeyError, IndexError, RuntimeError, AttributeError, OSError)


class _Unvouched(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The structure holds something that this can't vouch for."""


class PdfScrubber:
    """Cleans PDF."""

    mimes = frozenset({"application/pdf"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        count = pdf_rendering.count_pages(source, limits)
        try:
            seen = target.with_name(f"{target.name}.seen")
            _carry_over(source, seen, target, count)
            vouched = pdf_rendering.look_the_same(seen, target)
        except (_Unvouched, *_RAISES):
            vouched = False
        if not vouched:
            target.unlink(missing_ok=True)
            pdf_rendering.rasterize(source, target, limits)
        return "application/pdf"


def _carry_over(source: Path, seen_as: Path, target: Path, count: int) -> None:
    """Write the clean copy, and before it the original as it is seen: without the signs of remarks."""
    with Pdf.open(source) as old, Pdf.new() as new:
        if "/OCProperties" in old.Root or "/XFA" in old.Root.get("/AcroForm", {}) or len(old.pages) != count:
            raise _Unvouched
        old.generate_appearance_streams()
        for page in old.pages:
            _drop_signs(page)
        old.save(seen_as, fix_metadata_version=False)
        old.flatten_annotations(mode="all")
        seen: set[tuple[int, int]] = set()
        for page in old.pages:
            for key in set(page.obj.keys()) - PAGE:
                del page.obj[key]
            page.obj.Contents = old.make_stream(_unmarked(page))
            new.pages.append(page)
            _prune(new.pages[-1].obj, seen)
        for obj in new.objects:
            if isinstance(obj, Stream):
                _clean_stream(obj)
        new.remove_unreferenced_resources()
        new.save(
            target,
            deterministic_id=True,
            fix_metadata_version=False,
            recompress_flate=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        )


def _drop_signs(page: pikepdf.Page) -> None:
    """Take off what a viewer shows by a sign of its own: a remark, a file attached, a field without a picture."""
    signs = page.obj.get("/Annots")
    if signs is not None:
        page.obj.Annots = pikepdf.Array([sign for sign in list(signs) if "/AP" in sign])


def _prune(obj: pikepdf.Object, seen: set[tuple[int, int]]) -> None:
    """Take every key that drawing does not need out of what a page refers to, at any depth."""
    waiting = [(obj, False)]
    while waiting:
        part, naming = waiting.pop()
        if isinstance(part, pikepdf.Array):
            _drop_profile(part)
            waiting += [(item, False) for item in part]
            continue
        if not isinstance(part, Dictionary | Stream) or (part.is_indirect and part.objgen in seen):
            continue
        seen.add(part.objgen)
        if not naming:
            for key in set(part.keys()) - KEPT:
                del part[key]
        inner = part if isinstance(part, Dictionary) else part.stream_dict
        for glyph in inner.get("/CharProcs", {}).values():
            glyph.write(_unmarked(glyph))
        waiting += [(value, not naming and key in NAMING) for key, value in inner.items() if key != "/Parent"]


def _drop_profile(space: pikepdf.Array) -> None:
    """Make a colour space that a profile defines a plain one: the profile of a screen or printer may name it."""
    if len(space) == _OF_A_PROFILE and space[0] == Name.ICCBased:
        plain = _PLAIN.get(int(space[1].N))
        if plain is None or space[1].get("/Alternate", plain) != plain:
            raise _Unvouched
        space[0] = plain
        del space[1]


def _clean_stream(stream: Stream) -> None:
    filters = stream.get("/Filter", pikepdf.Array())
    used = {str(one) for one in (filters if isinstance(filters, pikepdf.Array) else [filters])}
    subtype = stream.get("/Subtype")
    if used & _OPAQUE or subtype == Name.PS or "/F" in stream:
        raise _Unvouched
    if "/DCTDecode" in used:
        _clean_photo(stream, alone=used == {"/DCTDecode"})
    elif stream.get("/FunctionType") == _CALCULATOR or _is_map(stream):
        stream.write(_MAP_NAME.sub(b"/CMapName /Map", _REMARK.sub(lambda found: found[1] or b"", stream.read_bytes())))
    elif subtype == Name.Form or stream.get("/PatternType") == 1:
        stream.write(_unmarked(stream))
    elif "/Width" in stream and "/Height" in stream:
        _cut_to_size(stream)


def _clean_photo(stream: Stream, *, alone: bool) -> None:
    if not alone:
        raise _Unvouched
    try:
        clean = jpeg.strip_metadata(stream.read_raw_bytes())
    except Unclean:
        raise _Unvouched from None
    stream.write(clean, filter=Name.DCTDecode)


def _is_map(stream: Stream) -> bool:
    """Whether it says which letters the codes of a font are."""
    return "/CMapName" in stream or ("/Width" not in stream and b"begincmap" in stream.read_bytes()[:_HEAD])


def _cut_to_size(stream: Stream) -> None:
    """Leave behind what follows the last row of a picture that is stored as plain samples."""
    space = stream.get("/ColorSpace", Name.DeviceGray)
    kind = str(space[0] if isinstance(space, pikepdf.Array) else space)
    parts = _PARTS.get(kind)
    if parts is None or stream.get("/Filter") not in (None, Name.FlateDecode):
        return
    bits = 1 if stream.get("/ImageMask", False) else int(stream.get("/BitsPerComponent", 8))
    rows = -(-int(stream.Width) * parts * bits // 8) * int(stream.Height)
    samples = stream.read_bytes()
    if len(samples) > rows:
        stream.write(samples[:rows])


def _unmarked(drawn: pikepdf.Object | pikepdf.Page) -> bytes:
    """A content stream without comments, and without the marks that say what its parts are."""
    kept = []
    for instruction in pikepdf.parse_content_stream(drawn):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            if set(instruction.iimage.filters) & {"/DCTDecode", "/DCT"}:
                raise _Unvouched
        elif str(instruction.operator) in _MARKS:
            continue
        kept.append(instruction)
    return pikepdf.unparse_content_stream(kept)
