"""What can be read of a damaged image is shown, with how much of it that is, and nothing of its metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from satark_files.images.jpeg import JpegScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from satark_files.scrubbers import builtin_scrubbers
from satark_files.sniff import sniff_file
from support.evidence.images import encode, exif, photo
from support.evidence.markers import MARKER_BYTES

LARGE = photo(size=(640, 480))
JPEG = encode(LARGE, "JPEG", exif=exif(1), comment=MARKER_BYTES)
PROGRESSIVE = encode(LARGE, "JPEG", exif=exif(1), comment=MARKER_BYTES, progressive=True)
GIF, BMP = encode(LARGE, "GIF", comment=MARKER_BYTES), encode(LARGE, "BMP")
BMP_CUT = BMP[: len(BMP) * 6 // 10]
"""Its rows come from the bottom."""
PNG = encode(LARGE, "PNG", exif=exif(1))


def salvaged(data: bytes, folder: Path, limits: Limits) -> Cleaned:
    source = folder / "source"
    source.write_bytes(data)
    scrubber = next(one for one in builtin_scrubbers() if sniff_file(source) in one.mimes)
    mime = scrubber.scrub(source, folder / "target", limits)
    copy = (folder / "target").read_bytes()
    assert sniff_file(folder / "target") == mime
    assert MARKER_BYTES not in copy
    assert b"Exif" not in copy
    return mime if isinstance(mime, Cleaned) else Cleaned(mime)


@pytest.mark.parametrize(
    ("data", "low", "high"),
    [
        (JPEG[: len(JPEG) // 2], 40, 70),
        (JPEG[: len(JPEG) * 9 // 10], 80, 95),
        (PROGRESSIVE[: len(PROGRESSIVE) // 2], 10, 90),
        (PNG[: len(PNG) // 2], 40, 60),
        (GIF[: len(GIF) * 6 // 10], 40, 80),
        (BMP_CUT, 50, 70),
        (PNG[:-40] + bytes(20) + PNG[-20:], 80, 99),
    ],
    ids=["half", "nine tenths", "progressive", "png", "gif", "bmp", "png with a wrong checksum"],
)
def test_the_readable_part_is_shown_with_its_percentage(
    data: bytes, low: int, high: int, tmp_path: Path, limits: Limits
) -> None:
    assert low <= salvaged(data, tmp_path, limits).readable <= high
    with Image.open(tmp_path / "target") as copy:
        assert copy.size == LARGE.size
        top = (0, 300, 640, 400) if data is BMP_CUT else (0, 0, 640, 100)
        difference = ImageChops.difference(copy.convert("RGB").crop(top), LARGE.crop(top))
        assert difference.convert("L").resize((1, 1)).getpixel((0, 0)) < 40  # type: ignore[operator]


@pytest.mark.parametrize(("size", "low", "high"), [(674, 100, 100), (500, 10, 99)], ids=["whole", "cut"])
def test_a_progressive_image_in_arithmetic_coding_is_shown(
    size: int, low: int, high: int, tmp_path: Path, limits: Limits
) -> None:
    data = (Path(__file__).parent / "arithmetic-progressive.jpg").read_bytes()
    assert low <= salvaged(data[:size], tmp_path, limits).readable <= high


def test_a_jpeg_that_lacks_only_its_end_is_cleaned_without_loss(tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "source").write_bytes(JPEG)
    JpegScrubber().scrub(tmp_path / "source", tmp_path / "complete", limits)
    complete = (tmp_path / "complete").read_bytes()
    for cut in (1, 2):
        assert salvaged(JPEG[:-cut], tmp_path, limits).readable == 100
        assert (tmp_path / "target").read_bytes() == complete


@pytest.mark.parametrize("lost", [1, 2], ids=["half of its end", "its end"])
@pytest.mark.parametrize("data", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])
def test_foreign_bytes_after_a_truncated_image_are_not_kept(
    data: bytes, lost: int, tmp_path: Path, limits: Limits
) -> None:
    film = b"\0\0\0\x18ftypmp42" + MARKER_BYTES
    assert salvaged(data[:-lost] + film, tmp_path, limits).readable >= 90
    with Image.open(tmp_path / "target") as copy:
        assert copy.size == LARGE.size


@pytest.mark.parametrize("size", [(300, 5), (4, 4), (1, 300)])
def test_a_narrow_image_is_cleaned(size: tuple[int, int], tmp_path: Path, limits: Limits) -> None:
    assert salvaged(encode(photo(size=(300, 300)).resize(size), "JPEG"), tmp_path, limits).readable == 100


@pytest.mark.parametrize("data", [JPEG[:200], JPEG[:700], PNG[:60], PROGRESSIVE[:300]])
def test_an_unreadable_image_is_refused(data: bytes, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        salvaged(data, tmp_path, limits)
