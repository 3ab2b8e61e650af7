"""The orientation, the one Exif field that is kept."""

from __future__ import annotations

import pytest

from satark_files.images.decode import UPRIGHT, orientation_exif, read_orientation


@pytest.mark.parametrize("turned", range(1, 9))
def test_an_orientation_can_be_read_back(turned: int) -> None:
    assert read_orientation(orientation_exif(turned)) == turned


@pytest.mark.parametrize("block", [b"", b"MM\0*", b"nonsense", orientation_exif(9), orientation_exif(0)])
def test_an_invalid_orientation_counts_as_upright(block: bytes) -> None:
    assert read_orientation(block) == UPRIGHT
