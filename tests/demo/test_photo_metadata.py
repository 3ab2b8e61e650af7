"""Identifying metadata of photos, in the samples and in broken files."""

from __future__ import annotations

import pytest

from satark_demo import samples
from satark_demo.photo_metadata import identifying_metadata


def test_the_sample_photos_identify_their_owner() -> None:
    for name in samples.names():
        assert identifying_metadata(samples.photograph(name)) == (
            "GPS 25.28917, 83.00694",
            "DT-9 of Ramesh",
            "Ramesh, Assi",
            "2026:11:20 22:41:07",
            "SN-4471-0925",
        )


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe1\x00\x08Exif\x00\x00", b"plain"])
def test_a_broken_picture_has_no_metadata(data: bytes) -> None:
    assert identifying_metadata(data) == ()
