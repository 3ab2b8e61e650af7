"""HEIC and AVIF become JPEG: what they have besides is named, and one that was cut off is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.images.heif import HeifScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber, Unclean
from support.evidence.images import encode, photo

FILM = b"\0\0\0\x18ftypmp42" + bytes(40)


def left_out(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[LeftOut, ...]:
    (folder / "source").write_bytes(data)
    made = scrubber.scrub(folder / "source", folder / "target", limits)
    return made.left_out if isinstance(made, Cleaned) else ()


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


def test_an_image_that_is_cut_off_is_refused(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    data = make("heic").read_bytes()
    with pytest.raises(Unclean, match="damaged"):
        left_out(HeifScrubber(), data[: data.index(b"mdat") + 400], tmp_path, limits)
