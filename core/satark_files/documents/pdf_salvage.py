"""Recovers the pages of a PDF that was cut off or damaged: every page object that is complete becomes a page again.

The file's index and its list of pages stand at its end, which is lost. qpdf finds the objects by reading all of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pikepdf
from pikepdf import Dictionary, Name, Pdf

from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NUMBER: Final = re.compile(rb"(\d{1,7}) \d{1,5} obj")
_OURS: Final = "/NoPageOfTheFile"
_A4: Final = (0, 0, 595, 842)
_RAISES: Final = (pikepdf.PdfError, ValueError, TypeError, KeyError, IndexError, RuntimeError, AttributeError, OSError)


def recover_pages(source: Path, target: Path) -> int:
    """Write the pages that can be recovered to `target`, and return their share of all pages in percent, at most 99.

    It returns 99, too, if the file no longer says how many pages it had.

    Raises:
        Unclean: no page can be recovered (`damaged`).
    """
    data = source.read_bytes()
    ended = target.with_name(f"{target.name}.ended")
    for unpack in (False, True):
        data += _unpacked(ended) if unpack else b"\nendstream endobj\n"
        ended.write_bytes(data + _ending(data))
        if percent := _recover(ended, target):
            return percent
    raise Unclean("damaged")


def _ending(data: bytes) -> bytes:
    """Return a catalogue with a page of our own, which qpdf needs to open a file. Its objects have unused numbers."""
    free = max((int(found[1]) for found in _NUMBER.finditer(data)), default=0) + 1
    objects = (
        b"<</Type/Catalog/Pages %d 0 R>>" % (free + 1),
        b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (free + 2),
        b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]%s true>>" % (free + 1, _OURS.encode()),
    )
    written = b"".join(b"%d 0 obj%s\nendobj\n" % (free + number, one) for number, one in enumerate(objects))
    return written + b"trailer<</Root %d 0 R/Size %d>>\nstartxref\n0\n%%%%EOF\n" % (free, free + len(objects))


def _recover(ended: Path, target: Path) -> int:
    try:
        with Pdf.open(ended) as old, Pdf.new() as new:
            for page in _pages(old):
                new.pages.append(pikepdf.Page(page))
            found, declared = len(new.pages), _declared(old)
            new.save(target)
    except _RAISES:
        return 0
    return max(1, min(99, 100 * found // max(1, declared))) if found else 0


def _unpacked(ended: Path) -> bytes:
    """Return, one by one, the objects that the file holds packed into streams (ISO 32000-1, section 7.5.7)."""
    found: list[bytes] = []
    try:
        with Pdf.open(ended) as old:
            for one in old.objects:
                if isinstance(one, pikepdf.Stream) and one.get("/Type") == Name.ObjStm:
                    found += _unpack(one.read_bytes(), int(one.First))
    except _RAISES:
        pass
    return b"".join(found)


def _unpack(data: bytes, first: int) -> Iterator[bytes]:
    numbers = [int(number) for number in data[:first].split()]
    places = [*numbers[1::2], len(data)]
    for number, begin, end in zip(numbers[::2], places, places[1:], strict=False):
        yield b"\n%d 0 obj %s endobj" % (number, data[first + begin : first + end])


def _declared(pdf: Pdf) -> int:
    """Return how many pages the file says that it has, or 0 if it does not say."""
    trees = (one for one in pdf.objects if isinstance(one, Dictionary) and one.get("/Type") == Name.Pages)
    return max((_number(tree.get("/Count")) for tree in trees), default=0)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _pages(pdf: Pdf) -> list[Dictionary]:
    """Return the page objects in the order of the file, each with a size."""
    found = [
        one for one in pdf.objects if isinstance(one, Dictionary) and one.get("/Type") == Name.Page and _OURS not in one
    ]
    for page in found:
        inherited = page.get("/Parent", Dictionary())
        for key, otherwise in (("/MediaBox", pikepdf.Array(_A4)), ("/Resources", Dictionary())):
            if key not in page:
                page[key] = inherited.get(key, otherwise) if isinstance(inherited, Dictionary) else otherwise
        if "/Parent" in page:
            del page["/Parent"]
    return found
