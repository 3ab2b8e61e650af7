"""HEIC and AVIF become JPEG: what they have besides is named, and of one that was cut off what can be read is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.images.heif import HeifScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber
from satark_files.scrubbers import builtin_scrubbers
from satark_files.sniff import sniff_file
from support.evidence.images import encode, photo
from support.evidence.markers import MARKER_BYTES

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


@pytest.mark.parametrize("missing", [900, 600])
def test_a_part_of_a_cut_heic_image_is_shown(
    missing: int, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    data = make("heic").read_bytes()
    assert salvaged(data[: data.index(b"mdat") + 1280 - missing], tmp_path, limits).readable < 100
