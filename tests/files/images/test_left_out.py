"""What a picture has besides, and its clean copy does not show, is named: nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.images.heif import HeifScrubber
from satark_files.images.jpeg import JpegScrubber
from satark_files.images.png import PngScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber
from support.evidence.images import encode, photo

JPEG = encode(photo(), "JPEG")
FILM = b"\0\0\0\x18ftypmp42" + bytes(40)


def left_out(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[LeftOut, ...]:
    (folder / "source").write_bytes(data)
    made = scrubber.scrub(folder / "source", folder / "target", limits)
    return made.left_out if isinstance(made, Cleaned) else ()


@pytest.mark.parametrize(
    ("after", "named"),
    [
        (b"", ()),
        (b"trailer", ()),
        (FILM, ("film",)),
        (JPEG, ("pictures",)),
        (JPEG + FILM, ("film", "pictures")),
    ],
)
def test_what_follows_a_jpeg_is_named(after: bytes, named: tuple[LeftOut, ...], tmp_path: Path, limits: Limits) -> None:
    assert left_out(JpegScrubber(), JPEG + after, tmp_path, limits) == named


def test_the_frames_of_an_animated_png_are_named(tmp_path: Path, limits: Limits) -> None:
    animated = encode(photo(), "PNG", save_all=True, append_images=[photo(), photo()], duration=80)
    assert left_out(PngScrubber(), animated, tmp_path, limits) == ("frames",)
    assert left_out(PngScrubber(), encode(photo(), "PNG"), tmp_path, limits) == ()


def test_the_film_of_a_moving_photo_in_heic_is_named(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    data = make("heic").read_bytes()
    assert left_out(HeifScrubber(), data, tmp_path, limits) == ()
    assert left_out(HeifScrubber(), data + b"\0\0\0\x30mpvd" + FILM, tmp_path, limits) == ("film",)


def test_the_further_pictures_of_a_burst_are_named(tmp_path: Path, limits: Limits) -> None:
    burst = encode(photo(), "AVIF", save_all=True, append_images=[photo()])
    assert left_out(HeifScrubber(), burst, tmp_path, limits) == ("pictures",)
    assert left_out(HeifScrubber(), encode(photo(), "AVIF"), tmp_path, limits) == ()
