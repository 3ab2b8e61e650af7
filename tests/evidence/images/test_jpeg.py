"""Odd, hostile and broken JPEG, at the level of its segments."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.evidence.images import jpeg
from satark.limits import Limits
from satark.scrubber import Unclean
from satark.testing.evidence.images import encode, photo
from satark.testing.evidence.markers import MARKER_BYTES

JPEG = encode(photo(), "JPEG")


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    assert jpeg.strip_metadata(JPEG[:2] + b"\xff\xff\xff" + JPEG[2:]) == jpeg.strip_metadata(JPEG)


def test_restart_markers_are_kept() -> None:
    data = encode(photo(), "JPEG", restart_marker_blocks=1)
    assert b"\xff\xd0" in data
    assert b"\xff\xd0" in jpeg.strip_metadata(data)


def test_a_second_image_after_the_first_is_removed() -> None:
    assert jpeg.strip_metadata(JPEG + JPEG) == jpeg.strip_metadata(JPEG)


def test_adobe_flags_are_cleared() -> None:
    data = encode(photo("CMYK"), "JPEG")
    at = data.index(b"Adobe") + 7
    assert b"\xab\xcd\xef\x01" not in jpeg.strip_metadata(data[:at] + b"\xab\xcd\xef\x01" + data[at + 4 :])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        JPEG[:-2],
        JPEG[:100],
        JPEG[2:],
        JPEG[:2] + b"\xff\xe0\0\1" + JPEG[4:],
        JPEG[:2] + b"\xff\xff",
        JPEG[:2] + b"\0\0" + JPEG[4:],
    ],
)
def test_a_broken_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        jpeg.strip_metadata(data)


def test_a_jpeg_that_cannot_be_parsed_is_encoded_again(tmp_path: Path, limits: Limits) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(JPEG[:-2] + b"\xff\xfe\0\x40" + MARKER_BYTES)  # a comment that claims more than there is
    with pytest.raises(Unclean):
        jpeg.strip_metadata(source.read_bytes())
    assert jpeg.JpegScrubber().scrub(source, target, limits) == "image/jpeg"
    assert MARKER_BYTES not in target.read_bytes()


def test_a_copy_that_could_be_cleaned_further_is_refused(
    tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "strip_metadata", lambda data: data + MARKER_BYTES)
    (tmp_path / "in").write_bytes(JPEG)
    with pytest.raises(Unclean, match="damaged"):
        jpeg.JpegScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
