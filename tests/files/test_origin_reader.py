"""The place and time of a file are read from its metadata."""

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.origin import Origin, parse_origin
from satark_files.origin_reader import OriginReader
from satark_files.scrubber import Unclean
from support.evidence.markers import LATITUDE


@pytest.mark.parametrize("name", ["jpg", "png", "webp", "avif", "heic"])
def test_the_place_of_an_image_is_read(name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    OriginReader().scrub(make(name), tmp_path / "out", limits)
    found = parse_origin((tmp_path / "out").read_bytes())
    assert found is not None
    assert found.latitude == pytest.approx(LATITUDE, abs=1e-4)
    assert found.longitude == pytest.approx(82.97389, abs=1e-4)
    assert found.taken == ""


@pytest.mark.parametrize("name", ["mp4", "mov"])
def test_the_place_and_time_of_a_video_are_read(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    OriginReader().scrub(make(name), tmp_path / "out", limits)
    assert parse_origin((tmp_path / "out").read_bytes()) == Origin(
        latitude=25.3176, longitude=82.9739, taken="2026-11-20T10:11"
    )


@pytest.mark.parametrize("name", ["gif", "png-cut", "avi"])
def test_a_file_without_place_and_time_has_no_origin(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    source = make(name.partition("-")[0])
    if name.endswith("cut"):
        (tmp_path / "cut").write_bytes(source.read_bytes()[:300])
        source = tmp_path / "cut"
    with pytest.raises(Unclean):
        OriginReader().scrub(source, tmp_path / "out", limits)
