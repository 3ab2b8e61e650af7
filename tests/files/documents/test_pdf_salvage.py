"""Of a PDF that was cut off the complete pages are shown, with how many of them that are, and nothing of its writer."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from fpdf import FPDF
from pikepdf import ObjectStreamMode, Pdf

from satark_files.documents.pdf import PdfScrubber
from satark_files.documents.pdf_rendering import count_pages
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from support.evidence.documents import unpacked
from support.evidence.markers import MARKER, MARKER_BYTES, SHOWN


def document(**options: object) -> bytes:
    """Return a document of ten pages, packed as asked."""
    written, packed = FPDF(), io.BytesIO()
    written.set_author(MARKER)
    for number in range(10):
        written.add_page()
        written.set_font("helvetica", size=20)
        written.multi_cell(0, 10, f"page {number} " * 100)
    with Pdf.open(io.BytesIO(bytes(written.output()))) as pdf:
        pdf.save(packed, **options)  # type: ignore[arg-type]
    return packed.getvalue()


def scrub(data: bytes, folder: Path, limits: Limits) -> Cleaned:
    (folder / "in.pdf").write_bytes(data)
    made = PdfScrubber().scrub(folder / "in.pdf", folder / "out.pdf", limits)
    assert isinstance(made, Cleaned)
    assert MARKER_BYTES not in unpacked((folder / "out.pdf").read_bytes())
    return made


@pytest.mark.slow("damages files")
@pytest.mark.parametrize("mode", [ObjectStreamMode.disable, ObjectStreamMode.generate])
@pytest.mark.parametrize("part", [0.5, 0.9, 0.98])
def test_complete_pages_are_shown_and_their_percentage_is_reported(
    mode: pikepdf.ObjectStreamMode, part: float, tmp_path: Path, limits: Limits
) -> None:
    data = document(object_stream_mode=mode)
    made = scrub(data[: int(len(data) * part)], tmp_path, limits)
    pages = count_pages(tmp_path / "out.pdf")
    assert 1 <= pages <= 10
    assert 10 <= made.readable < 100


@pytest.mark.parametrize("name", ["pdf", "pdf-grown"])
def test_the_text_of_a_cut_specimen_stays(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    data = make(name).read_bytes()
    assert scrub(data[: len(data) * 9 // 10], tmp_path, limits).readable < 100
    assert SHOWN.encode() in unpacked((tmp_path / "out.pdf").read_bytes())


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(900), b"%PDF-1.4\n1 0 obj<</Type/Page"])
def test_a_file_without_a_complete_page_is_refused(data: bytes, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        scrub(data, tmp_path, limits)
