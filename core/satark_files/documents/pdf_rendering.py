"""Renders the pages of a PDF with PDFium: to compare two files, to rasterize a file, to preview it.

Runs in the sandbox only, since PDFium reads hostile bytes.
"""

import io
import math
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
from pikepdf import Dictionary, Name, Pdf
from PIL import Image, ImageChops, ImageStat

from satark_files.limits import Limits
from satark_files.scrubber import Unclean

DPI = 150
"""Dots per inch of a rasterized page, if the limit on pixels allows that."""
MIN_DPI = 72
"""Smallest number of dots per inch: below it, small print is lost."""
QUALITY = 85
_POINTS = 72
_COMPARED = 160
"""Number of pixels on the longer side of a page that is rendered for comparison."""
_DIFFERENCE = 3.0
"""Largest mean difference (of 255) at which two renderings of a page count as the same."""
_LONGEST = 1500
"""Most pixels on the longer side of a page that is searched for invisible characters."""
_HIDDEN, _FLAT = 2, 2
"""Fewest hidden characters of a page, of every second one; largest difference of the shades in their place."""
_SPOT = 4
"""Number of pixels on the side of a spot that covers a part of a picture."""
_IMAGE = pypdfium2.raw.FPDF_PAGEOBJ_IMAGE
_OVER = {pypdfium2.raw.FPDF_PAGEOBJ_PATH, pypdfium2.raw.FPDF_PAGEOBJ_SHADING, pypdfium2.raw.FPDF_PAGEOBJ_FORM}
_IS_FLAT, _IS_OTHER = [255] * (_FLAT + 1) + [0] * (255 - _FLAT), [0] * 17 + [255] * 239


def count_pages(path: Path) -> int:
    """Count the pages of a PDF.

    Raises:
        Unclean: the file is encrypted, damaged or empty.
    """
    try:
        with pypdfium2.PdfDocument(path) as pdf:
            pages = len(pdf)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Unclean("encrypted" if locked else "damaged") from None
    if not pages:
        raise Unclean("damaged")
    return pages


def compare(one: Path, other: Path, longest: int) -> Image.Image | None:
    """Compare how two PDFs look page by page, in small renderings.

    Returns:
        The first page of the second PDF as `render_first_page` renders it; None: the PDFs do not look the same, or the
        second has invisible text (covered, cut off, outside of a page, in the colour of its paper) or covered pictures.
    """
    with pypdfium2.PdfDocument(one) as a, pypdfium2.PdfDocument(other) as b:
        if len(a) != len(b):
            return None
        a.init_forms()
        first = _rendered_alike(a[0], b[0], longest)
        others = range(1, len(a)) if first else ()
        return first if all(_rendered_alike(a[number], b[number], _COMPARED) for number in others) else None


