"""The orientation, the one Exif field that is kept."""

from __future__ import annotations

import pytest

from satark_files.images import orientation


@pytest.mark.parametrize("turned", range(1, 9))
def test_an_orientation_can_be_read_back(turned: int) -> None:
    assert orientation.read_orientation(orientation.orientation_exif(turned)) == turned


@pytest.mark.parametrize(
    "block", [b"", b"MM\0*", b"nonsense", orientation.orientation_exif(9), orientation.orientation_exif(0)]
)
def test_an_invalid_orientation_counts_as_upright(block: bytes) -> None:
    assert orientation.read_orientation(block) == orientation.UPRIGHT
