"""Cleans PDF: rebuilds the file from its visible content, or rasterizes the pages if that can't be verified.

Layout: ISO 32000-2. Only the keys of a page that rendering needs (`ALLOWED_KEYS`) are copied: no scripts, attachments,
metadata, names or earlier revisions of the file, and no annotations (their appearance is drawn into the page first).
Content streams are written again without comments and marked content. Images of the pages replace a copy that does not
look like the original, or that may hold more than is visible: covered or cut-off parts, fonts of unknown names.
"""

import re
from pathlib import Path

import pikepdf
from pikepdf import Dictionary, Name, Pdf, Stream

from satark_files.documents import pdf_rendering
from satark_files.documents.typefaces import is_public
from satark_files.images import jpeg
from satark_files.images.decode import LONGEST, leave_reduced
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean

PAGE_KEYS = frozenset({"/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group"})
ALLOWED_KEYS = frozenset(
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
"""The dictionary keys that rendering a page may need."""
NAME_DICTIONARIES = frozenset({"/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/CharProcs"})
"""Dictionaries whose keys are names that content streams refer to."""
_NAMING = frozenset({"Do", "Tf", "gs", "cs", "CS", "scn", "SCN", "sh"})
"""Operators that name a resource."""
_PLAIN_NAME = re.compile(r"/[A-Z][A-Za-z]{0,2}\d{0,5}")
_STANDARD_NAMES = frozenset(
    f"/{name}"
    for name in "DeviceGray DeviceRGB DeviceCMYK Pattern DefaultGray DefaultRGB DefaultCMYK CalGray CalRGB Lab".split()  # noqa: SIM905 - a list of names
)
"""Names of colour spaces that have a meaning of their own."""
_MIXED_INK = re.compile(rb"/(?!(?:All|None|Cyan|Magenta|Yellow|Black)\b)")
_MARKS = frozenset({"BMC", "BDC", "EMC", "MP", "DP"})
_SAMPLES = {
    "/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4, "/CalGray": 1, "/CalRGB": 3, "/Lab": 3, "/Indexed": 1
}  # fmt: skip
"""Colour space → number of samples in a pixel."""
_PLAIN = {1: Name.DeviceGray, 3: Name.DeviceRGB, 4: Name.DeviceCMYK}
"""Number of samples in a pixel → plain colour space."""
_OF_A_PROFILE, _CALCULATOR, _HEAD = 2, 4, 4096
# A PostScript comment outside of strings (PostScript Language Reference, section 3.2.1).
_COMMENT = re.compile(rb"(\((?:[^()\\]|\\.)*\))|%[^\r\n]*", re.DOTALL)
_CMAP_NAME = re.compile(rb"/CMapName\s*/[^\s/<>()\[\]{}%]+")
_UNREADABLE = frozenset({"/JPXDecode", "/JBIG2Decode", "/Crypt"})
"""Filters whose data can hold metadata that this module can't read."""
_RAISES = (pikepdf.PdfError, ValueError, TypeError, KeyError, IndexError, RuntimeError, AttributeError, OSError)


class _Unverifiable(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file holds something that can't be cleaned without rasterizing."""


class PdfScrubber:
    mimes = frozenset({"application/pdf"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        pages = pdf_rendering.count_pages(source)
        count = min(pages, limits.pages)
        if count < pages:
            source = _first_pages(source, target, count)
        try:
            reference = target.with_name(f"{target.name}.reference")
            _rebuild(source, reference, target, count)
            first_page = pdf_rendering.compare(reference, target, LONGEST)
        except (_Unverifiable, *_RAISES):
            first_page = None
        if first_page is None:
            target.unlink(missing_ok=True)
            pdf_rendering.rasterize(source, target, limits)
        else:
            leave_reduced(first_page, target)
        return Cleaned("application/pdf", left_out=("pages",) if count < pages else ())


def _first_pages(source: Path, target: Path, count: int) -> Path:
    """Write only the first pages of a document: only these are cleaned.

    Raises:
        Unclean: the document can't be rewritten.
    """
    first = target.with_name(f"{target.name}.first")
    try:
        with Pdf.open(source) as old:
            del old.pages[count:]
            old.save(first)
    except _RAISES:
        raise Unclean("too-many-pages") from None
    return first


def _rebuild(source: Path, reference: Path, target: Path, count: int) -> None:
    """Write the clean copy, and a reference to compare it with: the original without the icons of annotations."""
    with Pdf.open(source) as old, Pdf.new() as new:
        layered = "/OCProperties" in old.Root or "/XFA" in old.Root.get("/AcroForm", {})
        if layered or len(old.pages) != count or any(map(_is_cropped, old.pages)):
            raise _Unverifiable
        old.generate_appearance_streams()
        for page in old.pages:
            _remove_icons(page)
        old.save(reference, fix_metadata_version=False)
        old.flatten_annotations(mode="all")
        seen: set[tuple[int, int]] = set()
        names = _ResourceNames()
        for page in old.pages:
            for key in set(page.obj.keys()) - PAGE_KEYS:
                del page.obj[key]
            page.obj.Contents = old.make_stream(_bare_content(page, names))
            new.pages.append(page)
            _prune(new.pages[-1].obj, seen, names)
        for obj in new.objects:
            if isinstance(obj, Stream):
                _clean_stream(obj, names)
        new.remove_unreferenced_resources()
        new.save(
            target,
            deterministic_id=True,
            fix_metadata_version=False,
            recompress_flate=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        )


def _is_cropped(page: pikepdf.Page) -> bool:
    return any(abs(float(a) - float(b)) > 1 for a, b in zip(page.cropbox, page.mediabox, strict=True))


def _remove_icons(page: pikepdf.Page) -> None:
    """Remove annotations without an appearance, which viewers show as icons of their own: comments, attached files."""
    annotations = page.obj.get("/Annots")
    if annotations is not None:
        page.obj.Annots = pikepdf.Array([one for one in list(annotations) if "/AP" in one])


class _ResourceNames:
    """Gives a document's resources new names, since some programs write their own name, or the user's, into them."""

    def __init__(self) -> None:
        self._new: dict[str, str] = {}

    def new(self, name: str) -> str:
        """Return a resource's name in the clean copy, with its slash."""
        if name in _STANDARD_NAMES or _PLAIN_NAME.fullmatch(name):
            return name
        return self._new.setdefault(name, f"/Zz{len(self._new)}")

    def rename_keys(self, resources: pikepdf.Object) -> None:
        for key in list(resources.keys()):
            if (new := self.new(key)) != key:
                resources[new] = resources[key]
                del resources[key]


def _prune(obj: pikepdf.Object, seen: set[tuple[int, int]], names: _ResourceNames) -> None:
    """Remove every key that rendering does not need from a page's objects, at any depth."""
    waiting = [(obj, "")]
    while waiting:
        part, naming = waiting.pop()
        if isinstance(part, pikepdf.Array):
            _remove_profile(part)
            waiting += [(item, "") for item in part]
            continue
        if not isinstance(part, Dictionary | Stream) or (part.is_indirect and part.objgen in seen):
            continue
        seen.add(part.objgen)
        if not all(is_public(str(part[key])) for key in ("/BaseFont", "/FontName") if key in part and not naming):
            raise _Unverifiable
        if not naming:
            for key in set(part.keys()) - ALLOWED_KEYS:
                del part[key]
        elif naming != "/CharProcs":
            names.rename_keys(part)
        inner = part if isinstance(part, Dictionary) else part.stream_dict
        for glyph in inner.get("/CharProcs", {}).values():
            glyph.write(_bare_content(glyph, names))
        waiting += [
            (value, key if not naming and key in NAME_DICTIONARIES else "")
            for key, value in inner.items()
            if key != "/Parent"
        ]


def _remove_profile(space: pikepdf.Array) -> None:
    """Replace a colour space that has a profile, which can name the screen or printer; refuse named inks."""
    if str(next(iter(space), "")) in {"/Separation", "/DeviceN"} and _MIXED_INK.search(space[1].unparse()):
        raise _Unverifiable
    if len(space) == _OF_A_PROFILE and space[0] == Name.ICCBased:
        plain = _PLAIN.get(int(space[1].N))
        if plain is None or space[1].get("/Alternate", plain) != plain:
            raise _Unverifiable
        space[0] = plain
        del space[1]


def _clean_stream(stream: Stream, names: _ResourceNames) -> None:
    filters = stream.get("/Filter", pikepdf.Array())
    used = {str(one) for one in (filters if isinstance(filters, pikepdf.Array) else [filters])}
    subtype = stream.get("/Subtype")
    if used & _UNREADABLE or subtype == Name.PS or "/F" in stream:
        raise _Unverifiable
    if "/DCTDecode" in used:
        _clean_jpeg(stream, alone=used == {"/DCTDecode"})
    elif stream.get("/FunctionType") == _CALCULATOR or _is_cmap(stream):
        stream.write(
            _CMAP_NAME.sub(b"/CMapName /Map", _COMMENT.sub(lambda found: found[1] or b"", stream.read_bytes()))
        )
    elif subtype == Name.Form or stream.get("/PatternType") == 1:
        stream.write(_bare_content(stream, names))
    elif "/Width" in stream and "/Height" in stream:
        _trim_samples(stream)


def _clean_jpeg(stream: Stream, *, alone: bool) -> None:
    if not alone:
        raise _Unverifiable
    try:
        clean = jpeg.strip_metadata(stream.read_raw_bytes())
    except Unclean:
        raise _Unverifiable from None
    stream.write(clean, filter=Name.DCTDecode)


def _is_cmap(stream: Stream) -> bool:
    """Whether a stream is a CMap, which maps the codes of a font to characters."""
    return "/CMapName" in stream or ("/Width" not in stream and b"begincmap" in stream.read_bytes()[:_HEAD])


def _trim_samples(stream: Stream) -> None:
    """Remove the bytes after the last row of an image that is stored as plain samples."""
    space = stream.get("/ColorSpace", Name.DeviceGray)
    kind = str(space[0] if isinstance(space, pikepdf.Array) else space)
    parts = _SAMPLES.get(kind)
    if parts is None or stream.get("/Filter") not in (None, Name.FlateDecode):
        return
    bits = 1 if stream.get("/ImageMask", False) else int(stream.get("/BitsPerComponent", 8))
    rows = -(-int(stream.Width) * parts * bits // 8) * int(stream.Height)
    samples = stream.read_bytes()
    if len(samples) > rows:
        stream.write(samples[:rows])


def _bare_content(drawn: pikepdf.Object | pikepdf.Page, names: _ResourceNames) -> bytes:
    """Return a content stream without comments and marked-content operators, with the new names of its resources."""
    kept: list[pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage] = []
    for instruction in pikepdf.parse_content_stream(drawn):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            unknown = set(instruction.iimage.obj.keys()) - ALLOWED_KEYS
            if unknown or set(instruction.iimage.filters) & {"/DCTDecode", "/DCT"}:
                raise _Unverifiable
            kept.append(instruction)
        elif str(instruction.operator) in _NAMING:
            operands = [Name(names.new(str(one))) if isinstance(one, Name) else one for one in instruction.operands]
            kept.append(pikepdf.ContentStreamInstruction(operands, instruction.operator))
        elif str(instruction.operator) not in _MARKS:
            kept.append(instruction)
    return pikepdf.unparse_content_stream(kept)