def _rendered_alike(one: pypdfium2.PdfPage, other: pypdfium2.PdfPage, longest: int) -> Image.Image | None:
    """Render two pages with `longest` pixels on the longer side; return the second if it looks like the first."""
    if any(abs(x - y) > 1 for x, y in zip(one.get_size(), other.get_size(), strict=True)):
        return None
    scale = longest / max(1, *other.get_size())
    rendered = _render(other, scale)
    small = [picture.reduce(longest // _COMPARED) for picture in (_render(one, scale), rendered)]
    difference = ImageChops.difference(*small)
    worst = max(ImageStat.Stat(difference.resize((8, 8), Image.Resampling.BOX)).extrema, key=lambda pair: pair[1])[1]
    alike = max(ImageStat.Stat(difference).mean) <= _DIFFERENCE and worst <= 8 * _DIFFERENCE
    return rendered if alike and not _hides_something(other) else None


def _hides_something(page: pypdfium2.PdfPage) -> bool:
    """Whether a page has invisible text, or a spot over a picture. Removes all but the pictures from the page."""
    drawn = list(page.get_objects(max_depth=1))
    kinds = {one.type for one in drawn}
    if kinds <= {_IMAGE}:
        return False
    scale = min(1.0, _LONGEST / max(1, *page.get_size()))
    bitmap = page.render(scale=scale, grayscale=True)
    full, places = bitmap.to_pil(), bitmap.get_posconv(page)
    shades = (full.crop(_place(places, bounds)).getextrema() for bounds in _characters(page))
    if sum(high - low <= _FLAT for low, high in shades) >= _HIDDEN:
        return True
    if _IMAGE not in kinds or not _OVER & kinds:
        return False
    pictures = [one.get_bounds() for one in drawn if one.type == _IMAGE]
    for one in drawn:
        if one.type != _IMAGE:
            page.remove_obj(one)
            one.close()
    spots = ImageChops.difference(full, page.render(scale=scale, grayscale=True).to_pil()).point(_IS_OTHER)
    for shift in ((_SPOT, 0), (0, _SPOT), (_SPOT, _SPOT)):
        spots = ImageChops.darker(spots, ImageChops.difference(full, ImageChops.offset(full, *shift)).point(_IS_FLAT))
    return any(spots.crop(_place(places, bounds)).histogram()[-1] > _SPOT * _SPOT for bounds in pictures)


def _characters(page: pypdfium2.PdfPage) -> Iterator[tuple[float, ...]]:
    """Yield the bounds of every second visible character."""
    text = page.get_textpage()
    for number in range(0, text.count_chars(), 2):
        left, bottom, right, top = text.get_charbox(number)
        blank = chr(pypdfium2.raw.FPDFText_GetUnicode(text, number)).isspace()
        if right > left and top > bottom and not blank:
            yield left, bottom, right, top
    text.close()


def _place(places: pypdfium2.PdfPosConv, bounds: tuple[float, ...]) -> tuple[int, int, int, int]:
    xs, ys = zip(places.to_bitmap(*bounds[:2]), places.to_bitmap(*bounds[2:]), strict=True)
    return min(xs) - 1, min(ys) - 1, max(xs) + 2, max(ys) + 2


def _render(page: pypdfium2.PdfPage, scale: float) -> Image.Image:
    image: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    return image


def rasterize(source: Path, target: Path, limits: Limits) -> None:
    """Write a PDF that consists of images of the pages of another.

    Raises:
        Unclean: a page can't be rendered, or the images would be over the limit on pixels.
    """
    with Pdf.new() as new:
        for picture, size in _page_images(source, limits):
            _add(new, picture, size)
        new.save(target, deterministic_id=True)


def _page_images(source: Path, limits: Limits) -> Iterator[tuple[Image.Image, tuple[float, float]]]:
    try:
        with pypdfium2.PdfDocument(source) as pdf:
            pdf.init_forms()
            sizes = [pdf.get_page_size(number) for number in range(len(pdf))]
            scale = _scale(sizes, limits)
            for number, size in enumerate(sizes):
                yield _render(pdf[number], scale), size
    except pypdfium2.PdfiumError:
        raise Unclean("damaged") from None


def _scale(sizes: list[tuple[float, float]], limits: Limits) -> float:
    area = sum(width * height for width, height in sizes)
    scale = min(DPI / _POINTS, math.sqrt(limits.pixels / max(1.0, area)))
    if scale < MIN_DPI / _POINTS:
        raise Unclean("too-many-pixels")
    return scale


def _add(new: Pdf, picture: Image.Image, size: tuple[float, float]) -> None:
    coded = io.BytesIO()
    picture.save(coded, "JPEG", quality=QUALITY)
    image = new.make_stream(
        coded.getvalue(), Type=Name.XObject, Subtype=Name.Image, Width=picture.width, Height=picture.height,
        ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    page = new.add_blank_page(page_size=size)
    page.Resources = Dictionary(XObject=Dictionary(P=image))
    page.Contents = new.make_stream(f"q {size[0]:.4f} 0 0 {size[1]:.4f} 0 0 cm /P Do Q".encode())


def render_first_page(path: Path, longest: int) -> Image.Image:
    """Render the first page, with `longest` pixels on its longer side.

    Raises:
        Unclean: the page can't be rendered.
    """
    try:
        with pypdfium2.PdfDocument(path) as pdf:
            page = pdf[0]
            return _render(page, longest / max(1, *page.get_size()))
    except pypdfium2.PdfiumError:
        raise Unclean("damaged") from None
