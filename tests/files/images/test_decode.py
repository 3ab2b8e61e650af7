"""The orientation, the one Exif field that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from satark_files.images.decode import UPRIGHT, orientation_exif, read_orientation
from satark_files.images.jpeg import JpegScrubber
from satark_files.images.reencode import TiffScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from support.evidence.images import encode, exif, photo
from support.evidence.markers import MARKER_BYTES


@pytest.mark.parametrize("turned", range(1, 9))
def test_an_orientation_can_be_read_back(turned: int) -> None:
    assert read_orientation(orientation_exif(turned)) == turned


@pytest.mark.parametrize("block", [b"", b"MM\0*", b"nonsense", orientation_exif(9), orientation_exif(0)])
def test_an_invalid_orientation_counts_as_upright(block: bytes) -> None:
    assert read_orientation(block) == UPRIGHT


LARGE = photo(size=(640, 480))
JPEG = encode(LARGE, "JPEG", exif=exif(1), comment=MARKER_BYTES)


@pytest.mark.slow("large images")
def test_a_photo_may_have_more_pixels_than_another_image_and_a_fax_is_no_decompression_bomb(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(JPEG)
    few = Limits(pixels=1000)
    assert JpegScrubber().scrub(tmp_path / "source", tmp_path / "target", few) == "image/jpeg"
    with pytest.raises(Unclean, match="too-many-pixels"):
        JpegScrubber().scrub(tmp_path / "source", tmp_path / "target", Limits(pixels=1000, photo_pixels=1000))
    pages = [Image.new("1", (1728, 2200), 1) for _ in range(12)]
    pages[0].save(tmp_path / "fax", "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    assert TiffScrubber().scrub(tmp_path / "fax", tmp_path / "copy", Limits()) == "image/tiff"
